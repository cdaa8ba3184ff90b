/**
 * My corrections: what I have asked for and what came of it; `#ID` of a prescription asks for another.
 * The record stays as it was signed; what is put right stands beside it.
 */
import { encodeBase64 } from "/static/ledger/forms.js";
import { get } from "../base/api.js";
import { button, field, fill, group, h } from "../base/dom.js";
import { day, moment } from "../base/format.js";
import { attempt, empty, fragment, paged, show, toast } from "../base/page.js";
import { learn } from "../base/problems.js";
import { command } from "../base/sign.js";
import { organisations } from "../base/statement.js";
import { _ } from "../base/words.js";
import { startKnown } from "./ready.js";
import { called, disputable, plain } from "./recordwords.js";

const STATES = {
  asked: "等待医院答复", accepted: "医院已补正", refused: "医院没有同意", appealed: "等待监管部门决定",
  upheld: "监管部门维持医院的答复", turned: "监管部门支持您的请求", withdrawn: "您已撤回",
};
const REASONS = { correct: "医院认为记录属实", unproven: "所述情况无法核实", changed: "处方已另行修改", other: "其他原因" };
const MOST = 500;

learn({
  "correction.already_open": "这份记录已有一个请求在等待答复。", "correction.too_many": "等待答复的请求太多，请先等答复。",
  "correction.wrong_state": "这个请求的状态刚刚变了，请刷新。", "correction.out_of_time": "已过期限。", "correction.bad_fields": "请选择记录中的一项。",
});

startKnown(render);

async function render(main) {
  const [id] = fragment(), known = await organisations(), rows = h("div", {});
  const rx = id ? await get(`/api/prescriptions/${id}`) : null;
  fill(main, rx ? form(rx) : h("p", { class: "weui-cells__title" }, _("发现处方里写错了？打开那张处方，点“内容有误，请求更正”。")),
    h("h2", { class: "weui-cells__title" }, _("我的更正请求")), rows);
  await paged(rows, async (cursor) => {
    const page = await get("/api/corrections", { cursor });
    return { rows: page.corrections, next: page.next };
  }, (one) => card(one, known), _("您还没有请求过更正。"));
}

/** The words are committed to with a salt that this phone draws. */
function salt() {
  return encodeBase64(crypto.getRandomValues(new Uint8Array(16)));
}

function form(rx) {
  const fields = disputable(rx), values = new Map(fields);
  const what = h("select", { name: "what" }, fields.map(([name, value]) => h("option", { value: name }, `${called(name)}：${plain(value)}`)));
  const right = h("textarea", { name: "right", rows: "2", maxlength: MOST }), why = h("textarea", { name: "why", rows: "2", maxlength: MOST });
  const ask = attempt(async () => {
    const said = right.value.trim(), reason = why.value.trim();
    if (!said || !reason) return toast(_("请写下正确的内容和理由。"), "bad");
    const rows = [[called(what.value), plain(values.get(what.value))], [_("应为"), said], [_("理由"), reason]];
    await command("/api/corrections", { prescription: rx.id, right: { [what.value]: said }, why: reason, salt: salt() }, { kind: "correction.ask", rows });
    toast(_("已提交，医院应在 30 天内答复。"));
    return location.replace("#"); // which shows the page anew
  });
  return [
    h("div", { class: "card" }, h("p", {}, _("原来的记录不会被改掉，正确的内容会附在旁边，看处方的人都能看到。"))),
    group(_("请求更正"), field(_("哪一项"), what), field(_("应为"), right), field(_("理由"), why, _("例如：附近期的检查结果"))),
    h("div", { class: "bar" }, button(_("核对并签名"), ask), h("a", { class: "weui-btn weui-btn_default", href: `/patient/prescription#${rx.id}` }, _("返回处方"))),
  ];
}

function card(one, known) {
  const rows = [
    [_("医院"), known.get(one.hospital) || one.hospital], [_("提出时间"), moment(one.asked_at)], ...said(one.request, _("您说应为")),
    one.state === "asked" ? [_("最晚答复"), day(one.answer_until)] : null,
    one.answered_at ? [_("答复时间"), moment(one.answered_at)] : null,
    one.reason ? [_("原因"), _(REASONS[one.reason] || one.reason)] : null, ...said(one.answer, _("医院说")), ...said(one.appeal, _("您的异议")),
    one.decided_at ? [_("决定时间"), moment(one.decided_at)] : null,
  ].filter(Boolean);
  return h("article", { class: "card", "data-correction": one.state }, h("h2", {}, _(STATES[one.state] || one.state)),
    h("dl", { class: "facts" }, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))), deeds(one));
}

function said(fields, whose) {
  return Object.entries(fields || {}).map(([name, value]) => [`${whose} · ${called(name)}`, plain(value)]);
}

/** While an answer is awaited it can be taken back; a refusal goes to the regulator, once and in time. */
function deeds(one) {
  const path = `/api/corrections/${one.id}`;
  const leave = attempt(async () => {
    await command(`${path}/take-back`, {}, { kind: "correction.take_back" });
    toast(_("已撤回。"));
    await show(render);
  });
  if (["asked", "appealed"].includes(one.state)) return h("div", { class: "bar" }, button(_("撤回请求"), leave, { kind: "default" }));
  return one.state === "refused" && new Date(one.appeal_until) > new Date() ? appeal(one, path) : null;
}

function appeal(one, path) {
  const [name, before] = Object.entries(one.request || {}).find(([key]) => key !== "why") || ["allergies", ""];
  const words = h("textarea", { name: "appeal", rows: "2", maxlength: MOST, value: String(before) });
  const act = attempt(async () => {
    const right = words.value.trim();
    if (!right) return toast(_("请写下正确的内容。"), "bad");
    await command(`${path}/appeal`, { right: { [name]: right }, salt: salt() }, { kind: "correction.appeal", rows: [[called(name), right]] });
    toast(_("已交给监管部门决定。"));
    return show(render);
  });
  return h("details", { class: "appeal" },
    h("summary", {}, _("不同意？%(day)s 前可以请监管部门决定", { day: day(one.appeal_until) })),
    field(_("应为"), words, _("这段话会附在记录旁边")), h("div", { class: "bar" }, button(_("签名提交"), act)));
}
