/** One medicine of a prescription that is written. Enter leads from dose to frequency to days and on. */
import { fill, h } from "../base/dom.js";
import { _ } from "../base/words.js";
import { labelled, select, text } from "./controls.js";
import { needed } from "./quantity.js";
import { FREQUENCIES, ROUTES, SKIN_TESTS, choices } from "./terms.js";

const PENICILLINS = "J01C";

/**
 * `{element, values(), focus(), number(n)}` of a medicine. `given` are values of a line to begin with;
 * `changed` is told of every change, `next` that the line is done, `drop` that it is taken out.
 */
export function line(medicine, given, { changed, next, drop }) {
  const inputs = made(medicine, given);
  const proposal = h("small", { class: "tip" });
  const need = () => needed(medicine, inputs.dose.value, inputs.dose_unit.value, inputs.frequency.value, inputs.days.value);
  let typed = given.quantity !== undefined && given.quantity !== need();
  const propose = () => {
    const units = need();
    if (!typed && units !== null) inputs.quantity.value = String(units);
    fill(proposal, units === null ? "" : _("按用法需 %(number)s%(unit)s", { number: units, unit: medicine.unit }));
  };
  const told = (event) => {
    if (event.target === inputs.quantity) typed = true;
    propose();
    changed();
  };
  for (const input of Object.values(inputs)) input.addEventListener("input", told);
  const title = h("legend", {});
  const element = h("fieldset", { class: "line" }, title, parts(medicine, inputs, proposal, drop));
  element.addEventListener("keydown", (event) => onEnter(event, inputs, next));
  propose();
  return {
    element,
    medicine,
    values: () => values(medicine, inputs),
    focus: (name = "dose") => (inputs[name] ?? inputs.dose).focus(),
    number: (n) => fill(title, h("strong", {}, `${n}. ${medicine.generic_name}`), ` ${medicine.specification}`),
  };
}

function made(medicine, given) {
  const units = [...new Set([medicine.pack_unit, medicine.strength_unit, given.dose_unit].filter(Boolean))].map((one) => [one, one]);
  const number = (value, most) => text({ inputmode: "decimal", value: value ?? "", required: true, maxlength: most, size: "4" });
  const tested = medicine.atc?.startsWith(PENICILLINS) || given.skin_test;
  return {
    dose: number(given.dose, "10"),
    dose_unit: select(units, given.dose_unit ?? medicine.pack_unit),
    frequency: select(choices(FREQUENCIES), given.frequency ?? medicine.frequency),
    days: number(given.days ?? 7, "3"),
    quantity: number(given.quantity, "5"),
    route: select(choices(ROUTES), given.route || medicine.route),
    note: text({ value: given.note ?? "", maxlength: "200" }),
    ...(tested ? { skin_test: select(choices(SKIN_TESTS), given.skin_test ?? "") } : {}),
  };
}

function parts(medicine, inputs, proposal, drop) {
  return [
    h("div", { class: "inputs" },
      labelled(_("每次剂量"), inputs.dose), labelled(_("单位"), inputs.dose_unit), labelled(_("频次"), inputs.frequency),
      labelled(_("天数"), inputs.days), labelled(_("数量（%(unit)s）", { unit: medicine.unit }), inputs.quantity, proposal),
      labelled(_("用法"), inputs.route), inputs.skin_test ? labelled(_("皮试"), inputs.skin_test) : null,
      labelled(_("用药说明"), inputs.note),
      h("button", { type: "button", class: "weui-btn weui-btn_default weui-btn_mini drop", onclick: drop, "aria-label": _("删除 %(name)s", { name: medicine.generic_name }) }, _("删除"))),
  ];
}

/** What a draft takes of it, or null while something lacks. */
function values(medicine, inputs) {
  const dose = inputs.dose.value.trim(), days = Number(inputs.days.value), quantity = Number(inputs.quantity.value);
  if (!(Number(dose) > 0) || !Number.isInteger(days) || days < 1 || !Number.isInteger(quantity) || quantity < 1) return null;
  const skin = inputs.skin_test?.value;
  return {
    medicine: medicine.code, dose, dose_unit: inputs.dose_unit.value, frequency: inputs.frequency.value, days, quantity,
    route: inputs.route.value, note: inputs.note.value.trim(), ...(skin ? { skin_test: skin } : {}),
  };
}

function onEnter(event, inputs, next) {
  if (event.key !== "Enter" || event.ctrlKey || event.isComposing || event.target.tagName === "BUTTON") return;
  event.preventDefault();
  const order = [inputs.dose, inputs.frequency, inputs.days, inputs.quantity];
  const at = order.indexOf(event.target);
  if (at === -1 || at === order.length - 1 || (event.target === inputs.days && inputs.quantity.value)) next();
  else order[at + 1].focus();
}
