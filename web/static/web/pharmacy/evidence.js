/**
 * Giving out without the server: what this device believes of what a patient's phone shows, and the
 * slip that the pharmacist signs. It says what `pharmacy/offline.py` and `slips.py` say; nothing here
 * asks a network. Throws `NotGiven`, whose code says why.
 */
import { Problem } from "../base/api.js";
import * as forms from "/static/ledger/forms.js";
import { hex } from "/static/ledger/ed25519.js";
import { isSigned } from "/static/ledger/policy.js";
import * as receipts from "/static/ledger/receipt.js";

const LIFE_MS = 120_000, SKEW_MS = 10_000;
const BRING = ["prescription.issue", "prescription.upload", "prescription.change"];

/** Nothing is given out offline on this. */
export class NotGiven extends Problem {
  constructor(code) {
    super(422, { code });
  }
}

export const digest = (text) => hex(forms.hash(forms.encodeUtf8(text)));

/** A patient's code, read; not yet believed (`pharmacy/codes.py`). */
export function readCode(text) {
  try {
    const note = forms.parseNote(text);
    const [format, kind, origin, pharmacy, nonce, ends, ...subjects] = note.text.slice(0, -1).split("\n");
    const fits = format === "smart-hospital/code/v2" && kind === "screen" && /^[A-Za-z0-9_-]{22,64}$/.test(nonce)
      && subjects.length === 1 && /^rx\/[0-9a-f]{32}$/.test(subjects[0]) && !Number.isNaN(Date.parse(ends));
    if (fits) return { note, text, origin, pharmacy, ends: Date.parse(ends), subject: subjects[0] };
  } catch (fault) {
    if (!(fault instanceof forms.Refusal)) throw fault;
  }
  throw new NotGiven("code.invalid");
}

/** The receipt files of one prescription in their order, whichever way they were brought. */
export function inOrder(files) {
  const found = new Map();
  for (const bytes of files) {
    const file = opening(() => receipts.read(bytes)), { subject, version } = file.entry.statement;
    found.set(`${subject} ${version}`, { bytes, file, version });
  }
  return [...found.values()].sort((one, other) => one.version - other.version);
}

/** Check all of it: `{origin, subject, leaf, quantities, lines, total_fen}`. `now` in ms. */
export function shown(files, text, device, now) {
  const code = readCode(text), entries = proven(inOrder(files), code.subject, device);
  const last = entries.at(-1), authorized = authorization(entries), { facts } = authorized.statement;
  if (last.statement.facts.to !== "paid") throw new NotGiven("receipt.not_paid");
  if (facts.pharmacy !== device.pharmacy) throw new NotGiven("receipt.other_pharmacy");
  checkCode(code, authorized, device, now);
  const content = entries.findLast((one) => BRING.includes(one.statement.kind)).statement;
  checkLimits(entries, content, facts, device, now);
  const leaf = leafOf(last.file);
  if (device.given_on.includes(leaf)) throw new NotGiven("offline.given");
  return { origin: code.origin, subject: code.subject, leaf, quantities: content.facts.lines, lines: opened(entries, content), total_fen: facts.bill.total_fen };
}

/** The text of the slip (`pharmacy/slips.py`), to be signed before the medicines leave. */
export function slip(found, text, device, now) {
  const moment = `${new Date(now).toISOString().slice(0, -1)}000Z`;
  const said = ["smart-hospital/offline/v1", found.origin, found.subject, device.pharmacy, found.leaf, digest(text)];
  return `${[...said, forms.canonical(found.quantities), moment].join("\n")}\n`;
}

function opening(act) {
  try {
    return act();
  } catch (fault) {
    if (fault instanceof forms.Refusal) throw new NotGiven("receipt.invalid");
    throw fault;
  }
}

/** All entries from the first on, unbroken, each final under the pinned policy. */
function proven(ordered, subject, device) {
  if (!ordered.length) throw new NotGiven("receipt.missing");
  let leaf = new Uint8Array();
  return ordered.map(({ bytes, file }, index) => {
    const found = opening(() => receipts.verify(bytes, device.policy, device.isMlDsa)), { statement } = found;
    const follows = statement.version === index + 1 && forms.same(statement.prev, leaf);
    if (statement.subject !== subject || !follows) throw new NotGiven("receipt.invalid");
    leaf = leafBytes(file);
    return { statement, opened: found.opened, file };
  });
}

/** What the next entry names as the one before it: the hash of the leaf (RFC 9162, 2.1.1). */
function leafBytes(file) {
  return forms.hash(forms.concat(Uint8Array.of(0), file.entry.data));
}

function leafOf(file) {
  return hex(leafBytes(file));
}

/** The authorization in force; what was agreed on afterwards waits for the server. */
function authorization(entries) {
  for (const one of entries.toReversed()) {
    if (one.statement.kind === "prescription.agree") throw new NotGiven("offline.substitute");
    if (one.statement.kind === "prescription.authorize") return one;
  }
  throw new NotGiven("receipt.not_authorized");
}

/** It is fresh and new, for here, and signed by the phone that authorized. */
function checkCode(code, authorized, device, now) {
  if (code.origin !== device.origin || code.pharmacy !== device.pharmacy) throw new NotGiven("code.other_pharmacy");
  if (now >= code.ends) throw new NotGiven("code.expired");
  if (code.ends > now + LIFE_MS + SKEW_MS) throw new NotGiven("code.too_early");
  if (device.taken.includes(digest(code.text))) throw new NotGiven("code.used");
  const by = authorized.statement.by, names = code.note.signatures.map((one) => one.name);
  const signed = names.length === 1 && names[0] === by && opening(() => isSigned(code.note, keysOf(authorized, by)));
  if (!signed) throw new NotGiven("code.other_key");
}

/** The signer's key, as its registration in the checked receipt says it. */
function keysOf(authorized, name) {
  return authorized.file.keys
    .filter((one) => one.entry.statement.kind === "key.register" && one.entry.statement.subject === `key/${name}`)
    .map((one) => forms.parseKey(one.entry.statement.facts.vkey, [1]));
}

function checkLimits(entries, content, facts, { limits }, now) {
  if (!limits.forms.includes(content.facts.form)) throw new NotGiven("offline.form");
  if (facts.bill.total_fen > limits.total_fen) throw new NotGiven("offline.amount");
  if (forms.canonical(facts.lines) !== forms.canonical(content.facts.lines)) throw new NotGiven("offline.part");
  const ends = entries.findLast((one) => "valid_until" in one.statement.facts).statement.facts.valid_until;
  if (now + limits.reconcile_s * 1000 > Date.parse(ends)) throw new NotGiven("offline.ends_soon");
}

/** The lines of the content in force, all of them: it is to be read before it is given. */
function opened(entries, content) {
  const commitment = entries.at(-1).statement.commitment, lines = {};
  for (const one of entries.filter((each) => forms.same(each.statement.commitment, commitment))) {
    for (const [name, value] of Object.entries(one.opened)) if (name.startsWith("line/")) lines[name.slice(5)] = value;
  }
  const wanted = Object.keys(content.facts.lines).sort().join();
  if (Object.keys(lines).sort().join() !== wanted) throw new NotGiven("receipt.not_opened");
  return lines;
}
