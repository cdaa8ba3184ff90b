/* The page on which anybody checks a receipt. Nothing leaves it: it only fetches the policy. */
import { hex } from "./ed25519.js";
import * as forms from "./forms.js";
import { joined } from "./paper.js";
import * as receipts from "./receipt.js";
import { fieldName, KINDS, REASONS } from "./words.js";

const at = (id) => document.getElementById(id);
const contentOf = async (input) => new Uint8Array(await input.files[0].arrayBuffer());
let receipt = null;

async function policy() {
  let bytes;
  if (at("policy").files.length) bytes = await contentOf(at("policy"));
  else {
    const answer = await fetch("/log/policy", { cache: "no-store" });
    if (!answer.ok) throw new Error("no policy");
    bytes = new Uint8Array(await answer.arrayBuffer());
  }
  at("fingerprint").textContent = hex(forms.hash(bytes)).match(/.{8}/g).join(" ");
  return bytes;
}

async function given() {
  if (at("receipt").files.length) return contentOf(at("receipt"));
  return joined(at("codes").value.split("\n").map((line) => line.trim()).filter(Boolean));
}

function say(verdict, kind, why) {
  at("result").hidden = false;
  at("verdict").textContent = verdict;
  at("verdict").className = kind;
  at("why").textContent = why;
  at("shown").replaceChildren();
  at("limits").hidden = at("opening").hidden = kind !== "good";
}

function row(name, ...values) {
  const title = document.createElement("dt");
  title.textContent = name;
  const rows = values.map((value) => {
    const content = document.createElement("dd");
    content.textContent = value;
    return content;
  });
  at("shown").append(title, ...rows);
}

const moment = (date) => date.toLocaleString("zh-CN", { timeZone: "Asia/Shanghai", hour12: false });
const plain = (value) => (typeof value === "string" ? value : JSON.stringify(value));

function show(found) {
  const { statement, head } = found, witnesses = Object.entries(found.cosigned);
  say("✔ 凭证有效", "good", KINDS[statement.kind] || statement.kind);
  row("时间", moment(new Date(statement.at)));
  row("签名人", ...found.signers);
  row("账本", `${head.origin}，第 ${found.index + 1} 条，共 ${head.size} 条`);
  row("编号", `${statement.subject}（第 ${statement.version} 版）`);
  const vouched = witnesses.map(([name, seconds]) => `${name}，${moment(new Date(seconds * 1000))}`);
  row("见证机构", ...(vouched.length ? vouched : ["无（规则不要求见证）"]));
  Object.entries(statement.facts).forEach(([name, value]) => row(name, plain(value)));
  Object.entries(found.opened).forEach(([name, value]) => row(`出示：${fieldName(name)}`, plain(value)));
}

async function check(event) {
  event.preventDefault();
  receipt = null;
  forget();
  let rules;
  try {
    rules = await policy();
  } catch {
    return say("无法验证", "bad", "没有取得验证规则，请选择规则文件。");
  }
  try {
    const data = await given();
    const also = receipts.needsMlDsa(rules) ? (await import("./mldsa.js")).isMlDsaSignature : undefined;
    show(receipts.verify(data, rules, also));
    receipt = data;
  } catch (error) {
    if (!(error instanceof receipts.Refusal)) throw error;
    say("✘ 凭证无效", "bad", REASONS[error.code]);
  }
}

// --- showing a part -------------------------------------------------------------------------

function forget() {
  at("fields").value = "";
  at("choices").hidden = at("save").hidden = true;
  at("refused").textContent = "";
}

async function choose() {
  const legend = at("choices").firstElementChild;
  at("save").hidden = true;
  at("refused").textContent = "";
  let fields;
  try {
    fields = JSON.parse(forms.decodeUtf8(await contentOf(at("fields")))).fields;
    receipts.withOpened(receipt, fields, []);
  } catch {
    at("refused").textContent = "这不是处方内容文件。";
    return;
  }
  const boxes = fields.map(([, name]) => {
    const label = document.createElement("label"), box = document.createElement("input");
    Object.assign(box, { type: "checkbox", value: name });
    label.append(box, ` ${fieldName(name)}`);
    return label;
  });
  at("choices").replaceChildren(legend, ...boxes);
  at("choices").hidden = false;
  at("choices").onchange = () => open(fields);
}

function open(fields) {
  const names = Array.from(at("choices").querySelectorAll(":checked"), (box) => box.value);
  URL.revokeObjectURL(at("save").href);
  at("save").hidden = true;
  try {
    const made = receipts.withOpened(receipt, fields, names);
    at("save").href = URL.createObjectURL(new Blob([made], { type: "text/plain" }));
    at("save").hidden = false;
    at("refused").textContent = "";
  } catch (error) {
    if (!(error instanceof receipts.Refusal)) throw error;
    at("refused").textContent = "处方内容与凭证不符。";
  }
}

at("form").addEventListener("submit", check);
at("fields").addEventListener("change", choose);
