/** A patient's request to correct a record, `#ID`: amend it beside, or leave it, with the reason. */
import { get } from "../base/api.js";
import { encodeBase64 } from "/static/ledger/forms.js";
import { button, fill, group, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { attempt, fragment, show, start, toast } from "../base/page.js";
import { command } from "../base/sign.js";
import { _ } from "../base/words.js";
import { facts, labelled, select } from "./controls.js";

const REASONS = [["correct", _("记录属实")], ["unproven", _("所述情况无法核实")], ["changed", _("处方已另行修改")], ["other", _("其他")]];

const STATES = { accepted: _("已补正"), refused: _("不予更正"), appealed: _("患者已请监管部门决定"), upheld: _("监管部门维持答复"), turned: _("监管部门要求补正") };

start(render);

async function render(main) {
  const [id] = fragment(), path = `/api/corrections/${id}`;
  const one = await get(path);
  const again = () => show(render);
  fill(main, h("div", { class: "columns" },
    group(_("患者的请求"), h("div", { class: "card" }, facts([[_("提出时间"), moment(one.asked_at)], [_("答复期限"), moment(one.answer_until)], ...said(one.request)]))),
    group(_("现有记录"), h("div", { class: "card" }, facts(said(one.record)))),
    one.state === "asked" ? answers(path, one, again) : group(_("答复"), h("div", { class: "card" }, facts([[_("状态"), STATES[one.state] ?? one.state], ...said(one.answer)])))));
}

function said(fields) {
  return Object.entries(fields ?? {}).map(([name, value]) => [name === "why" ? _("理由") : name, typeof value === "string" ? value : JSON.stringify(value)]);
}

/** The words are committed to with a salt that this desk draws. */
function salt() {
  return encodeBase64(crypto.getRandomValues(new Uint8Array(16)));
}

function answers(path, one, again) {
  const asked = Object.entries(one.request ?? {}).filter(([name]) => name !== "why");
  const right = asked.map(([name, value]) => [name, h("input", { type: "text", value: String(value), maxlength: "500", autocomplete: "off" })]);
  const why = h("textarea", { rows: "3", maxlength: "500" }), reason = select(REASONS);
  const accept = attempt(async () => {
    const words = Object.fromEntries(right.map(([name, input]) => [name, input.value.trim()]));
    await command(`${path}/accept`, { right: words, why: why.value.trim(), salt: salt() }, { kind: "correction.accept", rows: Object.entries(words) });
    toast(_("已补正记录"));
    again();
  });
  const refuse = attempt(async () => {
    await command(`${path}/refuse`, { reason: reason.value, why: why.value.trim(), salt: salt() }, { kind: "correction.refuse", rows: [[_("理由"), why.value.trim()]] });
    toast(_("已答复患者"));
    again();
  });
  return group(_("答复"), h("div", { class: "card" },
    right.map(([name, input]) => labelled(_("补正：%(name)s", { name }), input)), labelled(_("理由（患者会看到）"), why), labelled(_("不予更正的原因"), reason),
    h("div", { class: "bar" }, button(_("补正记录"), accept), button(_("不予更正"), refuse, { kind: "default" }))));
}
