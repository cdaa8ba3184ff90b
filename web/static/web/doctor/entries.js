/**
 * What the log says of a prescription: each step as its signer signed it. The warnings are read from the
 * signed statement itself, so that doctor and reviewer see those that were signed and no others.
 */
import { get } from "../base/api.js";
import { group, cell, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import * as statements from "../base/statement.js";
import { _ } from "../base/words.js";
import { RETURN_REASONS, WARNINGS, named } from "./terms.js";

/** The statements about a prescription, in order. */
export async function of(id) {
  const { entries } = await get("/api/entries", { subject: `rx/${id.replaceAll("-", "")}` });
  return entries.map((one) => statements.read(one.note.slice(0, one.note.indexOf("\n\n") + 1)));
}

/** `{warnings, rules}` of the content in force: the last statement that had some. */
export function warned(read) {
  const facts = read.filter((one) => Array.isArray(one.facts.warnings)).at(-1)?.facts;
  return { warnings: facts?.warnings ?? [], rules: facts?.rules ?? "" };
}

/** Its steps as cells; a draft has none. */
export async function part(id, status) {
  if (status === "draft") return null;
  const read = await of(id), { warnings } = warned(read);
  return h("div", { class: "columns" },
    group(_("签名时的提示"), warnings.length ? warnings.map((rule) => cell(named(WARNINGS, rule), { desc: rule })) : cell(_("没有提示"))),
    group(_("经过"), read.map((one) => cell(statements.title(one), { desc: reason(one), value: moment(one.at) }))));
}

function reason(one) {
  const { decision, reason: why } = one.facts;
  return decision === "return" ? _("退回：%(reason)s", { reason: named(RETURN_REASONS, why) }) : null;
}
