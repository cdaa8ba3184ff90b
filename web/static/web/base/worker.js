/**
 * Have an area's pages kept for when there is no network (`AREA/worker.js`).
 *
 * Trusted Types lets no text become a script. The page's one policy, `rx`, makes an exception for the
 * areas' workers, whose addresses no value on any page can change.
 */
const ADDRESSES = { patient: "/patient/worker.js", pharmacy: "/pharmacy/worker.js" };

const policy = window.trustedTypes?.createPolicy("rx", {
  createScriptURL(address) {
    if (!Object.values(ADDRESSES).includes(address)) throw new TypeError("no script of ours");
    return address;
  },
});

/** Register the area's worker where the browser has such; a browser without one only lacks the offline pages. */
export async function keepPages(area = "patient") {
  if (!("serviceWorker" in navigator)) return;
  const address = ADDRESSES[area], scope = `/${area}/`;
  try {
    await navigator.serviceWorker.register(policy ? policy.createScriptURL(address) : address, { scope });
  } catch (fault) {
    if (navigator.onLine && fault.name !== "SecurityError") throw fault; // private windows have no workers
  }
}
