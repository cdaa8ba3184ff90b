/** Receipts kept on this phone, checked here, with or without a network; and own entries, to keep more. */
import { Problem, each } from "../base/api.js";
import { button, cell, fill, group, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { attempt, empty, start, toast } from "../base/page.js";
import { session } from "../base/session.js";
import { keepPages } from "../base/worker.js";
import { _ } from "../base/words.js";
import { hex } from "/static/ledger/ed25519.js";
import { concat, encodeUtf8, hash, parseNote, parseStatement } from "/static/ledger/forms.js";
import { KINDS } from "/static/ledger/words.js";
import * as proofs from "../base/proofs.js";
import * as vault from "../base/vault.js";

const AT_ONCE = 20;

start(async (main) => {
  const own = h("div", {}), entries = h("div", {}), policy = h("div", {});
  fill(main, h("p", { class: "weui-cells__title" }, _("凭证保存在本机，断网也能核验，不依赖医院的服务器。")), own, entries, policy);
  await showKept(own);
  await showEntries(entries, () => showKept(own));
  await Promise.all([attempt(() => proofs.sayPolicy(policy))(), keepPages()]);
}, { anybody: true });

async function showKept(place) {
  const found = await vault.all();
  const checks = found.map(kept);
  fill(place, found.length ? group(_("本机保存的凭证（%(number)s）", { number: found.length }), checks.map(({ row }) => row)) : empty(_("本机还没有保存凭证。")));
  for (const one of checks) await one.check();
}

function kept(one) {
  const mark = h("span", { class: "mark", role: "status" }, _("… 核验中"));
  const row = cell(_(KINDS[one.kind] || one.kind), { desc: moment(one.at), value: mark, href: `/patient/receipt#${one.leaf}` });
  return { row, check: () => verdict(one, mark) };
}

async function verdict(one, mark) {
  let fault = null;
  try {
    await proofs.checked(one.file, one.leaf);
  } catch (thrown) {
    fault = proofs.reason(thrown);
    if (!fault) throw thrown;
  }
  fill(mark, fault ? `✗ ${_("无效")}` : `✓ ${_("有效")}`);
  Object.assign(mark, { className: `mark ${fault ? "bad" : "good"}` }).dataset.mark = fault ? "bad" : "good";
}

/** Entries about the caller, the newest first, each to be kept; nothing where nobody can be asked. */
async function showEntries(place, changed) {
  if (session()?.role !== "patient" || session().guardianship) return;
  const known = new Set((await vault.all()).map((one) => one.leaf)), found = [];
  try {
    for await (const one of each("/api/me/entries", "entries", { size: 100 })) found.unshift(one);
  } catch (fault) {
    if (fault instanceof Problem && ["offline", "body.invalid", "identity.missing"].includes(fault.code)) return;
    throw fault;
  }
  const wanted = found.filter((one) => one.kind !== "record.view" && !known.has(leafOf(one)));
  if (!wanted.length) return;
  const cells = h("div", { class: "weui-cells" }), more = h("div", { class: "more" });
  const keepAll = attempt(async () => {
    for (const one of wanted) await vault.save(leafOf(one));
    toast(_("已全部保存到本机。"));
    fill(place);
    await changed();
  });
  fill(place, h("section", { class: "weui-cells__group" }, h("h2", { class: "weui-cells__title" }, _("账本中关于我的记录")),
    h("div", { class: "bar" }, button(_("全部保存到本机（%(number)s）", { number: wanted.length }), keepAll)), cells, more));
  grow(cells, more, wanted, changed);
}

function grow(cells, more, wanted, changed) {
  const page = wanted.slice(0, AT_ONCE), rest = wanted.slice(AT_ONCE);
  cells.append(...page.map((one) => entry(one, changed)));
  fill(more, rest.length ? button(_("更多"), async () => grow(cells, more, rest, changed), { kind: "default" }) : null);
}

function entry(one, changed) {
  const { at } = parseStatement(parseNote(one.note).text), title = _(KINDS[one.kind] || one.kind);
  const keep = button(_("保存"), attempt(async () => {
    await vault.save(leafOf(one));
    row.remove();
    await changed();
  }), { kind: "default", small: true });
  keep.setAttribute("aria-label", _("保存凭证：%(title)s", { title }));
  const row = cell(title, { desc: moment(at), value: keep });
  return row;
}

/** The hash of an entry's leaf: SHA-256(0x00 || note), RFC 6962. */
function leafOf(one) {
  return hex(hash(concat(Uint8Array.of(0), encodeUtf8(one.note))));
}
