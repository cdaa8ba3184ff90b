/** What the rules say of a draft: what forbids it apart from what only warns, each with its article. */
import { h } from "../base/dom.js";
import { _ } from "../base/words.js";
import { LIFTED_BY } from "./terms.js";

/** Where in the form a finding can be about; the rest is the doctor's own, or the consultation's. */
const WITHIN = /^(lines|diagnoses|patient|weight_g|egfr|liver|pregnant|lactating|emergency|long_term|issues|interval_days|reason_|allergies|severe_pain)/;

/**
 * Two lists. `reach(field)` brings the doctor to what a finding is about: a path into the draft
 * (`lines[0].days`), or the reason that lifts it.
 */
export function shown(findings, reach) {
  const blocks = findings.filter((one) => one.severity === "block"), warnings = findings.filter((one) => one.severity !== "block");
  return [
    part("blocks", _("不能开具（%(number)s 项）", { number: blocks.length }), blocks, reach),
    part("warnings", _("提示（%(number)s 项，开具后记录在案）", { number: warnings.length }), warnings, reach),
    findings.length ? null : h("p", { class: "good" }, _("✓ 各项规则均未发现问题")),
  ];
}

function part(kind, title, findings, reach) {
  if (!findings.length) return null;
  return h("section", { class: `findings ${kind}`, "data-findings": kind },
    h("h3", {}, kind === "blocks" ? "✕ " : "！", title),
    h("ul", {}, findings.map((one) => h("li", { "data-rule": one.rule }, words(one, reach)))));
}

function words(one, reach) {
  const reason = LIFTED_BY[one.rule];
  return [
    h("p", {}, one.text),
    h("small", {}, `《${one.instrument}》${article(one.article)} · ${one.rule}`),
    reach ? h("span", { class: "go" },
      WITHIN.test(one.field) ? h("button", { type: "button", class: "link", onclick: () => reach(one.field) }, _("去修改")) : null,
      reason ? h("button", { type: "button", class: "link", onclick: () => reach(reason) }, _("注明理由")) : null) : null,
  ];
}

/** "第十九条（条号待核）"; where the number itself is open, only that. */
function article(written) {
  return written.replace(/^条号(?= unconfirmed)/, "").replace(" unconfirmed", _("（条号待核）"));
}
