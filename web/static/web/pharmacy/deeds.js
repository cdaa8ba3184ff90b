/** What a counter does besides giving out: decline, propose another medicine, ask the doctor. */
import { get } from "../base/api.js";
import { cell, field, h } from "../base/dom.js";
import { attempt, toast } from "../base/page.js";
import { asked, command } from "../base/sign.js";
import { encodeBase64 } from "/static/ledger/forms.js";
import { _ } from "../base/words.js";

const DECLINE = { out_of_stock: "缺货", unsuitable: "用药不适宜", doubtful: "处方有疑问", not_collected: "患者未来取", other: "其他" };
const SUBSTITUTE = { out_of_stock: "原药品缺货", expiring: "原药品近效期", price: "价格更低", patient_wishes: "患者要求", other: "其他" };
const CHANGE = { out_of_stock: "缺货", substitution: "换药", dose: "剂量", interaction: "相互作用", allergy: "过敏", clarification: "需要说明", other: "其他" };

/** A closed group with the three ways out; `ended()` once the prescription has left the counter. */
export function further(id, rx, ended) {
  const path = (verb) => `/api/prescriptions/${id}/${verb}`;
  return h("details", { class: "card" }, h("summary", {}, _("不能照方发药")),
    cell(_("请医师修改处方"), { onclick: attempt(() => askDoctor(path("change-request"))) }),
    cell(_("建议换用同通用名药品"), { onclick: attempt(() => substitute(path("substitute"), rx)) }),
    cell(_("无法调配，退回处方"), { warn: true, onclick: attempt(() => decline(path("decline"), ended)) }));
}

export function choice(name, words, first = "") {
  const options = Object.entries(words).map(([value, label]) => h("option", { value, selected: value === first }, _(label)));
  return h("select", { name }, options);
}

/** 16 random bytes, by which what is sealed is committed to. */
function salt() {
  return encodeBase64(crypto.getRandomValues(new Uint8Array(16)));
}

async function decline(path, ended) {
  const reason = choice("reason", DECLINE);
  if (!(await asked(_("无法调配"), [h("p", {}, _("患者付的钱会退回，患者可以另选药房。")), field(_("原因"), reason)], _("下一步")))) return;
  await command(path, { reason: reason.value }, { kind: "pharmacy.decline", yes: _("签名退回") });
  ended();
}

async function askDoctor(path) {
  const reason = choice("reason", CHANGE);
  const words = h("textarea", { name: "words", rows: "4", maxlength: "500", required: true });
  if (!(await asked(_("请医师修改处方"), [field(_("原因"), reason), field(_("给医师的话"), words)], _("下一步")))) return;
  if (!words.value.trim()) return toast(_("请写明要医师修改什么。"), "bad");
  await command(path, { reason: reason.value, words: words.value.trim(), lines: [], salt: salt() }, { kind: "prescription.change_request" });
  toast(_("已发给医师，等待答复。"));
}

async function substitute(path, rx) {
  const line = h("select", { name: "line" }, Object.entries(rx.lines).map(([number, one]) => h("option", { value: number }, `${number}. ${one.generic_name}`)));
  const found = await sameNames(rx);
  if (!found.length) return toast(_("目录中没有同通用名的其他药品。"), "bad");
  const medicine = h("select", { name: "medicine" }, found.map((one) => h("option", { value: one.code }, `${one.generic_name} ${one.specification} ${one.manufacturer || ""}`)));
  const reason = choice("reason", SUBSTITUTE);
  const form = [field(_("处方上的药"), line), field(_("换成"), medicine), field(_("原因"), reason)];
  if (!(await asked(_("建议换药"), form, _("下一步")))) return;
  await command(path, { line: line.value, medicine: medicine.value, reason: reason.value, salt: salt() }, { kind: "pharmacy.substitute" });
  toast(_("已发给患者，患者同意后再发药。"));
}

/** Of the catalogue, other medicines of the names that are prescribed. */
async function sameNames(rx) {
  const names = [...new Set(Object.values(rx.lines).map((one) => one.generic_name))];
  const own = Object.values(rx.lines).map((one) => one.code);
  const pages = await Promise.all(names.map((q) => get("/api/medicines", { q, size: 50 })));
  return pages.flatMap((page) => page.medicines).filter((one) => names.includes(one.generic_name) && !own.includes(one.code));
}

