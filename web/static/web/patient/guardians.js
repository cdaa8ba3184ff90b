/** Who acts for me, and for whom I act: appoint, end, step into a ward's place. */
import { Problem, get } from "../base/api.js";
import { button, field, fill, group, h } from "../base/dom.js";
import { day, moment } from "../base/format.js";
import { attempt, empty, show, toast } from "../base/page.js";
import { learn } from "../base/problems.js";
import { change, session } from "../base/session.js";
import { command } from "../base/sign.js";
import { _ } from "../base/words.js";
import { drawn } from "../qr.js";
import { startKnown } from "./ready.js";

const DAY_MS = 86_400_000, LENGTHS = [[30, "30 天"], [180, "半年"], [365, "1 年"], [730, "2 年"]];
const KINDS = { registered: "医院登记的监护", appointed: "本人委托" };

learn({
  "guardianship.exists": "这个人已经是您的监护人。", "guardianship.own": "不能委托自己。", "guardianship.too_many": "监护关系太多，请先结束一个。",
  "guardianship.unknown_guardian": "账户编号与身份证号不符，请向对方核对。", "guardianship.ward_is_a_child": "未满 18 岁不能自行委托。",
  "guardianship.guardian_is_a_child": "监护人须年满 18 岁。", "guardianship.not_appointed": "这是医院登记的监护，需由医院解除。",
  "guardianship.wrong_state": "监护关系已结束。",
  "guardianship.key_not_entered": "请先在“监护与代办”中开始代办。",
});

startKnown(render);

async function render(main) {
  if (session().guardianship) return fill(main, h("section", { class: "card" }, h("p", {}, _("您正在代办，结束后可管理监护关系。")),
    h("div", { class: "bar" }, button(_("去看处方"), async () => location.assign("/patient/")), button(_("结束代办"), async () => { change({ guardianship: "" }); location.reload(); }, { kind: "default" }))));
  const found = await get("/api/guardianships"), guardians = found.guardians.filter(isLive), wards = found.wards.filter(isLive);
  return fill(main,
    h("section", {}, h("h2", { class: "weui-cells__title" }, _("我为谁代办")), wards.length ? wards.map((one) => card(one, true)) : empty(_("您目前不是任何人的监护人。"))),
    h("section", {}, h("h2", { class: "weui-cells__title" }, _("谁为我代办")), guardians.length ? guardians.map((one) => card(one, false)) : empty(_("没有人可以代您办理。"))),
    appointment(), myNumber());
}

function isLive(one) {
  return !one.ended_at && new Date(one.until) > new Date();
}

function card(one, isWard) {
  const rows = [
    [isWard ? _("被监护人账户") : _("监护人账户"), isWard ? one.ward : one.guardian], [_("方式"), _(KINDS[one.kind] || one.kind)],
    [_("开始时间"), day(one.since)], [_("截止时间"), day(one.until)],
  ];
  const end = attempt(async () => {
    await command(`/api/guardianships/${one.id}/end`, {}, { kind: "guardianship.end", rows: rows.slice(0, 2) });
    toast(_("已解除，立即生效。"));
    await show(render);
  });
  return h("article", { class: "card" }, h("dl", { class: "facts" }, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
    h("div", { class: "bar" }, isWard ? button(_("开始代办"), attempt(() => act(one))) : null,
      one.kind === "appointed" ? button(isWard ? _("辞去监护") : _("解除委托"), end, { kind: "warn" }) : null));
}

/** From now on this tab acts for the ward; before the first time the key is entered where the ward's entries are. */
async function act(one) {
  try {
    await command(`/api/guardianships/${one.id}/key`, {}, { rows: [[_("用途"), _("登记本机密钥，用于代被监护人签署")]] });
  } catch (fault) {
    if (!(fault instanceof Problem) || fault.code !== "guardianship.key_known") throw fault;
  }
  change({ guardianship: one.id });
  location.assign("/patient/");
}

function appointment() {
  const account = h("input", { maxlength: 36, spellcheck: "false", autocomplete: "off", pattern: "[0-9a-fA-F\\-]{32,36}" });
  const number = h("input", { maxlength: 18, spellcheck: "false", autocomplete: "off" });
  const until = h("select", {}, LENGTHS.map(([days, words]) => h("option", { value: days }, _(words))));
  const give = attempt(async () => {
    if (!account.value.trim() || !number.value.trim()) return toast(_("请填写账户编号和身份证号。"), "bad");
    const body = { guardian: account.value.trim(), id_number: number.value.trim().toUpperCase(), until: new Date(Date.now() + until.value * DAY_MS).toISOString() };
    await command("/api/guardianships", body, { kind: "guardianship.appoint", rows: [[_("监护人身份证尾号"), body.id_number.slice(-4)], [_("截止时间"), moment(body.until)]] });
    toast(_("已委托。"));
    return show(render);
  });
  return h("details", {}, h("summary", { class: "touch weui-cells__title" }, _("委托一位监护人")),
    group("", field(_("账户编号"), account, _("请对方在这一页“我的账户编号”中找到并告诉您")), field(_("身份证号"), number, _("对方的身份证号，用于核对")), field(_("期限"), until)),
    h("p", { class: "weui-cells__title" }, _("监护人可以看您的处方和问诊，并代您签名取药；每次查看和操作您都会知道。")),
    h("div", { class: "bar" }, button(_("核对并签名"), give)));
}

function myNumber() {
  const { account } = session();
  return h("details", {}, h("summary", { class: "touch weui-cells__title" }, _("我的账户编号")),
    h("div", { class: "card code" }, h("p", {}, account), drawn(account, _("我的账户编号的二维码"))));
}
