/** My keys: on which devices they lie, which one is new and waits, and how one is revoked. */
import { get } from "../base/api.js";
import { button, fill, h } from "../base/dom.js";
import { day, moment } from "../base/format.js";
import * as keys from "../base/keys.js";
import { attempt, empty, show, start, toast } from "../base/page.js";
import { learn } from "../base/problems.js";
import { forget, session } from "../base/session.js";
import { command } from "../base/sign.js";
import { _ } from "../base/words.js";

const STATES = {
  active: "使用中", waiting: "等待生效", suspended: "暂停：新手机正在申请取代它", replaced: "已被取代", revoked: "已注销",
};
const LIVE = ["active", "waiting", "suspended"];

learn({ "key.unknown": "没有这个密钥。", "key.waiting": "这台设备的密钥还没有生效。" });

start(render);

async function render(main) {
  const [{ keys: found }, here] = await Promise.all([get("/api/keys"), keys.of(session().account)]);
  const live = found.filter((one) => LIVE.includes(one.state)), over = found.filter((one) => !LIVE.includes(one.state));
  const waiting = live.find((one) => one.state === "waiting" && one.name !== here?.name);
  const isHere = live.some((one) => one.name === here?.name);
  fill(main,
    waiting ? objection(waiting, isHere) : null,
    h("p", { class: "weui-cells__title" }, _("每台设备有自己的签名密钥，在设备上生成，任何人都取不出来，包括医院。")),
    live.length ? live.map((one) => card(one, here, isHere)) : empty(_("您还没有登记任何设备。")),
    isHere ? h("div", { class: "bar" }, h("a", { class: "weui-btn weui-btn_default", href: "/patient/adding" }, _("添加另一台手机"))) : null,
    isHere ? null : h("section", { class: "card" }, h("p", {}, _("这台设备还没有登记，不能签名。")),
      h("div", { class: "bar" }, h("a", { class: "weui-btn weui-btn_primary", href: "/patient/identify" }, _("登记这台设备")))),
    over.length ? h("details", {}, h("summary", { class: "touch weui-cells__title" }, _("不再使用的（%(number)s）", { number: over.length })), over.map((one) => card(one, here, false))) : null);
}

/** Somebody with the person's face asks to replace all keys: whoever did not do it has to say so in time. */
function objection(one, isHere) {
  const object = attempt(() => revoke(one, _("不是我，已阻止。")));
  return h("section", { class: "card unusual", role: "alert" },
    h("h2", { class: "bad" }, _("⚠ 有新手机申请取代您的全部密钥")),
    h("p", {}, _("%(device)s 将于 %(at)s 生效，此后您现有的设备都不能再签名。如果不是您本人申请，请立即阻止。", { device: nameOf(one), at: moment(one.active_from) })),
    isHere ? h("div", { class: "bar" }, button(_("不是我，阻止"), object, { kind: "warn" })) : null);
}

function nameOf(one) {
  return one.device || _("未命名的设备");
}

function card(one, here, canSign) {
  const isThis = one.name === here?.name;
  const rows = [
    [_("状态"), h("strong", { class: one.state === "active" ? "good" : "bad" }, _(STATES[one.state] || one.state))], [_("登记时间"), moment(one.registered_at)],
    one.last_used_on ? [_("最近使用"), day(one.last_used_on)] : null,
    one.state === "waiting" ? [_("生效时间"), moment(one.active_from)] : null,
    one.revoked_at ? [_("失效时间"), moment(one.revoked_at)] : null, [_("密钥编号"), one.name],
  ].filter(Boolean);
  const act = attempt(async () => {
    await revoke(one, _("已注销。"));
    if (!isThis) return;
    await keys.drop(session().account);
    forget();
    location.assign("/");
  });
  return h("article", { class: "card" }, h("h2", {}, nameOf(one), isThis ? h("span", { class: "good" }, _("（这台设备）")) : null),
    h("dl", { class: "facts" }, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
    canSign && one.state === "active" ? h("div", { class: "bar" }, button(isThis ? _("注销这台设备") : _("注销"), act, { kind: "warn" })) : null);
}

async function revoke(one, words) {
  await command("/api/keys/revoke", { name: one.name }, { kind: "key.revoke", rows: [[_("设备"), nameOf(one)]] });
  toast(words);
  if (one.name !== (await keys.of(session().account))?.name) await show(render);
}
