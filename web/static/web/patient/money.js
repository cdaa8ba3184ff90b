/** The own money on a bill: what was paid through WeChat, when, and where that is which came back. */
import { h } from "../base/dom.js";
import { moment, yuan } from "../base/format.js";
import { _ } from "../base/words.js";

const CAUSES = { void: "原来的账单已作废", part: "只取了一部分药", return: "药品已退回药房" };
const STATES = {
  due: ["马上退回", "正在通知微信支付，钱会原路退回。"],
  processing: ["正在退回", "微信支付正在处理，一般 1 到 3 个工作日到账。"],
  done: ["已退回 ✓", "已原路退回到微信。"],
  failed: ["没有退成", "微信没能退回这笔钱，工作人员正在处理，您不用操作。"],
};

/** A section, or nothing where nothing was paid. */
export function money(payments) {
  return payments.length ? [h("h2", { class: "weui-cells__title" }, _("您付的钱和退款")), payments.map(paid)] : null;
}

function paid(one) {
  const rows = [
    [one.by_guardian ? _("监护人付款") : _("微信付款"), yuan(one.amount_fen)],
    one.insured_fen ? [_("医保同时付款"), yuan(one.insured_fen)] : null,
    one.paid_at ? [_("付款时间"), moment(one.paid_at)] : null,
  ].filter(Boolean);
  return h("section", { class: "card", "data-payment": one.refunds.length },
    h("dl", { class: "facts" }, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
    one.refunds.map(refund));
}

/** What it is called, how much, why, and what happens now, in words and not by colour alone. */
function refund(one) {
  const [state, next] = STATES[one.state];
  const fund = one.insured_fen ? _("另有 %(fen)s 退回医保。", { fen: yuan(one.insured_fen) }) : "";
  return h("div", { class: "refund", "data-refund": one.state },
    h("p", {}, h("strong", { class: one.state === "failed" ? "bad" : "good" }, _("退款 %(fen)s：%(state)s", { fen: yuan(one.amount_fen), state: _(state) }))),
    h("p", { class: "note" }, _("原因：%(cause)s。", { cause: _(CAUSES[one.cause]) }), " ", _(next), fund,
      one.done_at ? ` ${moment(one.done_at)}` : ""));
}
