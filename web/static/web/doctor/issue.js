/** Draft, then sign: what was drafted and not signed is signed the next time, if nothing has changed. */
import { Problem, write } from "../base/api.js";
import { command } from "../base/sign.js";
import { _ } from "../base/words.js";
import { inWords } from "./content.js";

let kept = { body: "", draft: null };

/**
 * Issue what the form says. `lines` are for the words above the signature; `refused(findings)` shows
 * what forbids it. The answer: `{id, series?, status}`. Throws `NotSigned`; the draft stays.
 */
export async function issue(body, lines, refused) {
  const text = JSON.stringify(body);
  if (kept.body !== text) {
    try {
      kept = { body: text, draft: await write("/api/prescriptions", body) };
    } catch (problem) {
      if (problem instanceof Problem && problem.code === "prescription.rule_broken") refused(problem.body.findings);
      throw problem;
    }
  }
  const { draft } = kept;
  const done = await signed(draft, lines.map((one, index) => [_("药品 %(number)s", { number: index + 1 }), `${one.generic_name} ${inWords(one)}`]));
  kept = { body: "", draft: null };
  return { id: draft.id, series: draft.issue?.series, status: done.status ?? done.prescriptions[0].status };
}

/** Sign a draft: alone, or all issues of a long-term one together. */
export function signed(draft, rows) {
  const path = draft.issue ? `/api/series/${draft.issue.series}/issue` : `/api/prescriptions/${draft.id}/issue`;
  return command(path, {}, { kind: "prescription.issue", rows });
}
