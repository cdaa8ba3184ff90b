/**
 * Look up entries and check each one's proof in this page: all about a subject, `#SUBJECT`, or the one at
 * a place of a log, `#index/NUMBER/LOG`.
 */
import { get } from "../base/api.js";
import { button, field, fill, group, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { attempt, empty, fragment, start } from "../base/page.js";
import { learn } from "../base/problems.js";
import { mark } from "../base/proofs.js";
import * as statements from "../base/statement.js";
import { _ } from "../base/words.js";
import { staff } from "./words.js";

const INDEX = /^#?(0|[1-9][0-9]{0,15})$/;

learn({ "entry.bad_page": "序号有误，请填写整数。" });

start(async (main) => {
  const [kind, number, ...log] = fragment(), byIndex = kind === "index" && log.length;
  const [{ logs }, known] = await Promise.all([get("/api/board/health"), statements.organisations()]);
  const asked = byIndex ? number : fragment().join("/");
  const what = h("input", { name: "what", value: asked, autocomplete: "off", placeholder: "rx/… · 123" });
  const where = h("select", { class: "weui-select" }, logs.map((one) => h("option", { value: one.log }, one.log)));
  if (byIndex) where.value = log.join("/");
  const look = () => { location.hash = place(what.value.trim(), where.value); };
  what.addEventListener("keydown", (event) => event.key === "Enter" && look());
  const result = h("div");
  fill(main,
    group("", field(_("对象或序号"), what, _("例如 rx/…、key/…、recall/…，或条目的序号")), field(_("序号所在的账本"), where)),
    h("div", { class: "bar" }, button(_("查找"), attempt(look))), result);
  if (asked) await show(result, byIndex ? { index: number, log: log.join("/") } : { subject: asked }, known);
});

/** What the address says of it; a number is a place in the log that is chosen. */
function place(text, log) {
  const number = INDEX.exec(text)?.[1];
  return number === undefined ? text : `index/${number}/${log}`;
}

async function show(result, asked, known) {
  const { entries } = await get("/api/entries", asked);
  const read = await Promise.all(entries.map((one) => opened(one, known)));
  fill(result, read.length ? read.map((one) => entry(one, known)) : empty(_("账本中没有这个编号。")));
}

async function opened(one, known) {
  const read = statements.read(one.note.slice(0, one.note.lastIndexOf("\n\n") + 1));
  return { ...one, read, rows: await statements.rows(read, known) };
}

function entry({ leaf, kind, index, note, read, rows }, known) {
  const about = [moment(read.at), staff(read.by, known), index === null ? "" : `#${index}`].filter(Boolean);
  return h("section", { class: "card", "data-leaf": leaf, "data-kind": kind },
    h("h2", {}, `${read.version}. ${statements.title(read)} `, mark(leaf)),
    h("p", { class: "quiet" }, about.join(" · ")),
    h("details", {}, h("summary", {}, _("内容与签名")),
      h("dl", { class: "facts" }, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
      h("pre", { class: "scroll", tabindex: "0" }, note)));
}
