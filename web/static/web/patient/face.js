/**
 * Face checks: begun here, looked at by WeChat's camera, asked about at the server, spent by one
 * command. Which one is under way is kept for the tab, since the camera may be another page.
 */
import { get, write } from "../base/api.js";
import { camera } from "./phone.js";

const NAME = "rx.face";

/**
 * Begin a check of this purpose; `claim` is who one is, the first time. `kept` are values that the
 * page wants to see again afterwards. Resolves to true if the camera has looked already; else the
 * page is being left.
 */
export async function begin(purpose, claim = {}, kept = {}) {
  const { id } = await write("/api/me/face-checks", { purpose, ...claim });
  const told = await get(`/api/me/face-checks/${id}/parameters`);
  sessionStorage.setItem(NAME, JSON.stringify({ id, purpose, kept }));
  return camera(told);
}

/**
 * The check of one of these purposes that has passed: `{id, purpose, kept}`; null if there is none under way. Throws
 * `face.not_passed` for one that did not pass, which is then forgotten.
 */
export async function passed(...purposes) {
  const under = JSON.parse(sessionStorage.getItem(NAME));
  if (!under || !purposes.includes(under.purpose)) return null;
  const { state } = await get(`/api/me/face-checks/${under.id}`);
  if (state === "passed") return under;
  forget();
  throw Object.assign(new Error("face"), { code: state === "ended" ? "face.ended" : "face.not_passed" });
}

export function forget() {
  sessionStorage.removeItem(NAME);
}
