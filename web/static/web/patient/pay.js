/** The own share of a prescription, `#ID`, by WeChat Pay; whether it came the server says, not the phone. */
import { get, write } from "../base/api.js";
import { button, fill, h } from "../base/dom.js";
import { moment, yuan } from "../base/format.js";
import { attempt, fragment, toast } from "../base/page.js";
import { organisations } from "../base/statement.js";
import { _ } from "../base/words.js";
import { shares } from "./pharmacies.js";
import { cameBack, cashier } from "./phone.js";
import { entries } from "./proof.js";
import { goTo, startKnown } from "./ready.js";
import "./states.js";

const WAIT_MS = 60_000, PAUSE_MS = 1_000;
const returned = cameBack();

startKnown(async (main) => {
  const [id] = fragment();
  if (!id) return goTo("/patient/");
  const [bill, known] = await Promise.all([get(`/api/prescriptions/${id}/bill`), organisations()]);
  if (await isPaid(id)) return goOn(id);
  if (returned || !bill.patient_fen) return waited(main, id);
  return fill(main, shown(bill, known), h("div", { class: "bar" }, button(_("微信支付 %(own)s", { own: yuan(bill.patient_fen) }), attempt(() => pay(main, id)))));
});

function shown(bill, known) {
  return h("section", { class: "card pay" },
    h("p", {}, _("您要付")),
    h("p", { class: "big-sum" }, yuan(bill.patient_fen)),
    bill.patient_fen < bill.total_fen ? h("p", { class: "rx-about" }, _("总价 %(total)s，其余由医保和保险直接付给药房。", { total: yuan(bill.total_fen) })) : null,
    shares(bill, known));
}

async function pay(main, id) {
  const order = await write(`/api/prescriptions/${id}/pay`, {});
  const signed = await get(`/api/payments/${order.out_trade_no}/parameters`);
  toast(_("请在 %(at)s 前付款。", { at: moment(order.expires_at) }));
  if (await cashier(signed)) await waited(main, id);
}

/** Until WeChat has told the server. Entries are asked, whose reading is no look at the content. */
async function waited(main, id) {
  fill(main, h("div", { class: "state", role: "status", "data-state": "paying" }, h("i", { class: "weui-primary-loading", "aria-hidden": "true" }), h("p", {}, _("正在确认付款…"))));
  for (const until = Date.now() + WAIT_MS; Date.now() < until; ) {
    if (await isPaid(id)) return goOn(id);
    await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
  return fill(main, h("div", { class: "state", role: "alert" }, h("p", {}, _("还没有收到付款。如果您已付款，请稍后再看；没有付款可以重新支付。"))),
    h("div", { class: "bar" }, button(_("重新支付"), attempt(() => pay(main, id))), h("a", { class: "weui-btn weui-btn_default", href: `/patient/prescription#${id}` }, _("查看处方"))));
}

async function isPaid(id) {
  const found = await entries(id);
  const paid = found.findLastIndex((one) => one.kind === "insurance.pay");
  return paid >= 0 && paid > found.findLastIndex((one) => ["prescription.authorize", "prescription.agree"].includes(one.kind));
}

function goOn(id) {
  return goTo(`/patient/prescription#${id}`);
}
