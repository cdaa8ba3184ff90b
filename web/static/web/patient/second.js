/**
 * Another phone beside those that are there. It makes its key and signs its own registration; the text
 * goes by a QR code, or by any message, to a phone that has a key, whose holder shows the face and brings
 * it in. What travels opens nothing: it names a key whose private half stays where it was made.
 */
import { parseNote } from "/static/ledger/forms.js";
import { Problem, get, post, write } from "../base/api.js";
import { h } from "../base/dom.js";
import { withKey } from "../base/enter.js";
import * as keys from "../base/keys.js";
import { change, session } from "../base/session.js";
import * as statements from "../base/statement.js";
import { _ } from "../base/words.js";
import { drawn } from "../qr.js";
import * as phone from "./phone.js";

const FORMAT = "smart-hospital/add-phone/v1", RENEW_MS = 8 * 60_000, PAUSE_MS = 2_000;

/** A new key, shown in `place` as code and text until another phone has brought it in. */
export async function waited(place) {
  const made = await keys.make(), by = session();
  for (let until = 0; place.isConnected; await new Promise((done) => setTimeout(done, PAUSE_MS))) {
    if (Date.now() > until) {
      const { key, text } = await offer(made, by);
      made.kept = key;
      place.replaceChildren(...shown(text, key.name));
      until = Date.now() + RENEW_MS;
    }
    const { keys: known } = await get("/api/keys");
    if (known.some((one) => one.name === made.kept.name && one.state === "active")) return brought(made.kept);
  }
  return false;
}

/** A statement is good for ten minutes; the key stays the same. */
async function offer(made, by) {
  const told = await post("/api/keys/statement", { public_key: made.public });
  const key = { account: by.account, name: told.key, role: by.role, organisation: by.organisation, label: phone.device(), public: made.public, raw: made.raw, handle: made.handle };
  const note = await keys.sign(key, told.statement);
  return { key, text: JSON.stringify([FORMAT, phone.device(), made.public, note]) };
}

function shown(text, name) {
  const copied = h("textarea", { readonly: true, rows: "4", "aria-label": _("给旧手机的文字"), value: text });
  copied.addEventListener("focus", () => copied.select());
  return [
    h("p", {}, _("在旧手机上打开“我的设备”，点“添加另一台手机”，扫这个码。")),
    h("div", { class: "qr", "data-offer": "" }, drawn(text, _("添加这台手机的二维码"))),
    h("p", { class: "note", role: "status" }, _("本机密钥编号：%(name)s。正在等待旧手机…", { name: short(name) })),
    h("details", {}, h("summary", { class: "touch" }, _("扫不了码？把文字发给旧手机")), copied),
  ];
}

async function brought(key) {
  await keys.keep(key);
  change({ key: key.name });
  await withKey(key.account);
  return true;
}

/** `{device, name, public, note}` of a text that another phone has shown. Throws a `Problem`: it is none. */
export function read(text) {
  try {
    const [format, device, publicKey, note] = JSON.parse(text), statement = statements.read(parseNote(note).text);
    if (format === FORMAT && statement.kind === "key.register") return { device, public: publicKey, note, name: statement.by };
  } catch (fault) {
    if (!(fault instanceof SyntaxError || fault instanceof TypeError || fault.code)) throw fault;
  }
  throw new Problem(422, { code: "key.not_offered" });
}

/** Bring the other phone's key in: a face that was seen just now, and a session that this key opens. */
export async function bring(text, faceCheck) {
  const { device, public: publicKey, note } = read(text);
  await withKey(session().account);
  return write("/api/keys", { public_key: publicKey, face_check: faceCheck, device: String(device).slice(0, 30), note });
}

/** The end of a key's name, to be compared on two screens. */
export function short(name) {
  return name.slice(-8);
}
