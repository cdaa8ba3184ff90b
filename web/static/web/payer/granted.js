/** What a patient lets the payer read before a person decides: each look is an entry in the ledger. */
import { get, post } from "../base/api.js";
import { button, cell, fill, group, h } from "../base/dom.js";
import { day } from "../base/format.js";
import { attempt, list } from "../base/page.js";
import { _ } from "../base/words.js";

/** The grants in force for claims; what they open shows after a tap. */
export async function granted() {
  const { grants } = await get("/api/grants", { size: 50 });
  const mine = grants.filter((one) => one.purpose === "claim");
  return mine.length ? group(_("患者已允许查看"), mine.map(offered)) : null;
}

function offered(grant) {
  const place = h("div");
  const look = button(_("查看（将留下记录）"), attempt(() => show(place, grant.id)), { kind: "default", small: true });
  return h("div", {}, cell(_("患者 %(name)s", { name: grant.patient.slice(0, 8) }), { desc: _("至 %(day)s", { day: day(grant.until) }), value: look }), place);
}

async function show(place, grant) {
  const { prescriptions } = await post("/api/claims/history", { grant });
  fill(place, list(prescriptions, prescription, _("没有可看的处方。")));
}

function prescription(one) {
  const lines = Object.values(one.lines).map((line) => cell(line.name || line.generic_name || line.medicine, { value: `${line.quantity} ${line.unit || ""}` }));
  const others = Object.entries(one.fields).map(([name, value]) => cell(name.startsWith("diagnosis/") ? _("诊断") : name, { value: typeof value === "string" ? value : value.name || JSON.stringify(value) }));
  return h("div", {}, others, lines);
}
