/** Who may see my records by my own word: what is in force, what is over, and another one. */
import { get } from "../base/api.js";
import { button, field, fill, group, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { attempt, empty, show, toast } from "../base/page.js";
import { learn } from "../base/problems.js";
import { command } from "../base/sign.js";
import { organisations } from "../base/statement.js";
import { _ } from "../base/words.js";
import { FIELDS, PURPOSES } from "./granted.js";
import { startKnown } from "./ready.js";

const DAY_MS = 86_400_000, LENGTHS = [[1, "1 天"], [7, "7 天"], [30, "30 天"], [180, "半年"], [365, "1 年"]];

learn({
  "grant.too_many": "您的授权太多，请先撤回一个。", "grant.unknown_reader": "该机构没有人以此用途查看。",
  "grant.wrong_fields": "这个用途不需要这么多内容。", "grant.wrong_period": "授权最长两年。", "grant.wrong_state": "这个授权已撤回。",
});

startKnown(render);

async function render(main) {
  const [{ grants }, names] = await Promise.all([get("/api/me/grants"), organisations()]);
  const live = grants.filter(isLive), over = grants.filter((one) => !isLive(one));
  const form = h("section", { hidden: true, "aria-label": _("新的授权") });
  const open = button(_("新的授权"), attempt(async () => { await compose(form, () => show(render)); form.hidden = false; }));
  fill(main,
    h("p", { class: "weui-cells__title" }, _("只有您签名授权的人能看，随时可以撤回，立即生效。取药、理赔所需的查看随处方授权，不在这里。")),
    live.length ? live.map((one) => card(one, names, true)) : empty(_("目前没有有效的授权。")),
    h("div", { class: "bar" }, open), form,
    over.length ? h("details", {}, h("summary", { class: "touch weui-cells__title" }, _("已结束的授权（%(number)s）", { number: over.length })), over.map((one) => card(one, names, false))) : null);
}

function isLive(one) {
  return !one.withdrawn_at && new Date(one.until) > new Date();
}

function card(one, names, live) {
  const rows = [
    [_("用途"), purpose(one.purpose)], [_("内容"), one.opens.map((name) => _(FIELDS[name] || name)).join("、")],
    one.account ? [_("限于"), _("该机构的一名人员")] : null,
    [_("开始时间"), moment(one.since)], one.withdrawn_at ? [_("撤回时间"), moment(one.withdrawn_at)] : [_("截止时间"), moment(one.until)],
  ].filter(Boolean);
  const withdraw = attempt(async () => {
    await command(`/api/me/grants/${one.id}/withdraw`, {}, { kind: "consent.withdraw", rows: rows.slice(0, 2) });
    toast(_("已撤回，立即生效。"));
    await show(render);
  });
  return h("article", { class: "card" }, h("h2", {}, names.get(one.to) || one.to),
    h("dl", { class: "facts" }, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
    live ? h("div", { class: "bar" }, button(_("撤回授权"), withdraw, { kind: "warn" })) : null);
}

function purpose(name) {
  return PURPOSES[name] ? _(PURPOSES[name].words) : name;
}

async function compose(form, done) {
  const { organisations: every } = await get("/api/organisations");
  const why = h("select", {}, Object.entries(PURPOSES).map(([value, { words }]) => h("option", { value }, _(words))));
  const to = h("select", { required: true }), boxes = h("div", { class: "weui-cells" });
  const until = h("select", {}, LENGTHS.map(([days, words]) => h("option", { value: days }, _(words))));
  const choose = () => {
    const { kinds, fields } = PURPOSES[why.value];
    fill(to, every.filter((one) => kinds.includes(one.kind)).map((one) => h("option", { value: one.slug }, one.name)));
    fill(boxes, fields.map(box));
  };
  why.addEventListener("change", choose);
  choose();
  const give = attempt(async () => {
    const opens = Array.from(boxes.querySelectorAll(":checked"), (one) => one.value);
    if (!to.value) return toast(_("没有可授权的机构。"), "bad");
    if (!opens.length) return toast(_("请至少选择一项内容。"), "bad");
    const body = { to: to.value, purpose: why.value, opens, until: new Date(Date.now() + until.value * DAY_MS).toISOString() };
    await command("/api/me/grants", body, { kind: "consent.grant" });
    toast(_("已授权。"));
    return done();
  });
  fill(form, group(_("授权给谁"), field(_("用途"), why), field(_("机构"), to), field(_("期限"), until)),
    h("fieldset", { class: "plain" }, h("legend", { class: "weui-cells__title" }, _("可以看什么")), boxes),
    h("div", { class: "bar" }, button(_("核对并签名"), give)));
}

function box(name) {
  return h("label", { class: "weui-cell" }, h("span", { class: "weui-cell__bd" }, _(FIELDS[name])), h("span", { class: "weui-cell__ft" }, h("input", { type: "checkbox", value: name, checked: true })));
}
