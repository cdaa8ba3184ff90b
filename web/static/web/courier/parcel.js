/** One parcel: take it over, hand it over with the patient's code, or say why it could not be. */
import { button, cell, field, fill, group, h } from "../base/dom.js";
import { attempt, toast } from "../base/page.js";
import { asked, command } from "../base/sign.js";
import { _ } from "../base/words.js";

const REASONS = { nobody_home: "无人签收", wrong_address: "地址有误", refused: "收件人拒收", damaged: "包裹破损", cold_chain: "冷链中断" };

/** `gone()` is told when something has changed, so that the parcel is read anew. */
export function shown(main, parcel, names, gone) {
  const path = (verb) => `/api/prescriptions/${parcel.prescription}/${verb}`;
  const notes = [parcel.cold ? cell(_("冷藏药品，请保持2～10℃")) : null, parcel.failed ? cell(_("已失败 %(times)s 次", { times: parcel.failed })) : null];
  const waits = parcel.status === "dispensed";
  fill(main,
    group(_("包裹"), cell(_("取件药房"), { value: names.get(parcel.from) || parcel.from }), parcel.number ? cell(_("运单号"), { desc: parcel.number }) : null, notes),
    waits ? fetching(main, path, parcel, names, gone) : bringing(main, path, parcel, gone),
    h("div", { class: "bar" }, h("a", { class: "weui-btn weui-btn_default", href: "#" }, _("全部包裹"))));
}

function fetching(main, path, parcel, names, gone) {
  return h("div", { class: "bar" }, button(_("取件"), attempt(async () => {
    await command(path("ship"), {}, { kind: "pharmacy.ship", yes: _("签名取件") });
    gone();
    toast(_("已取件，请送往收货地址。"));
    shown(main, { ...parcel, status: "in_transit" }, names, gone);
  })));
}

function bringing(main, path, parcel, gone) {
  const { recipient, phone, text } = parcel.to;
  const input = h("input", { name: "delivery-code", inputmode: "numeric", maxlength: "6", autocomplete: "off", placeholder: _("六位数字") });
  const hand = attempt(async () => {
    const code = input.value.trim();
    if (!/^\d{6}$/.test(code)) return toast(_("收货码是六位数字。"), "bad");
    await command(path("deliver"), { code }, { kind: "pharmacy.deliver", yes: _("签名送达") });
    return ended(main, gone, _("已送达。"));
  });
  return [
    group(_("收货人"), cell(recipient, { desc: text }), cell(_("电话"), { value: phone })),
    group(_("交给患者"), field(_("收货码"), input, _("患者手机上的六位数字；患者也可以自己在手机上签收。"))),
    h("div", { class: "bar" }, button(_("送达"), hand), button(_("未能送达"), attempt(() => failed(main, path, parcel, gone)), { kind: "default" })),
  ];
}

async function failed(main, path, parcel, gone) {
  const reasons = Object.entries(REASONS).filter(([value]) => parcel.cold || value !== "cold_chain");
  const reason = h("select", { name: "reason" }, reasons.map(([value, words]) => h("option", { value }, _(words))));
  if (!(await asked(_("未能送达"), field(_("原因"), reason), _("下一步")))) return;
  const done = await command(path("attempt"), { reason: reason.value }, { kind: "pharmacy.attempt" });
  ended(main, gone, done.status === "returning" ? _("请把包裹退回药房。") : _("已记录，稍后再送。"));
}

function ended(main, gone, words) {
  gone();
  fill(main, h("div", { class: "state", role: "status" }, h("p", {}, words)),
    h("div", { class: "bar" }, h("a", { class: "weui-btn weui-btn_default", href: "#" }, _("全部包裹"))));
}
