/** The bill of a prescription, `#ID`, and the explanation of benefits: who pays which fen, why, and what can be done. */
import { get } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { yuan } from "../base/format.js";
import { fragment, show } from "../base/page.js";
import { organisations } from "../base/statement.js";
import { _ } from "../base/words.js";
import { answers } from "./claims.js";
import { money } from "./money.js";
import { goTo, startKnown } from "./ready.js";

const STATES = { open: "待支付", paid: "已支付", void: "这张账单已作废" };

startKnown(page);

async function page(main) {
  const [id] = fragment();
  if (!id) return goTo("/patient/");
  const [rx, bill, known] = await Promise.all([get(`/api/prescriptions/${id}`), get(`/api/prescriptions/${id}/bill`), organisations()]);
  const told = bill.state === "void" ? null : await get(`/api/prescriptions/${id}/explanation`); // nothing is to be explained of what counts no more
  const again = () => show(page);
  fill(main,
    h("section", { class: "card", "data-bill": bill.state },
      h("p", { class: "rx-about" }, _(STATES[bill.state] || bill.state)),
      sums(told || whole(bill), known)),
    money(bill.payments),
    told ? benefits(told, rx, known, again) : null);
}

/** The sums of a bill as the explanation has them. */
function whole(bill) {
  return { ...bill, payers: Object.entries(bill.payers).map(([payer, share_fen]) => ({ payer, share_fen })) };
}

function benefits(told, rx, known, again) {
  return [
    told.came_back ? h("p", { class: "card" }, _("有药品已退回，以下金额是退药后的。")) : null,
    told.lines.length ? h("h2", { class: "weui-cells__title" }, _("每种药谁付多少")) : null,
    told.lines.map((line) => item(line, rx, known)),
    told.payers.length ? h("h2", { class: "weui-cells__title" }, _("医保和保险的决定")) : null,
    told.payers.map((one) => payer(rx, one, known, again)),
  ];
}

function sums(told, known) {
  const rows = [[_("总价"), told.total_fen], ...told.payers.map((one) => [known.get(one.payer) || one.payer, one.share_fen]), [_("您自付"), told.patient_fen]];
  return h("dl", { class: "facts sums" }, rows.map(([name, fen]) => h("div", {}, h("dt", {}, name), h("dd", {}, yuan(fen)))));
}

/** One medicine: a row for each who pays, with the rule; the sum is its price. */
function item(line, rx, known) {
  const name = rx.lines[line.line]?.generic_name || _("第 %(number)s 种药", { number: line.line });
  const rows = [
    ...line.payers.map((one) => [known.get(one.payer) || one.payer, one.fen, why(one)]),
    [_("您自付"), line.patient_fen, null],
  ];
  return h("section", { class: "card", "data-line": line.line },
    h("h3", {}, name),
    h("p", { class: "rx-about" }, _("%(units)s %(unit)s，%(total)s", { units: line.units, unit: rx.lines[line.line]?.unit || "", total: yuan(line.total_fen) })),
    h("ul", { class: "who-pays" }, rows.map(([who, fen, words]) => h("li", {}, h("span", {}, who), h("strong", {}, yuan(fen)), words ? h("p", { class: "note" }, words) : null))));
}

/** What took something from the payer's share, and what of the rest is not (yet) agreed. */
function why(share) {
  const said = [share.rule === "全额" ? _("全额") : _("扣除：%(rule)s", share)];
  if (share.approved_fen) said.push(_("已同意 %(fen)s", { fen: yuan(share.approved_fen) }));
  if (share.refused_fen) said.push(_("未同意 %(fen)s", { fen: yuan(share.refused_fen) }));
  if (share.waiting_fen) said.push(_("%(fen)s 审核中", { fen: yuan(share.waiting_fen) }));
  return said.join("；");
}

function payer(rx, one, known, again) {
  return h("section", { class: "card", "data-payer": one.payer },
    h("h3", {}, known.get(one.payer) || one.payer),
    h("p", {}, one.zh),
    one.waits_for_a_person ? h("p", { class: "note" }, _("正由专员人工审核。")) : null,
    one.settled && one.approved_fen ? h("p", { class: "good" }, _("已付给药房 ✓")) : null,
    one.entry ? h("a", { href: `/patient/receipt#${one.entry.leaf}` }, _("查看这个决定的凭证")) : null,
    answers(rx, one, known, again));
}
