/** Compare pharmacies for a prescription, `#ID`, and authorize one of them by signing. */
import { get, post } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { attempt, empty, fragment, loading, show } from "../base/page.js";
import { organisations } from "../base/statement.js";
import { _ } from "../base/words.js";
import * as face from "./face.js";
import { checkout, goOn } from "./checkout.js";
import { map } from "./map.js";
import { card, ORDERS } from "./pharmacies.js";
import { cameBack } from "./phone.js";
import { chooser, place } from "./place.js";
import { goTo, startKnown } from "./ready.js";
import { told } from "./states.js";

const MOST = 50;
let order = "own", insured = true;

cameBack();
startKnown(page);

async function page(main) {
  const [id] = fragment();
  if (!id) return goTo("/patient/");
  const seen = await face.passed("checkout");
  if (seen?.kept.choice && seen.kept.prescription === id) return goOn(main, seen);
  const [rx, known] = await Promise.all([get(`/api/prescriptions/${id}`), organisations()]);
  if (rx.status !== "approved") {
    const link = h("a", { class: "weui-btn weui-btn_default", href: `/patient/prescription#${id}` }, _("查看处方"));
    return fill(main, empty(told(rx).state), h("div", { class: "bar" }, link));
  }
  const results = h("div", {});
  fill(main, chooser(() => show(page)), results);
  fill(results, loading());
  const here = place();
  const asked = { near: { lng: here.lng, lat: here.lat }, partly: rx.issue === null, size: MOST, ...(insured ? {} : { payers: [] }) };
  const found = await post(`/api/prescriptions/${id}/pharmacies`, asked);
  return list(results, rx, found, here, known);
}

function list(results, rx, found, here, known) {
  const offers = found.pharmacies.toSorted(ORDERS[order][1]);
  const again = (name) => {
    order = name;
    list(results, rx, found, here, known);
  };
  const choose = attempt((index) => {
    const there = document.getElementById(`offer-${index}`);
    there.scrollIntoView({ block: "center" });
    there.focus();
  });
  fill(results, offers.length
    ? [tabs(again), payers(), map(here, offers, choose),
        offers.map((one, index) => card(one, index, known, checkout(rx, one, { promise: found.promise, ...(insured ? {} : { payers: [] }) }, known)))]
    : empty(_("附近 50 公里内没有药房备齐这些药，请换一个地点。")));
}

/** Who wants no payer to know of it pays all. */
function payers() {
  const input = h("input", { type: "checkbox", name: "insured", checked: insured, onchange: () => { insured = input.checked; show(page); } });
  return h("label", { class: "card insured" }, input, h("span", {}, _("用医保和保险付（不勾选则全部自付，保险方看不到这张处方）")));
}

function tabs(again) {
  return h("fieldset", { class: "plain orders" }, h("legend", { class: "weui-cells__title" }, _("排序")),
    Object.entries(ORDERS).map(([name, [words]]) => h("label", {},
      h("input", { type: "radio", name: "order", value: name, checked: name === order, onchange: () => again(name) }), words)));
}
