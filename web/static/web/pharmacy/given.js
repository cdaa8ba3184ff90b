/** After it was given out: labels for the bags, and how it gets into the patient's hands. */
import { button, cell, field, fill, group, h } from "../base/dom.js";
import { attempt, toast } from "../base/page.js";
import { command } from "../base/sign.js";
import { yuan } from "../base/format.js";
import { _ } from "../base/words.js";

/** `done` is the answer of the dispensing; `rx` what was scanned. */
export function given(place, scan, rx, done) {
  const owed = done.remainder ? owing(rx, done) : null;
  fill(place,
    h("div", { class: "state", role: "status", "data-state": "dispensed" }, h("p", { class: "good" }, h("strong", {}, _("已发药")))),
    owed,
    group(_("下一步"),
      cell(_("打印用药标签"), { href: `/pharmacy/labels#${scan}` }),
      rx.way === "courier" ? cell(_("等待配送员取件"), { desc: _("配送员取件时签名，地址只有配送员能看到。") }) : null),
    rx.way === "courier" ? null : handing(rx.id, () => delivered(place)));
  place.focus({ preventScroll: true });
}

function owing(rx, done) {
  const lines = Object.entries(done.remainder.lines).map(([number, units]) => {
    const line = rx.lines[number];
    return cell(`${line.generic_name} ${line.specification}`, { value: `${units} ${line.unit}` });
  });
  return group(_("欠药（患者可在本店或其他药房取）"), lines, cell(_("退还患者"), { value: yuan(done.back_fen) }));
}

/** Hand over at the counter with the code on the patient's phone; or the phone signs by itself. */
export function handing(prescription, then) {
  const input = h("input", { name: "delivery-code", inputmode: "numeric", maxlength: "6", autocomplete: "off", placeholder: _("六位数字") });
  const act = attempt(async () => {
    const code = input.value.trim();
    if (!/^\d{6}$/.test(code)) return toast(_("收货码是六位数字。"), "bad");
    await command(`/api/prescriptions/${prescription}/deliver`, { code }, { kind: "pharmacy.deliver", yes: _("签名交付") });
    return then();
  });
  return [
    group(_("交给患者"), field(_("患者手机上的收货码"), input, _("患者也可以自己在手机上签收。"))),
    h("div", { class: "bar" }, button(_("交给患者"), act)),
  ];
}

function delivered(place) {
  fill(place, h("div", { class: "state", role: "status", "data-state": "delivered" }, h("p", { class: "good" }, _("药品已交给患者。"))));
}
