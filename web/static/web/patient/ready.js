/** Pages for who is identified and has a key on this device; others are led to it first. */
import * as keys from "../base/keys.js";
import { start } from "../base/page.js";
import { session } from "../base/session.js";

/** As `start`, for a patient who is known by name and can sign here. */
export function startKnown(render) {
  start(async (main) => {
    const by = session();
    if (!by.identified || !(await keys.of(by.account))) return goTo("/patient/identify");
    return render(main);
  });
}

/** Go to another page; this one never ends loading. */
export function goTo(path) {
  location.replace(path);
  return new Promise(() => {});
}
