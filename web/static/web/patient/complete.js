/**
 * Whether entries about me are missing: the validators' proof of my complete list against the entries
 * that the server gives, and each of these against its receipt.
 */
import { each, get } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { _ } from "../base/words.js";
import { KINDS } from "/static/ledger/words.js";
import { concat, decodeUtf8, encodeUtf8, hash, parseNote, parseStatement } from "/static/ledger/forms.js";
import { hex } from "/static/ledger/ed25519.js";
import * as proofs from "../base/proofs.js";
import * as vault from "../base/vault.js";

/** Fill `place` with what came of it, while it goes on. */
export async function completeness(place) {
  const said = h("p", { role: "status" }), card = fill(place, h("section", { class: "card" }, said));
  try {
    const found = await checkEverything((done, of) => fill(said, _("正在核验：%(done)s / %(of)s", { done, of })));
    const looks = found.entries.filter((one) => one.kind === "record.view").length;
    fill(said, h("strong", { class: "good", "data-mark": "good" }, _("✓ 没有遗漏")), " ",
      _("账本中关于您的 %(number)s 条记录全部齐全并逐条核验，其中 %(looks)s 条是查看。", { number: found.entries.length, looks }));
    card.firstChild.append(kinds(found.entries), h("p", { class: "weui-cell__desc" }, _("列表查看不带您的标识（以免泄露同一列表中的其他人），您在其中由服务器告知，凭证只证明谁在何时为何看了列表。")));
  } catch (fault) {
    const why = proofs.reason(fault);
    if (!why) throw fault;
    fill(said, h("strong", { class: "bad", "data-mark": "bad" }, _("✗ 无法证明齐全：%(why)s", { why })));
  }
}

async function checkEverything(progress) {
  const { tag, logs } = await get("/api/me/entries", { size: 1 }), entries = [];
  for (const log of logs) {
    const { proof, size } = await proofs.listProof(log), mine = [];
    for await (const one of each("/api/me/entries", "entries", { log, size: 100 })) if (one.index < size) mine.push(one);
    await proofs.checkList(proof, tag, mine.map((one) => one.index));
    for (const one of mine) {
      progress(entries.length + 1, entries.length + mine.length);
      await checkEntry(one, log, tag);
      entries.push(one);
    }
  }
  return { entries };
}

/** The entry stands in the log under this index and is about this patient: by its receipt, not by the list. */
async function checkEntry(entry, log, tag) {
  const note = encodeUtf8(entry.note), leaf = hex(hash(concat(Uint8Array.of(0), note)));
  const { statement, index } = await proofs.checked(await vault.fetched(leaf), leaf);
  const read = parseStatement(parseNote(decodeUtf8(note)).text);
  if (statement.patient !== tag || index !== entry.index || statement.log !== log || read.kind !== entry.kind) throw proofs.other("another entry");
}

function kinds(entries) {
  const counts = new Map();
  for (const { kind } of entries) counts.set(kind, (counts.get(kind) || 0) + 1);
  const rows = [...counts].sort((a, b) => b[1] - a[1]);
  return h("dl", { class: "facts" }, rows.map(([kind, number]) => h("div", {}, h("dt", {}, _(KINDS[kind] || kind)), h("dd", {}, number))));
}
