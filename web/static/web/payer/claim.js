/** One claim, `#PRESCRIPTION/CLAIMED_FEN/FIELD`: its evidence, checked here, and what can be done. */
import { button, cell, field, fill, group, h } from "../base/dom.js";
import { moment, yuan } from "../base/format.js";
import { attempt, fragment, list, start, toast } from "../base/page.js";
import { entriesAbout, mark } from "../base/proofs.js";
import { command } from "../base/sign.js";
import * as statements from "../base/statement.js";
import { _ } from "../base/words.js";
import { granted } from "./granted.js";
import { REASONS, WHY, options } from "./words.js";

const FIELDS = { "diagnosis/": _("诊断"), "line/": _("药品明细") };

start(async (main) => {
  const [prescription, claimed = "0", asked = ""] = fragment(), path = `/api/claims/${prescription}`;
  const entries = await entriesAbout(`rx/${prescription.replaceAll("-", "")}`);
  const known = await statements.organisations(), opened = await granted(), lines = shares(entries, Number(claimed));
  fill(main,
    h("div", { class: "columns" },
      h("div", {}, evidence(entries, known), opened),
      h("div", {}, deciding(path, Number(claimed), lines), further(path, asked))));
});

/** Every step of the prescription, in the words of its own bytes, each with its proof. */
function evidence(entries, known) {
  const rows = entries.map((one) => {
    const read = statements.read(text(one.note));
    return h("div", { class: "weui-cell" },
      h("span", { class: "weui-cell__bd" }, h("span", {}, statements.title(read)), h("span", { class: "weui-cell__desc" }, `${moment(read.at)} · ${by(read, known)} ${sums(read)}`)),
      h("span", { class: "weui-cell__ft" }, mark(one.leaf)));
  });
  return h("section", { class: "weui-cells__group" }, h("h2", { class: "weui-cells__title" }, _("证据（在本页逐条核验）")), list(rows, (one) => one, _("账本中没有记录。")));
}

/** A note's text: all up to the last empty line. */
function text(note) {
  return note.slice(0, note.lastIndexOf("\n\n") + 1);
}

function by(read, known) {
  const [slug] = read.by.split("/");
  return known.get(slug) || _("患者");
}

function sums(read) {
  const { bill, approved_fen: approved, total_fen: total } = read.facts;
  const fen = bill?.total_fen ?? approved ?? total;
  return fen === undefined ? "" : yuan(fen);
}

/**
 * What the payer is asked for of each medicine, `[number, fen]`, by the bill that the patient signed;
 * none where that bill is not what is claimed now, or several payers of a kind share a line.
 */
function shares(entries, claimed) {
  const bill = entries.map((one) => statements.read(text(one.note)).facts.bill).findLast(Boolean);
  for (const part of ["fund_fen", "insurer_fen"]) {
    const found = Object.entries(bill?.lines || {}).map(([number, line]) => [number, line[part]]).filter(([, fen]) => fen > 0);
    if (found.length && sum(found) === claimed && Object.values(bill.payers).filter((fen) => fen === claimed).length === 1) return found;
  }
  return [];
}

function sum(lines) {
  return lines.reduce((all, [, fen]) => all + fen, 0);
}

/** A tick for each medicine; what is ticked adds up to the amount. */
function ticks(lines, amount) {
  const boxes = lines.map(() => h("input", { type: "checkbox", checked: true }));
  const add = () => { amount.value = (sum(lines.filter((_line, index) => boxes[index].checked)) / 100).toFixed(2); };
  return lines.map(([number, fen], index) => {
    boxes[index].addEventListener("change", add);
    return h("label", { class: "weui-cell tick" }, boxes[index], h("span", { class: "weui-cell__bd" }, _("第 %(number)s 种药", { number })), h("span", { class: "weui-cell__ft" }, yuan(fen)));
  });
}

function deciding(path, claimed, lines) {
  const amount = h("input", { type: "number", min: "0", step: "0.01", inputmode: "decimal", value: (claimed / 100).toFixed(2), name: "amount" });
  const reason = options(REASONS, h);
  const decide = (decision, fen) => attempt(async () => {
    const said = decision === "approve" ? "none" : reason.value;
    if (decision !== "approve" && said === "none") return toast(_("请选择原因。"), "bad");
    await command(`${path}/decide`, { decision, approved_fen: fen(), reason: said }, { kind: "insurance.claim", rows: [[_("申请金额"), yuan(claimed)]] });
    return left(_("决定已签名。"));
  });
  return [
    group(_("决定"), cell(_("申请金额"), { value: yuan(claimed) }), ticks(lines, amount), field(_("批准金额（元）"), amount), field(_("减少或拒绝的原因"), reason)),
    h("div", { class: "bar" },
      button(_("全额批准"), decide("approve", () => claimed)),
      button(_("部分批准"), decide("part", () => inFen(amount.value)), { kind: "default" }),
      button(_("拒绝"), decide("refuse", () => 0), { kind: "warn" })),
  ];
}

/** "12.3" → 1230, without a float. */
function inFen(text) {
  const [whole, rest = ""] = text.split(".");
  return Number(whole || "0") * 100 + Number(rest.padEnd(2, "0").slice(0, 2));
}

function further(path, asked) {
  const wanted = options(FIELDS, h), why = options(pick(["unsure", "stands_out", "evidence_unproven"]), h);
  const ask = attempt(async () => {
    await command(`${path}/ask`, { field: wanted.value }, { kind: "insurance.pend" });
    left(_("已请患者提供。"));
  });
  const refer = attempt(async () => {
    await command(`${path}/pend`, { reason: why.value, signals: [] }, { kind: "insurance.pend" });
    left(_("已转给另一位经办人。"));
  });
  return [
    group(_("请患者再提供一项"), field(_("内容"), wanted, asked ? _("已请求：%(field)s", { field: FIELDS[asked] || asked }) : null)),
    h("div", { class: "bar" }, button(_("请患者提供"), ask, { kind: "default" })),
    group(_("转给另一位经办人"), field(_("原因"), why)),
    h("div", { class: "bar" }, button(_("转交"), refer, { kind: "default" })),
  ];
}

function pick(names) {
  return Object.fromEntries(names.map((name) => [name, WHY[name]]));
}

function left(words) {
  toast(words);
  setTimeout(() => location.assign("/payer/"), 800);
}
