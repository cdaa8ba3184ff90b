/** A prescription's state in plain words, and what is to be done next; the words of refusals on its way. */
import { moment } from "../base/format.js";
import { learn } from "../base/problems.js";
import { _ } from "../base/words.js";

const STATES = {
  draft: ["医生正在开方", "请等待医生签名。"],
  pending: ["等待另一位医生会签", "请等待，会签后送药师审核。"],
  issued: ["等待药师审核", "药师审核通过后，您就可以选药房。"],
  checked: ["等待第二位药师核对", "这类药需要两位药师核对。"],
  returned: ["审核未通过，已退回医生", "请等医生修改处方，或再次问诊。"],
  approved: ["审核已通过，请选药房", "选一家药房，签名授权后它才能看到处方。"],
  authorized: ["已选好药房，等待付款", "支付自付部分后，药房为您配药。"],
  paid: ["已付款，可以取药", "到药房出示取药码。"],
  dispensed: ["药房已配好药", "拿到药后，请确认收到。"],
  in_transit: ["正在配送", "收到药后签收，或把收货码告诉配送员。"],
  returning: ["未能送达，正在退回药房", "自付的钱会退还给您。"],
  undelivered: ["药房已收回药品", "自付的钱会退还给您。"],
  delivered: ["已收到药", "请按说明用药。保险正在理赔。"],
  claimed: ["已收到药，保险已理赔", "请按说明用药。"],
  taken_back: ["药品已全部退回", "自付的钱会退还给您。"],
  cancelled: ["处方已取消", "需要用药请再次问诊。"],
  expired: ["处方已过期", "需要用药请再次问诊。"],
};
const OPEN = ["pending", "issued", "checked", "returned", "approved", "authorized", "paid"];

/** `{state, next}` in words. */
export function told(rx) {
  const [state, next] = STATES[rx.status] || [rx.status, ""];
  if (rx.status === "approved" && waits(rx)) {
    return { state: _("审核已通过，还没到取药时间"), next: _("%(at)s 起可以选药房。", { at: moment(rx.issue.opens_at) }) };
  }
  if (rx.way === "courier" && rx.status === "paid") return { state: _("已付款，等待药房配药"), next: _("药房配药前要扫您的取药码：到店出示，或把打印的取药码交给药房。") };
  if (rx.way === "courier" && rx.status === "dispensed") return { state: _("药已配好，等待配送员取件"), next: _("配送员取件后您会看到进度。") };
  return { state: _(state), next: _(next) };
}

/** An issue of a long-term prescription whose time has not come. */
export function waits(rx) {
  return rx.issue !== null && new Date(rx.issue.opens_at) > new Date();
}

/** Time is running: it ends at `valid_until` unless it is dispensed before. */
export function isOpen(rx) {
  return OPEN.includes(rx.status);
}

/** What the patient can do now: `[words, address]`, the first is the next step. */
export function next(rx) {
  const to = (page) => `/patient/${page}#${rx.id}`;
  if (rx.status === "approved" && !waits(rx)) return [_("选药房"), to("choose")];
  if (rx.status === "authorized") return [_("去支付"), to("pay")];
  if (rx.status === "paid") return [_("出示取药码"), to("code")];
  return null;
}

learn({
  "prescription.wrong_state": "处方的状态刚刚变了，请刷新后查看。",
  "prescription.out_of_time": "处方已过有效期。",
  "prescription.too_early": "还没到这一次的取药时间。",
  "cancel.with_dispenser": "已经付款，药房正在配药。要取消，请先撤回授权。",
  "checkout.face_needed": "这张处方含特殊管理药品或金额较大，需要先核验人脸。",
  "checkout.only_at_its_hospital": "这类药只能在开方医院的药房取。",
  "checkout.bad_lines": "选择的药品数量有误。",
  "checkout.whole_only": "这张处方不能分开取药。",
  "checkout.bad_way": "这家药房不提供这种取药方式。",
  "find.nothing_to_fetch": "这张处方现在没有可取的药。",
  "stock.out": "这家药房的库存刚刚不够了，请选别家。",
  "payer.not_covering": "所选的保险不覆盖您。",
  "payment.other_payer": "家人正在支付这张账单，请稍候。",
  "payment.closed": "这笔支付已结束，请重新发起。",
  "payment.no_wechat": "这个账户没有微信，无法支付。",
  "payment.refused": "微信支付拒绝了这笔订单。",
  "payment.unavailable": "微信支付没有回应，请稍后再试。",
  "wechat.unavailable": "微信没有回应，请稍后再试。",
  "delivery.wrong_code": "收货码不对。",
  "delivery.wrong_way": "配送员还没有取件，暂时不能签收。",
  "parcel.none": "这张处方是到店自取。",
  "claim.nothing_asked": "保险方没有在等您的信息。",
  "claim.nothing_refused": "这笔理赔没有被拒绝的部分。",
  "claim.already_appealed": "您已经申诉过一次。",
  "claim.too_late": "已过申诉期限。",
  "substitution.unknown": "没有待您答复的换药建议。",
  "identity.bad_id_number": "身份证号码有误，请检查。",
  "identity.bad_phone": "手机号码有误，请检查。",
  "identity.taken": "这个身份已登记在另一个微信账户下，请用那个微信登录。",
  "face.too_many": "今天核验的次数太多，请明天再试。",
  "face.not_passed": "人脸核验没有通过，请再试一次。",
  "face.refused": "身份信息没有被接受，请检查姓名和身份证号码。",
  "face.ended": "人脸核验已超时，请再试一次。",
  "face.spent": "这次人脸核验已用过，请再试一次。",
  "entry.not_yet_published": "账本还在公证这一步，请稍等几秒。",
});
