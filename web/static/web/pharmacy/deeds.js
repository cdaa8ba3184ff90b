/** What a counter does besides giving out: decline, propose another medicine, ask the doctor. */
import { get } from "../base/api.js";
import { cell, field, fill, h } from "../base/dom.js";
import { attempt, toast } from "../base/page.js";
import { asked, command } from "../base/sign.js";
import { encodeBase64 } from "/static/ledger/forms.js";
import { _ } from "../base/words.js";
import { maker } from "./content.js";

const DECLINE = { out_of_stock: "缺货", unsuitable: "用药不适宜", doubtful: "处方有疑问", not_collected: "患者未来取", other: "其他" };
const SUBSTITUTE = { out_of_stock: "原药品缺货", expiring: "原药品近效期", price: "价格更低", patient_wishes: "患者要求", other: "其他" };
const CHANGE = { out_of_stock: "缺货", substitution: "换药", dose: "剂量", interaction: "相互作用", allergy: "过敏", clarification: "需要说明", other: "其他" };

const SAME = ["generic_name", "form", "specification", "unit"];

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
  const found = await others(rx);
  if (!found.size) return toast(_("本药房没有同通用名、同规格的其他药品。"), "bad");
  const line = h("select", { name: "line" }, [...found.keys()].map((number) => h("option", { value: number }, `${number}. ${rx.lines[number].generic_name}`)));
  const medicine = h("select", { name: "medicine" }), reason = choice("reason", SUBSTITUTE);
  const offer = () => fill(medicine, found.get(line.value).map((one) => h("option", { value: one.code }, maker(one))));
  line.addEventListener("change", offer);
  offer();
  const form = [field(_("处方上的药"), line), field(_("换成"), medicine), field(_("原因"), reason)];
  if (!(await asked(_("建议换药"), form, _("下一步")))) return;
  await command(path, { line: line.value, medicine: medicine.value, reason: reason.value, salt: salt() }, { kind: "pharmacy.substitute" });
  toast(_("已发给患者。患者同意并付款后，请重新扫描取药码。"));
}

/**
 * Line → what may be given in its place: of the same name, form and size, and on the own shelf. The
 * server compares more than that, and decides.
 */
async function others(rx) {
  const found = new Map();
  for (const [number, line] of Object.entries(rx.lines)) {
    const { medicines } = await get("/api/medicines", { q: line.generic_name, size: 50 });
    const same = medicines.filter((one) => one.code !== line.code && SAME.every((name) => one[name] === line[name]));
    const kept = await Promise.all(same.map(async ({ code }) => (await get("/api/stock/lots", { medicine: code, size: 1 })).lots.length));
    const here = same.filter((one, index) => kept[index]);
    if (here.length) found.set(number, here);
  }
  return found;
}
