/**
 * A statement in words, read from the very bytes that will be signed (`ledger/entry.py`), so that no
 * second answer of the server can say something else than what is signed.
 */
import { parseStatement } from "/static/ledger/forms.js";
import { KINDS } from "/static/ledger/words.js";
import { get } from "./api.js";
import { FACTS, FORMS, VALUES } from "./facts.js";
import { moment, yuan } from "./format.js";
import { _ } from "./words.js";

/** What the text says: kind, subject, by, patient, facts …  Throws a `Refusal` if it is no statement. */
export function read(text) {
  return parseStatement(text);
}

/** What the statement does: "患者授权取药". */
export function title(statement) {
  return _(KINDS[statement.kind] || statement.kind);
}

/**
 * The facts as `[name, value]` texts, those that a reader can judge first. `names` are the
 * organisations' by slug, for who has kept them and may be without a network.
 */
export async function rows(statement, names) {
  const known = names || (await organisations());
  const told = inOrder(statement.facts).flatMap(([name, value]) => said([name], value, known));
  return [...told, [_("编号"), _("%(subject)s（第 %(version)s 版）", statement)], [_("时间"), moment(statement.at)]];
}

/** What the title has said is left out (from which state to which); lists of many come last. */
function inOrder(facts) {
  const many = ([, value]) => Number(value !== null && typeof value === "object" && !Array.isArray(value));
  const told = Object.entries(facts).filter(([name]) => !("move" in facts && ["from", "to", "move"].includes(name)));
  return told.sort((one, other) => many(one) - many(other));
}

function said(path, value, known) {
  if (value !== null && typeof value === "object" && !Array.isArray(value)) {
    return inOrder(value).flatMap(([name, inner]) => said([...path, name], inner, known));
  }
  return [[label(path, known), plain(path.at(-1), value, known)]];
}

/** What is said of a bill's lines is about a medicine by its number. */
function label(path, known) {
  const numbered = /^[0-9]+$/.test(path.at(-2)) && path.at(-3) === "lines";
  if (numbered) return `${_("第 %(number)s 种药", { number: path.at(-2) })} · ${_(FACTS[path.at(-1)] || path.at(-1))}`;
  return path.map((name) => (FACTS[name] ? _(FACTS[name]) : known.get(name) || name)).join(" · ");
}

function plain(name, value, known) {
  if (Array.isArray(value)) return value.map((one) => plain(name, one, known)).join("、") || _("无");
  if (typeof value === "boolean") return value ? _("是") : _("否");
  if (typeof value === "number") return name.endsWith("fen") || FEN.has(name) ? yuan(value) : String(value);
  if (/^\d{4}-\d\d-\d\dT.*Z$/.test(value)) return moment(value);
  if (/^[0-9a-f]{64}$/.test(value)) return `${value.slice(0, 8)}…${value.slice(-8)}`;
  if (name === "form" && FORMS[value]) return _(FORMS[value]);
  return known.get(value) || (VALUES[value] ? _(VALUES[value]) : value);
}

/** Amounts whose names do not end in "fen": payers in a bill, whom nothing but amounts stands beside. */
const FEN = { has: (name) => payers.has(name) };
const payers = new Set();
let directory;

/** Names of the organisations by their slug; asked once a page. */
export function organisations() {
  directory ??= get("/api/organisations").then(({ organisations: found }) => {
    for (const one of found) if (["insurer", "social_fund"].includes(one.kind)) payers.add(one.slug);
    return new Map(found.map((one) => [one.slug, one.name]));
  });
  directory.catch(() => { directory = undefined; });
  return directory;
}
