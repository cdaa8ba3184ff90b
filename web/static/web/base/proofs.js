/**
 * Entries checked in the page, not taken on the server's word: each receipt is verified by the same
 * modules as on /check, always against the policy that is pinned on this device where there is one.
 */
import { hex } from "/static/ledger/ed25519.js";
import { Refusal, concat, encodeUtf8, hash } from "/static/ledger/forms.js";
import * as lists from "/static/ledger/patients.js";
import * as receipts from "/static/ledger/receipt.js";
import { REASONS } from "/static/ledger/words.js";
import { Problem, get, text } from "./api.js";
import { button, fill, h } from "./dom.js";
import { day } from "./format.js";
import { asked } from "./sign.js";
import * as vault from "./vault.js";
import { _ } from "./words.js";

const FURTHER = {
  unproven: "证明与公布的名单不符。", not_listed: "名单中没有您的记录。", incomplete: "记录有缺失，或多出了别人的记录。",
  other: "凭证与显示的内容不符。",
};

const SOON_MS = 2_000, GROWS = 1.5, LATE_MS = 60_000;

export { Refusal };

// --- receipts -------------------------------------------------------------------------------

/** What a receipt file proves, `{statement, signers, index, head, cosigned, opened}`; throws a `Refusal`. */
export async function checked(file, leaf) {
  const { bytes, isMlDsa } = await rules(), data = typeof file === "string" ? encodeUtf8(file) : file;
  await breath();
  const found = receipts.verify(data, bytes, isMlDsa);
  if (leaf && hex(hash(concat(Uint8Array.of(0), receipts.read(data).entry.data))) !== leaf) throw other("another leaf");
  return found;
}

/** Refuse: the receipt holds, and says something else than the page was told. */
export function other(words) {
  return new Refusal("other", words);
}

/** Why a check did not hold, in a sentence; undefined for what is no refusal. */
export function reason(fault) {
  if (!(fault instanceof Refusal)) return undefined;
  return _(REASONS[fault.code] || FURTHER[fault.code]);
}

/** A mark that says whether this entry is proven, and why not; once it stands on the page, it asks until that is settled. */
export function mark(leaf) {
  const shown = h("span", { class: "mark", role: "status" }, _("核验中…"));
  follow(shown, leaf);
  return shown;
}

/** Whoever has left the page, or does not look at it, costs the server nothing. */
async function follow(shown, leaf) {
  for (let pause = SOON_MS; ; pause = Math.min(pause * GROWS, LATE_MS)) {
    const { words, kind = "", again = false } = await said(leaf);
    if (shown.textContent !== words) shown.textContent = words; // the same words are not read aloud again
    shown.className = `mark ${kind}`.trim();
    if (!again) return;
    await new Promise((resume) => setTimeout(resume, pause));
    await visible();
    if (!shown.isConnected) return;
  }
}

function visible() {
  if (!document.hidden) return undefined;
  return new Promise((resume) => document.addEventListener("visibilitychange", resume, { once: true }));
}

/** `again`: witnesses may come to it, and a network may come back; another answer stays what it is. */
async function said(leaf) {
  try {
    await checked(await text(`/api/receipts/${leaf}`, { file: 1 }), leaf);
    return { words: _("✓ 已核验"), kind: "good" };
  } catch (fault) {
    if (fault instanceof Refusal) return { words: `✗ ${reason(fault)}`, kind: "bad" };
    if (fault.code === "entry.not_yet_published") return { words: _("等待见证"), again: true };
    if (fault instanceof Problem) return { words: _("未能核验"), again: fault.passing };
    throw fault;
  }
}

// --- lists of entries -----------------------------------------------------------------------

/** The entries about a subject, oldest first, as the public log has them. */
export async function entriesAbout(subject) {
  return (await get("/api/entries", { subject })).entries;
}

/** The proof of the caller's complete list in this log, and the size up to which it speaks. */
export async function listProof(log) {
  const proof = encodeUtf8(await text("/api/me/entries/proof", { log }));
  return { proof, size: lists.sizeOf(proof) };
}

/** Whether `indices` are all entries under this tag; throws a `Refusal`. */
export async function checkList(proof, tag, indices) {
  const { bytes, isMlDsa } = await rules();
  return lists.verifyList(proof, tag, indices, bytes, isMlDsa);
}

// --- the policy -----------------------------------------------------------------------------

/** Put into `place` that the policy is another than the one met first, if it is; accepting it is the person's. */
export async function sayPolicy(place) {
  const now = await vault.otherPolicy(), pinned = await vault.policy();
  if (!now) return fill(place, h("p", { class: "fingerprint" }, _("验证规则指纹：%(fingerprint)s（%(since)s 起固定在本机）", { ...pinned, since: day(pinned.since) })));
  return fill(place, changed(pinned, now));
}

function changed(pinned, now) {
  const words = _("验证规则已经改变：原指纹 %(before)s，现指纹 %(now)s。凭证仍按原规则核验。", { before: pinned.fingerprint, now: now.fingerprint });
  const accept = async () => {
    if (!(await asked(_("采用新的验证规则？"), h("p", {}, _("只有当医院或监管部门公告了同样的新指纹时，才应采用。")), _("采用")))) return;
    await vault.pin(now);
    location.reload();
  };
  return h("div", { class: "card", role: "alert" }, h("p", { class: "bad" }, words), button(_("采用新规则…"), accept, { kind: "default" }));
}

/** Post-quantum keys take a module as large as all the rest: it is loaded only if the policy has some. */
function rules() {
  used ??= (async () => {
    const bytes = await vault.agreed();
    const isMlDsa = receipts.needsMlDsa(bytes) ? (await import("/static/ledger/mldsa.js")).isMlDsaSignature : undefined;
    return { bytes, isMlDsa };
  })();
  used.catch(() => { used = undefined; });
  return used;
}
let used;

/** Signatures take their time: the page is drawn in between. */
function breath() {
  return new Promise((resume) => setTimeout(resume));
}
