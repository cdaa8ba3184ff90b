/** Log-in: by the key that lies on this device, by WeChat, or the first time by an enrolment code. */
import { Problem, post, write } from "./api.js";
import * as keys from "./keys.js";
import { keep, session } from "./session.js";

/** A session by the device's key of this account; null if there is none, or it is no key any more. */
export async function withKey(account) {
  const key = await keys.of(account);
  if (!key) return null;
  try {
    const { challenge } = await post("/api/login/challenge", { key: key.name });
    return entered(await post("/api/login/key", { note: await keys.sign(key, challenge) }), key.name);
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.code === "offline") throw problem;
    if (["key.unknown", "key.revoked"].includes(problem.code)) await keys.drop(account);
    return null;
  }
}

/** After a session has ended: another one without asking the person, if the key is here. */
export async function enterAgain() {
  const last = session();
  if (!last?.key) return false;
  keep({ ...last, token: "" }); // what comes next is asked without the old token
  const found = await withKey(last.account);
  if (found && last.guardianship) keep({ ...found, guardianship: last.guardianship });
  return found !== null;
}

/** By WeChat's code: of the mini program, or `via` "h5" of a page that WeChat came back to. */
export async function withWeChat(code, via = "mini_program") {
  return entered(await post("/api/login/wechat", { code, via }));
}

export async function withCode(code) {
  return entered(await post("/api/login/enrolment", { code }));
}

async function entered(found, name) {
  const key = name || (await keys.of(found.account))?.name;
  const kept = { ...found, key };
  keep(kept);
  return kept;
}

/**
 * Make a key on this device and register it for who has just logged in; `more` is what the call for
 * registering takes beside it (`face_check`, `device`). The new key signs its own registration; at
 * "/api/keys/recover" it takes the place of all others, which were lost.
 */
export async function register(label, more = {}, path = "/api/keys") {
  const made = await keys.make();
  const by = session();
  const drawn = await post(`${path}/statement`, { public_key: made.public });
  const key = { account: by.account, name: drawn.key, role: by.role, organisation: by.organisation, label, ...made };
  const note = await keys.sign(key, drawn.statement);
  const done = await write(path, { public_key: made.public, ...more, note });
  await keys.keep(key);
  keep({ ...by, key: key.name });
  return { ...key, active_from: done.active_from };
}
