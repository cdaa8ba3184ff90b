/** What is due, when the payer pays, and what it has paid, with files that entries prove. */
import { get, write } from "../base/api.js";
import { button, cell, field, fill, group, h } from "../base/dom.js";
import { day, moment, yuan } from "../base/format.js";
import { attempt, list, paged, start, toast } from "../base/page.js";
import { entriesAbout, mark } from "../base/proofs.js";
import { organisations } from "../base/statement.js";
import { _ } from "../base/words.js";

const EVERY = { day: _("每天"), week: _("每周"), month: _("每月") };

start(async (main) => {
  const [known, { due }, { terms }] = await Promise.all([organisations(), get("/api/settlements/due"), get("/api/settlements/terms")]);
  const made = h("div");
  fill(main,
    h("div", { class: "columns" },
      h("section", {}, h("h2", { class: "weui-cells__title" }, _("已到期")), list(due, (one) => batch(one, known), _("没有到期未付的。"))),
      schedule(terms)),
    h("h2", { class: "weui-cells__title" }, _("已结算")), made);
  const load = async (cursor) => {
    const page = await get("/api/settlements/made", { cursor, size: 20 });
    return { rows: page.settlements, next: page.next };
  };
  await paged(made, load, (one) => settlement(one, known), _("还没有结算。"));
});

function batch(one, known) {
  return cell(known.get(one.pharmacy) || one.pharmacy, { desc: _("%(claims)s 笔，还剩 %(left)s 笔", one), value: yuan(one.total_fen) });
}

function schedule(terms) {
  const every = h("select", { class: "weui-select" }, Object.entries(EVERY).map(([value, said]) => h("option", { value, selected: terms?.every === value }, said)));
  const number = (value) => h("input", { type: "number", min: "0", value: String(value), inputmode: "numeric" });
  const on = number(terms?.day ?? 1), at = h("input", { type: "time", value: terms?.time ?? "02:00" });
  const minimum = number((terms?.minimum_fen ?? 0) / 100), once = number((terms?.at_once_fen ?? 0) / 100);
  const save = attempt(async () => {
    const fen = (input) => Math.round(Number(input.value) * 100);
    await write("/api/settlements/terms", { every: every.value, day: Number(on.value), time: at.value, minimum_fen: fen(minimum), at_once_fen: fen(once) });
    toast(_("已保存。"));
  });
  return h("div", {},
    group(_("付款安排"), field(_("周期"), every), field(_("周几或几号"), on), field(_("时间"), at), field(_("满多少元才付"), minimum), field(_("多少元以内立即付"), once),
      terms ? cell(_("下一次"), { value: moment(terms.next_at) }) : cell(_("没有安排：批准即到期"))),
    h("div", { class: "bar" }, button(_("保存"), save)));
}

function settlement(one, known) {
  const proof = h("span");
  const check = attempt(async () => fill(proof, (await entriesAbout(one.subject)).map((entry) => mark(entry.leaf))));
  const paid = one.reference ? _("转账凭证号 %(reference)s", one) : _("尚未转账");
  return h("div", { class: "card" },
    h("p", {}, `${known.get(one.pharmacy) || one.pharmacy} · ${day(one.settled_at)} · ${_("%(claims)s 笔", one)} · `, h("strong", {}, yuan(one.total_fen))),
    h("p", {}, paid, " ", proof),
    h("div", { class: "bar" },
      button(_("核验"), check, { kind: "default", small: true }),
      button("CSV", attempt(() => file(one.id, "csv")), { kind: "default", small: true }),
      button("JSON", attempt(() => file(one.id, "json")), { kind: "default", small: true })));
}

async function file(id, form) {
  const { text } = await get(`/api/settlements/${id}/file`, { form });
  const link = h("a", { href: URL.createObjectURL(new Blob([text])), download: `settlement-${id}.${form}` });
  link.click();
  URL.revokeObjectURL(link.href);
}
