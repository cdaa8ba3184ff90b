/**
 * Whether what the server shows is what the doctor signed: checked on this device with the receipt of
 * the doctor's entry and the pinned policy alone (`base/proofs.js`).
 */
import { get } from "../base/api.js";
import * as proofs from "../base/proofs.js";
import * as vault from "../base/vault.js";
import * as forms from "/static/ledger/forms.js";
import * as receipts from "/static/ledger/receipt.js";

const CONTENT = ["prescription.issue", "prescription.upload", "prescription.change"];

export function subject(id) {
  return `rx/${id.replaceAll("-", "")}`;
}

/** The entries about a prescription, in order: `{kind, version, leaf, statement}`. */
export async function entries(id) {
  const { entries: found } = await get("/api/entries", { subject: subject(id) });
  return found.map((one) => ({ ...one, statement: forms.parseStatement(forms.parseNote(one.note).text) }));
}

/**
 * The statement and its signers if the shown content is the signed one. Throws a `Refusal`: it is
 * not, or the receipt proves nothing; a `Problem`: it cannot be said now.
 */
export async function verified(rx) {
  const signed = (await entries(rx.parts.remainder_of || rx.id)).findLast((one) => CONTENT.includes(one.kind));
  if (!signed) throw new receipts.Refusal("malformed", "no entry with a content");
  const [{ fields }] = await Promise.all([get(`/api/prescriptions/${rx.id}/fields`), vault.policy()]);
  const file = forms.encodeUtf8(await vault.fetched(signed.leaf));
  const found = await proofs.checked(receipts.withOpened(file, fields, fields.map(([, name]) => name)), signed.leaf);
  same(found.opened, shown(rx));
  return found;
}

function shown(rx) {
  const lines = Object.entries(rx.lines).map(([number, line]) => [`line/${number}`, line]);
  return Object.fromEntries([...Object.entries(rx.fields), ...lines]);
}

/** Every value that the page shows is in the record as it was signed, and none is left out. */
function same(signed, seen) {
  if (forms.canonical(signed) !== forms.canonical(seen)) throw new receipts.Refusal("not_opened", "another content is shown");
}
