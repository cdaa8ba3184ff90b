/** The check-list as ticks: what is ordinary is arranged, what needs a look is ticked by hand. */
import { h } from "../base/dom.js";
import { _ } from "../base/words.js";
import { compared, toLookAt } from "./checks.js";

/** `{view, made(), complete()}`. */
export function checklist(rx, units) {
  const looks = toLookAt(rx, units);
  const ticks = rx.check_list.map((one) => tick(rx, one, looks[one.check]));
  const view = h("fieldset", { class: "card checks" }, h("legend", {}, _("四查十对")), ticks.map((one) => one.view));
  const made = () => ticks.filter((one) => one.input.checked).map((one) => one.input.value);
  return { view, made, complete: () => made().length === ticks.length };
}

function tick(rx, one, why) {
  const input = h("input", { type: "checkbox", name: "check", value: one.check, checked: !why });
  const said = one.compare.map(({ zh, fields }) => `${_(zh)} ${short(compared(rx, fields))}`.trim()).join("；");
  const view = h("label", { class: `weui-cell check${why ? " look" : ""}` },
    h("span", { class: "weui-cell__hd" }, input),
    h("span", { class: "weui-cell__bd" }, h("strong", {}, _(one.zh)),
      h("span", { class: "weui-cell__desc" }, said),
      why ? h("span", { class: "bad" }, _("请看：%(why)s", { why: why.join("；") })) : null));
  return { view, input };
}

function short(values) {
  return values.map(String).join("、");
}
