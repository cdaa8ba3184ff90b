/** Giving out while there is no network: check the patient's receipts here, sign a slip, bring it in later. */
import { button, cell, field, fill, group, h } from "../base/dom.js";
import { moment, yuan } from "../base/format.js";
import * as keys from "../base/keys.js";
import { attempt, empty, start, toast } from "../base/page.js";
import { session } from "../base/session.js";
import { asked, command } from "../base/sign.js";
import { keepPages } from "../base/worker.js";
import { _ } from "../base/words.js";
import { bar } from "./bar.js";
import * as devices from "./device.js";
import { digest, shown, slip } from "./evidence.js";
import { Parts } from "./parts.js";
import "./offlinewords.js";
import "./refusals.js";
import { usage } from "./usage.js";
import { kindOf } from "./wedge.js";

const FORMS = { ordinary: "普通处方", emergency: "急诊处方", paediatric: "儿科处方" };
const CHECKS = { appropriateness: "查用药合理性", incompatibility: "查配伍禁忌", medicine: "查药品", prescription: "查处方" };
const limits = h("section", {}), work = h("section", { id: "work" }), mine = h("section", {}), parts = new Parts();
let code = "";

start(async (main) => {
  const input = h("input", { type: "file", name: "receipts", multiple: true });
  input.addEventListener("change", attempt(async () => {
    for (const file of input.files) parts.file(new Uint8Array(await file.arrayBuffer()));
    input.value = "";
    await tried();
  }));
  fill(main, limits, bar(attempt(took), _("扫描患者的凭证码，最后扫取药码")),
    group(_("患者手机上的凭证"), field(_("凭证文件"), input, _("也可以逐个扫描凭证二维码。"))), work, mine);
  await renew();
  await list();
  await keepPages("pharmacy");
  window.addEventListener("online", attempt(async () => { await renew(); await list(); }));
});

/** Limits come from the server while it is there; otherwise those that were kept last. */
async function renew() {
  let device = null;
  try {
    device = await devices.renewed();
  } catch (problem) {
    if (problem.code !== "offline" && !(problem instanceof TypeError)) throw problem;
    device = await devices.kept();
  }
  fill(limits, device ? said(device) : empty(_("这台设备还没有离线规则，请先联网打开本页。")));
}

function said(device) {
  const forms = device.limits.forms.map((one) => _(FORMS[one] || one)).join("、");
  const newer = device.newer ? cell(_("联盟的验证规则有更新"), { desc: devices.fingerprint(device.newer), warn: true, onclick: attempt(async () => {
    if (await asked(_("采用新的验证规则？"), h("p", {}, devices.fingerprint(device.newer)), _("采用"))) { await devices.pin(device.newer); await renew(); }
  }) }) : null;
  return group(_("离线发药的限制"),
    cell(_("总额不超过"), { value: yuan(device.limits.total_fen) }), cell(_("处方类型"), { value: forms }),
    cell(_("须整张发药，不换药")), cell(_("补录期限"), { value: _("%(hours)s 小时内", { hours: device.limits.reconcile_s / 3600 }) }),
    cell(_("规则取得时间"), { value: moment(device.fetched), desc: devices.fingerprint(device.policy) }), newer);
}

async function took(text) {
  if (kindOf(text) === "code") code = text;
  else if (!(await parts.scanned(text.trim()))) return toast(_("这不是凭证码，也不是取药码。"), "bad");
  return tried();
}

/** Check what there is by now; a fresh code comes last, for it lives two minutes. */
async function tried() {
  const count = parts.files.length;
  if (!code) return fill(work, count ? cell(_("已收到 %(count)s 份凭证，请扫取药码", { count })) : null);
  if (!count) return fill(work, cell(_("请出示凭证")));
  const device = await devices.kept();
  if (!device) return toast(_("这台设备还没有离线规则，请先联网打开本页。"), "bad");
  const used = code, here = await devices.ready(device);
  code = "";
  const found = shown(parts.files, used, here, Date.now());
  return fill(work, proven(found, used, here));
}

function proven(found, used, here) {
  const ticks = Object.entries(CHECKS).map(([value, words]) => [value, h("input", { type: "checkbox", name: "check", value }), words]);
  const act = attempt(async () => {
    const checks = ticks.filter(([, input]) => input.checked).map(([value]) => value);
    if (checks.length < ticks.length) return toast(_("请先看过并勾选每一项核对。"), "bad");
    return sign(found, used, here, checks);
  });
  return [
    h("p", { class: "card good", role: "status" }, _("凭证有效：本药房，已付款，共 %(total)s", { total: yuan(found.total_fen) })),
    group(_("药品"), Object.entries(found.lines).map(([number, line]) =>
      cell(`${number}. ${line.generic_name}`, { desc: `${line.form} ${line.specification}，${usage(line)}`, value: `${found.quantities[number]} ${line.unit}` }))),
    h("fieldset", { class: "card checks" }, h("legend", {}, _("四查十对")), ticks.map(([, input, words]) =>
      h("label", { class: "weui-cell" }, h("span", { class: "weui-cell__hd" }, input), h("span", { class: "weui-cell__bd" }, _(words))))),
    h("p", { class: "card" }, _("离线时看不到患者是否已在别处取药或撤回，由本药房负责，请尽快补录。")),
    h("div", { class: "bar" }, button(_("签离线凭条并发药"), act)),
  ];
}

/** The slip is shown as its own bytes say it, signed by the pharmacist's key here, and kept before anything leaves. */
async function sign(found, used, here, checks) {
  const text = slip(found, used, here, Date.now()), key = await keys.of(session().account);
  const facts = text.trimEnd().split("\n").slice(1).map((line) => h("p", {}, line));
  if (!(await asked(_("离线凭条"), facts, _("签名发药")))) return;
  const note = await keys.sign(key, text);
  await devices.keepSlip({ digest: digest(text), slip: note, code: used, checks, scanned: digest(used), after: found.leaf, subject: found.subject, given: Date.now(), by: session().account, outcome: "" });
  parts.clear();
  fill(work, h("div", { class: "state", role: "status" }, h("p", { class: "good" }, _("已离线发药，凭条已保存在本机。"))));
  await list();
}

async function list() {
  const all = (await devices.slips()).sort((one, other) => other.given - one.given);
  const waiting = all.filter((one) => !one.outcome);
  const bring = attempt(async () => { for (const one of waiting) await brought(one); });
  fill(mine,
    h("h2", { class: "weui-cells__title" }, _("离线凭条")),
    all.length ? h("div", { class: "weui-cells" }, all.map(row)) : empty(_("没有离线凭条。")),
    waiting.length ? h("div", { class: "bar" }, button(_("补录 %(count)s 张", { count: waiting.length }), bring)) : null);
}

const REASONS = {
  taken_back: "患者已撤回", elsewhere: "已在别处发药", given_already: "已发过药", cancelled: "处方已取消", changed: "处方已修改", expired: "处方已过期",
  quantity: "数量不符", not_checked: "未经双人复核", key: "签名密钥已注销", code_used: "取药码已用过", recalled: "药品已召回",
};
const OUTCOMES = { dispensed: "已补录", collided: "与现有状态冲突", "": "待补录" };
function row(one) {
  const about = [moment(one.given), one.reason ? _(REASONS[one.reason] || one.reason) : null].filter(Boolean).join(" · ");
  return cell(one.subject.slice(-8), { desc: about, value: _(OUTCOMES[one.outcome]), warn: one.outcome === "collided" });
}

/** The server says whether it counts or collides; either is an answer, and stays on the list. */
async function brought(one) {
  const done = await command("/api/offline", { slip: one.slip, code: one.code, checks: one.checks }, { kind: ["pharmacy.dispense", "pharmacy.collide"], yes: _("签名补录") });
  await devices.keepSlip({ ...one, code: "", outcome: done.slip.outcome, reason: done.slip.reason });
  toast(done.slip.outcome === "dispensed" ? _("已补录。") : _("这张凭条与现有状态冲突，监管部门会看到。"), done.slip.outcome === "dispensed" ? "good" : "bad");
  await list();
}
