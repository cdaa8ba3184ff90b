/**
 * Signed commands: the statement is drawn, shown in words made from its own bytes, signed by the key on
 * this device, sent. What went stale in between is drawn and shown again.
 */
import { Problem, post, write } from "./api.js";
import { fill, h } from "./dom.js";
import * as keys from "./keys.js";
import { session } from "./session.js";
import * as statements from "./statement.js";
import { _ } from "./words.js";

const OUTDATED = ["statement.stale", "statement.expired"];
const TRIES = 3;

/** The person did not sign. */
export class NotSigned extends Error {}

/** The server drew something else than what this page asked for: nothing was signed. */
export class OtherStatement extends Error {}

/**
 * Draw at `path`/statement with `body`, show, sign, send to `path`; the server's answer.
 *
 * `kind` (or several) is what the statement must be. `rows` are `[name, value]` texts of this page to
 * show first; `yes` is what the button says. `ask: false` signs without asking: only for what binds
 * nobody, as a look at a list.
 */
export async function command(path, body, { kind, rows = [], ask = true, yes } = {}) {
  const key = await keys.of(session().account);
  if (!key) throw new Problem(403, { code: "key.none", title: "no key on this device" });
  for (let left = TRIES; ; left--) {
    const drawn = await post(`${path}/statement`, { ...body, key: key.name });
    const texts = [drawn.statement, ...(drawn.more || [])];
    const read = texts.map(statements.read);
    check(read, key, kind);
    if (ask) await confirmed(read, rows, yes);
    const [note, ...more] = await Promise.all(texts.map((text) => keys.sign(key, text)));
    try {
      return await write(path, { ...body, note, ...(more.length ? { more } : {}) });
    } catch (problem) {
      if (left <= 1 || !(problem instanceof Problem) || !OUTDATED.includes(problem.code)) throw problem;
    }
  }
}

function check(read, key, kind) {
  const wanted = kind === undefined ? null : [kind].flat();
  for (const one of read) {
    if (one.by !== key.name) throw new OtherStatement(`by ${one.by}`);
    if (wanted && !wanted.includes(one.kind)) throw new OtherStatement(`${one.kind} for ${wanted}`);
  }
}

/** Resolves when the person signs. Raises NotSigned. */
async function confirmed(read, rows, yes = _("签名确认")) {
  const shown = await Promise.all(read.slice(0, 5).map((one) => statements.rows(one)));
  const parts = read.slice(0, 5).map((one, index) => [
    h("h3", {}, statements.title(one)),
    h("dl", { class: "facts" }, [...(index ? [] : rows), ...shown[index]].map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
  ]);
  const further = read.length > 5 ? h("p", {}, _("另有 %(number)s 条同类内容", { number: read.length - 5 })) : null;
  const agreed = await asked(_("请核对后签名"), [parts, further], yes);
  if (!agreed) throw new NotSigned();
}

/** Ask in a sheet from below; whether the person agreed. */
export function asked(title, content, yes, no = _("取消")) {
  const sheet = h("dialog", { class: "sheet", "aria-labelledby": "sheet-title" });
  const end = (value) => () => sheet.close(value);
  fill(sheet,
    h("h2", { id: "sheet-title" }, title),
    h("div", { class: "sheet-body", tabindex: "0" }, content),
    h("div", { class: "sheet-foot" },
      h("button", { type: "button", class: "weui-btn weui-btn_default", onclick: end("") }, no),
      h("button", { type: "button", class: "weui-btn weui-btn_primary", onclick: end("yes") }, yes)));
  document.body.append(sheet);
  sheet.showModal();
  return new Promise((resolve) => {
    sheet.addEventListener("close", () => {
      sheet.remove();
      resolve(sheet.returnValue === "yes");
    });
  });
}
