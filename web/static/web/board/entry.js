/** Look up the entries about a subject, `#SUBJECT`, and check each one's proof in this page. */
import { button, field, fill, group, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { attempt, empty, start } from "../base/page.js";
import { entriesAbout, mark } from "../base/proofs.js";
import * as statements from "../base/statement.js";
import { _ } from "../base/words.js";

start(async (main) => {
  const asked = decodeURIComponent(location.hash.slice(1));
  const subject = h("input", { name: "subject", value: asked, autocomplete: "off", placeholder: "rx/…" });
  const look = () => { location.hash = subject.value.trim(); };
  subject.addEventListener("keydown", (event) => event.key === "Enter" && look());
  const result = h("div");
  fill(main, group(_("编号"), field(_("对象"), subject, _("例如 rx/…、key/…、recall/…"))), h("div", { class: "bar" }, button(_("查找"), attempt(look))), result);
  if (asked) await show(result, asked);
});

async function show(place, subject) {
  const entries = await entriesAbout(subject);
  const read = await Promise.all(entries.map(opened));
  fill(place, read.length ? read.map(entry) : empty(_("账本中没有这个编号。")));
}

async function opened(one) {
  const read = statements.read(one.note.slice(0, one.note.lastIndexOf("\n\n") + 1));
  return { ...one, read, rows: await statements.rows(read) };
}

function entry({ leaf, note, read, rows }) {
  return h("section", { class: "card" },
    h("h2", {}, `${read.version}. ${statements.title(read)} `, mark(leaf)),
    h("p", { class: "quiet" }, `${moment(read.at)} · ${read.by}`),
    h("details", {}, h("summary", {}, _("内容与签名")),
      h("dl", { class: "facts" }, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
      h("pre", { class: "scroll", tabindex: "0" }, note)));
}
