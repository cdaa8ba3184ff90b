/**
 * Have the patient's pages kept for when there is no network (`patient/worker.js`).
 *
 * Trusted Types lets no text become a script. The page's one policy, `rx`, makes an exception for one
 * address, which no value on any page can change.
 */
const ADDRESS = "/patient/worker.js", SCOPE = "/patient/";

const policy = window.trustedTypes?.createPolicy("rx", {
  createScriptURL(address) {
    if (address !== ADDRESS) throw new TypeError("no script of ours");
    return address;
  },
});

/** Register the worker where the browser has such; a browser without one only lacks the offline pages. */
export async function keepPages() {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register(policy ? policy.createScriptURL(ADDRESS) : ADDRESS, { scope: SCOPE });
  } catch (fault) {
    if (navigator.onLine && fault.name !== "SecurityError") throw fault; // private windows have no workers
  }
}
