/** Another content in place of the present one, `#ID`: drafted (the rules look at it), then signed. */
import { Problem, get, write } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { fragment, start, toast } from "../base/page.js";
import { command } from "../base/sign.js";
import { _ } from "../base/words.js";
import * as content from "./content.js";
import { form } from "./form.js";
import * as requests from "./requests.js";

const FACTS = ["allergies", "weight_g", "pregnant", "lactating", "egfr", "liver", "emergency", "long_term", "severe_pain", "reason_for_longer", "reason_for_overdose"];

start(async (main) => {
  const [id] = fragment();
  const [one, waiting] = await Promise.all([get(`/api/prescriptions/${id}`), get("/api/change-requests")]);
  const lines = await Promise.all(Object.values(one.lines).map(fromCatalogue));
  const given = { ...Object.fromEntries(FACTS.map((name) => [name, one.fields[name]])), diagnoses: content.diagnosesOf(one.fields) };
  fill(main,
    waiting.requests.filter((each) => each.prescription === id).map((each) => requests.shown(each)),
    h("p", { class: "tip card" }, _("修改后须重新审核；提交时核对规则，签名后生效。")),
    form({ given, lines, checks: false, deed: _("核对并签名修改"), send: (...said) => send(id, ...said) }));
});

/** A line with its medicine as the catalogue has it today. */
async function fromCatalogue(one) {
  const { medicines } = await get("/api/medicines", { q: one.code, size: 1 });
  return { ...one, medicine: medicines[0] ?? { ...one, pack_unit: one.dose_unit } };
}

async function send(id, body, lines, refused) {
  try {
    const drafted = await write(`/api/prescriptions/${id}/versions`, body);
    if (drafted.findings.length) refused(drafted.findings);
  } catch (problem) {
    if (problem instanceof Problem && problem.code === "prescription.rule_broken") refused(problem.body.findings);
    throw problem;
  }
  const rows = lines.map((one, index) => [_("药品 %(number)s", { number: index + 1 }), `${one.generic_name} ${content.inWords(one)}`]);
  await command(`/api/prescriptions/${id}/change`, {}, { kind: "prescription.change", rows });
  toast(_("处方已修改，等待重新审核"));
  location.assign(`/doctor/prescription#${id}`);
}
