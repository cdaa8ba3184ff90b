/**
 * Entries checked in the page, not taken on the server's word: each receipt is verified against the
 * policy by the same modules as on /check.
 */
import * as receipts from "/static/ledger/receipt.js";
import { REASONS } from "/static/ledger/words.js";
import { Problem, get } from "./api.js";
import { h } from "./dom.js";
import { session } from "./session.js";
import { _ } from "./words.js";

let rules;

/** The policy's bytes: which organisations have to cosign. Asked once a page. */
function policy() {
  rules ??= fetch("/log/policy", { cache: "no-store", credentials: "omit" }).then(async (answer) => {
    if (!answer.ok) throw new Problem(answer.status, { code: "offline" });
    return new Uint8Array(await answer.arrayBuffer());
  });
  rules.catch(() => { rules = undefined; });
  return rules;
}

/** A receipt's file: the entry, its proof, its signers' registrations. */
export async function receiptOf(leaf) {
  const headers = { Authorization: `Bearer ${session().token}` };
  const answer = await fetch(`/api/receipts/${leaf}?file=1`, { headers, cache: "no-store", credentials: "omit" });
  if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
  throw new Problem(answer.status, await answer.json());
}

/** What the receipt proves; raises a `receipts.Refusal` if it proves nothing. */
export async function verified(data) {
  const agreed = await policy();
  const also = receipts.needsMlDsa(agreed) ? (await import("/static/ledger/mldsa.js")).isMlDsaSignature : undefined;
  return receipts.verify(data, agreed, also);
}

/** The entries about a subject, oldest first, as the public log has them. */
export async function entriesAbout(subject) {
  return (await get("/api/entries", { subject })).entries;
}

/** A mark that says whether this entry is proven, and why not; it fills itself. */
export function mark(leaf) {
  const shown = h("span", { class: "mark", role: "status" }, _("核验中…"));
  check(leaf).then(([words, kind]) => {
    shown.textContent = words;
    shown.className = `mark ${kind}`;
  });
  return shown;
}

async function check(leaf) {
  try {
    await verified(await receiptOf(leaf));
    return [_("✓ 已核验"), "good"];
  } catch (fault) {
    if (fault instanceof receipts.Refusal) return [`✗ ${_(REASONS[fault.code])}`, "bad"];
    if (fault.code === "entry.not_yet_published") return [_("等待见证"), ""];
    if (fault instanceof Problem) return [_("未能核验"), ""];
    throw fault;
  }
}
