/** A parcel's way, and the code that is told to whoever brings it. */
import { get } from "../base/api.js";
import { button, fill, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { attempt } from "../base/page.js";
import { _ } from "../base/words.js";

const UNDER_WAY = ["dispensed", "in_transit", "returning", "delivered", "claimed", "undelivered"];

/** The way of the parcel as a section; null if none is under way. */
export async function parcel(rx) {
  if (rx.way !== "courier" || !UNDER_WAY.includes(rx.status)) return null;
  const way = await get(`/api/prescriptions/${rx.id}/parcel`);
  return h("section", { class: "card", "data-parcel": way.number || "" },
    h("h2", {}, _("配送进度")),
    way.number ? h("p", {}, _("运单号 %(number)s", way)) : null,
    way.way.length
      ? h("ol", { class: "steps-done" }, way.way.toReversed().map((one) => h("li", {}, h("strong", {}, one.zh), h("span", { class: "when" }, moment(one.at)))))
      : h("p", {}, _("等待配送员取件。")),
    rx.status === "in_transit" ? told(rx) : null);
}

/** Shown by a tap: who sees it over the shoulder could take the parcel. */
function told(rx) {
  const place = h("div", { class: "delivery-code", "aria-live": "polite" });
  const show = attempt(async () => {
    const { code } = await get(`/api/prescriptions/${rx.id}/delivery-code`);
    fill(place, h("p", { class: "big-code" }, code), h("p", {}, _("手机不方便签名时，把这个收货码念给配送员。拿到药再念。")));
  });
  return h("div", {}, button(_("显示收货码"), show, { kind: "default" }), place);
}
