/** Data for a reward: what is offered, what I have joined, what came of it. */
import { each, get } from "../base/api.js";
import { button, cell, fill, h } from "../base/dom.js";
import { moment, yuan } from "../base/format.js";
import { attempt, empty, paged, show, toast } from "../base/page.js";
import { learn } from "../base/problems.js";
import { command } from "../base/sign.js";
import { organisations } from "../base/statement.js";
import { _ } from "../base/words.js";
import { FIELDS } from "./granted.js";
import { collect, insideWeChat } from "./phone.js";
import { startKnown } from "./ready.js";

const AIMS = {
  drug_safety: "药品安全性研究", effectiveness: "疗效研究", epidemiology: "流行病学研究", health_economics: "卫生经济学研究",
  product_development: "企业产品研发",
};
/** Where a reward is, in the words of `insurance/api_rewards.py`. */
const REWARDS = { due: "待发放", processing: "发放中", waiting: "请在微信中确认收款", done: "已到账" };
const MODES = {
  research_records: "逐人数据，去掉姓名和身份，换成假名", research_counts: "只交付加了噪声的人数统计，看不出任何一个人",
};

learn({
  "offer.over": "这个邀请已结束。", "offer.unknown": "没有这个邀请。", "optin.child": "未满 18 岁不能共享数据，也不能由别人代为同意。",
  "optin.exists": "您已参加。", "optin.withdrawn": "您已撤回。",
});

startKnown(render);

async function render(main) {
  const [names, opted, { offers }] = await Promise.all([organisations(), all(each("/api/me/opt-ins", "opt_ins")), get("/api/offers", { size: 50 })]);
  const mine = new Map(opted.filter((one) => !one.withdrawn_at).map((one) => [one.offer.id, one]));
  const open = offers.filter((one) => !mine.has(one.id)), over = opted.filter((one) => one.withdrawn_at);
  const rewards = h("div", {});
  fill(main,
    h("p", { class: "weui-cells__title" }, _("是否共享完全自愿，不影响看病取药；随时可以撤回。")),
    h("section", {}, h("h2", { class: "weui-cells__title" }, _("我参加的")), mine.size ? [...mine.values()].map((one) => joined(one, names)) : empty(_("您没有共享任何数据。"))),
    h("section", {}, h("h2", { class: "weui-cells__title" }, _("新的邀请")), open.length ? open.map((one) => offered(one, names)) : empty(_("目前没有新的邀请。"))),
    over.length ? h("details", {}, h("summary", { class: "touch weui-cells__title" }, _("已撤回的（%(number)s）", { number: over.length })), over.map((one) => joined(one, names))) : null,
    h("h2", { class: "weui-cells__title" }, _("我的奖励")), rewards);
  await paged(rewards, async (cursor) => {
    const page = await get("/api/me/rewards", { cursor });
    return { rows: page.rewards, next: page.next };
  }, (one) => reward(one, names), _("还没有奖励。数据被使用一次，就有一次。"));
}

/** WeChat asks the patient to take some transfers; inside it the question is opened from here. */
function reward(one, names) {
  const row = cell(names.get(one.organisation) || one.organisation, { desc: `${moment(one.used_at)} · ${_(REWARDS[one.state])}`, value: yuan(one.reward_fen) });
  row.dataset.reward = one.state;
  const take = attempt(async () => {
    if (await collect(one.confirm)) toast(_("已在微信确认，到账后这里会更新。"));
    await show(render);
  });
  return one.confirm && insideWeChat() ? h("div", {}, row, h("div", { class: "bar" }, button(_("确认收款"), take))) : row;
}

async function all(rows) {
  const found = [];
  for await (const one of rows) found.push(one);
  return found;
}

function terms(one) {
  return [
    [_("目的"), AIMS[one.aim] ? _(AIMS[one.aim]) : one.aim], [_("内容"), one.opens.map((name) => _(FIELDS[name] || name)).join("、")],
    [_("形式"), MODES[one.mode] ? _(MODES[one.mode]) : one.mode], [_("每次使用的奖励"), yuan(one.reward_fen)],
    [_("最少同类人数"), one.group_size], [_("伦理批准号"), one.ethics], [_("截止时间"), moment(one.until)],
  ];
}

function card(one, names, rows, foot) {
  return h("article", { class: "card" }, h("h2", {}, names.get(one.organisation) || one.organisation),
    h("dl", { class: "facts" }, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))), foot);
}

function offered(one, names) {
  const join = attempt(async () => {
    await command(`/api/offers/${one.id}/opt-in`, {}, { kind: "optin.give", rows: terms(one) });
    toast(_("已参加，可随时撤回。"));
    await show(render);
  });
  return card(one, names, terms(one), h("div", { class: "bar" }, button(_("核对并签名参加"), join)));
}

function joined(one, names) {
  const { offer } = one, earned = one.used * offer.reward_fen;
  const rows = [[_("已使用"), _("%(number)s 次", { number: one.used })], [_("奖励合计"), yuan(earned)], ...terms(offer)];
  if (one.withdrawn_at) return card(offer, names, [[_("撤回时间"), moment(one.withdrawn_at)], ...rows], null);
  const leave = attempt(async () => {
    await command(`/api/me/opt-ins/${one.id}/withdraw`, {}, { kind: "optin.withdraw", rows: rows.slice(0, 4) });
    toast(_("已撤回，立即生效。"));
    await show(render);
  });
  return card(offer, names, rows, h("div", { class: "bar" }, button(_("撤回共享"), leave, { kind: "warn" })));
}
