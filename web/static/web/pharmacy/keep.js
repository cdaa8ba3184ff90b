/** Have the page for giving out offline kept (`worker.js`). Trusted Types let this one address become a script. */
const ADDRESS = "/pharmacy/worker.js", SCOPE = "/pharmacy/";

const policy = window.trustedTypes?.createPolicy("rx", {
  createScriptURL(address) {
    if (address !== ADDRESS) throw new TypeError("no script of ours");
    return address;
  },
});

/** A browser without workers only lacks the page after a reload. */
export async function keepPage() {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register(policy ? policy.createScriptURL(ADDRESS) : ADDRESS, { scope: SCOPE });
  } catch (fault) {
    if (navigator.onLine && fault.name !== "SecurityError") throw fault; // private windows have no workers
  }
}
