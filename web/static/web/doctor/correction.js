/** A patient's request to correct a record, `#ID`: amend it beside, or leave it, with the reason. */
import { get } from "../base/api.js";
import { encodeBase64 } from "/static/ledger/forms.js";
import { button, fill, group, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { attempt, fragment, show, start, toast } from "../base/page.js";
import { command } from "../base/sign.js";
import { _ } from "../base/words.js";
import { inWords } from "./content.js";
import { facts, labelled, select } from "./controls.js";

const REASONS = [["correct", _("记录属实")], ["unproven", _("所述情况无法核实")], ["changed", _("处方已另行修改")], ["other", _("其他")]];

const STATES = { accepted: _("已补正"), refused: _("不予更正"), appealed: _("患者已请监管部门决定"), upheld: _("监管部门维持答复"), turned: _("监管部门要求补正") };

const NAMES = {
  why: _("理由"), complaint: _("主诉"), "earlier/hospital": _("诊断医院"), "earlier/on": _("诊断日期"), "earlier/diagnosis": _("既往诊断"), diagnosis: _("诊断"), line: _("药品"),
  "patient/name": _("姓名"), "patient/sex": _("性别"), "patient/born": _("出生日期"), "patient/age": _("年龄"), allergies: _("过敏史"),
  "hospital/name": _("医院"), "hospital/department": _("科室"), "doctor/license": _("医师执业证号"),
};

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

/** Fields in words; pictures are left out. */
function said(fields) {
  return Object.entries(fields ?? {}).filter(([name]) => !name.startsWith("picture/")).map(([name, value]) => [called(name), plain(value)]);
}

function called(name) {
  const numbered = /^(earlier\/diagnosis|diagnosis|line)\/(\d+)$/.exec(name);
  return numbered ? `${NAMES[numbered[1]]} ${numbered[2]}` : NAMES[name] ?? name;
}

function plain(value) {
  if (typeof value !== "object" || value === null) return String(value);
  return value.generic_name ? `${value.generic_name} ${inWords(value)}` : [value.name, value.code].filter(Boolean).join(" ");
}

/** The words are committed to with a salt that this desk draws. */
function salt() {
  return encodeBase64(crypto.getRandomValues(new Uint8Array(16)));
}

function answers(path, one, again) {
  const asked = Object.entries(one.request ?? {}).filter(([name]) => name !== "why");
  const right = asked.map(([name, value]) => [name, h("input", { type: "text", value: plain(value), maxlength: "500", autocomplete: "off" })]);
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
    right.map(([name, input]) => labelled(_("补正：%(name)s", { name: called(name) }), input)), labelled(_("理由（患者会看到）"), why), labelled(_("不予更正的原因"), reason),
    h("div", { class: "bar" }, button(_("补正记录"), accept), button(_("不予更正"), refuse, { kind: "default" }))));
}
