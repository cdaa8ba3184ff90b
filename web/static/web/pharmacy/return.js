/** Medicines come back, `#PRESCRIPTION`: which lines, how many, why; what the patient gets back stands in the statement. */
import { get } from "../base/api.js";
import { button, cell, field, fill, group, h } from "../base/dom.js";
import { yuan } from "../base/format.js";
import { attempt, fragment, start, toast } from "../base/page.js";
import { command } from "../base/sign.js";
import { _ } from "../base/words.js";
import { choice } from "./deeds.js";
import "./refusals.js";

const REASONS = { quality: "质量问题", wrong_medicine: "发错药品", recall: "召回", adverse_reaction: "不良反应", other: "药房的其他责任" };

const NUMBER = /^(?:rx\/)?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/i;

start(async (main) => {
  const input = h("input", { name: "prescription", autocomplete: "off", spellcheck: "false", value: fragment()[0] }), place = h("div", {});
  const find = attempt(async () => {
    const parts = NUMBER.exec(input.value.trim());
    if (!parts) return toast(_("请填写完整的处方编号。"), "bad");
    return show(place, await get(`/api/prescriptions/${parts.slice(1).join("-")}/dispensing`));
  });
  input.addEventListener("keydown", (event) => event.key === "Enter" && find()); // as a scanner ends
  fill(main, group(_("退药"), field(_("处方编号"), input, _("在患者手机的处方页上"))), h("div", { class: "bar" }, button(_("查找"), find)), place);
  if (input.value) await find();
});

function show(place, given) {
  const inputs = Object.entries(given.lines).map(([line, units]) =>
    [line, h("input", { type: "number", name: `line-${line}`, min: "0", max: String(units), value: "0", inputmode: "numeric" }), units]);
  const reason = choice("reason", REASONS);
  const act = attempt(async () => {
    const lines = Object.fromEntries(inputs.map(([line, input]) => [line, Number(input.value)]).filter(([, units]) => units > 0));
    if (!Object.keys(lines).length) return toast(_("请填写退回的数量。"), "bad");
    const done = await command(`/api/prescriptions/${given.prescription}/return`, { lines, reason: reason.value }, { kind: "pharmacy.return", yes: _("签名退药") });
    fill(place, group(_("已退药"), cell(_("退还患者"), { value: yuan(done.refund_fen) }), cell(_("药品已隔离，不会再发出"))));
    return undefined;
  });
  fill(place,
    group(_("退回数量"), inputs.map(([line, input, units]) => field(_("第 %(line)s 种药（共 %(units)s）", { line, units }), input)), field(_("原因"), reason)),
    h("div", { class: "bar" }, button(_("退药"), act)));
}
