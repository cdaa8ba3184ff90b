/** The account: what happened, and the ways to all that belongs to the patient. */
import { get, post, write } from "../base/api.js";
import { cell, fill, group, h } from "../base/dom.js";
import { ago } from "../base/format.js";
import { attempt, empty, paged, start } from "../base/page.js";
import { forget, session } from "../base/session.js";
import { keepPages } from "../base/worker.js";
import { _ } from "../base/words.js";

const PLACES = [
  [_("我的数据"), [
    ["patient/looks", _("谁看过我的数据"), _("每一行都在本机核验")],
    ["patient/grants", _("我的授权"), _("谁可以看，随时撤回")],
    ["patient/corrections", _("更正记录"), _("写错的内容，请医院补正")],
    ["patient/receipts", _("我的凭证"), _("存在本机，断网也能核验")],
    ["patient/offers", _("数据共享邀请"), _("自愿参加，每次使用有奖励")],
  ]],
  [_("账户与安全"), [
    ["patient/devices", _("我的设备"), _("签名密钥只在您的手机上")],
    ["patient/guardians", _("监护与代办"), _("为家人办理，或请家人代办")],
    ["patient/export", _("导出我的数据"), _("一份完整的副本")],
    ["patient/erase", _("删除我的数据"), _("注销账户")],
    ["settings", _("显示设置"), _("大字、深色、语言")],
  ]],
];
/** Where a notice leads, by the first part of its kind. */
const LEADS = {
  prescription: "patient/", parcel: "patient/", refund: "patient/", recall: "patient/", key: "patient/devices", grant: "patient/looks",
  emergency: "patient/looks", look: "patient/looks", guardian: "patient/guardians", ward: "patient/guardians", optin: "patient/looks", reward: "patient/offers",
  correction: "patient/corrections",
};

start(async (main) => {
  const notices = h("section", { class: "weui-cells__group", "aria-labelledby": "notices" });
  fill(main, notices,
    PLACES.map(([title, places]) => group(title, places.map(([path, name, desc]) => cell(name, { desc, href: `/${path}` })))),
    group("", cell(_("退出登录"), { onclick: attempt(leave), warn: true })));
  await Promise.all([showNotices(notices), keepPages()]);
});

async function showNotices(place) {
  const title = h("h2", { class: "weui-cells__title", id: "notices" }), rows = h("div", {});
  fill(place, title, rows);
  if (session().guardianship) return fill(rows, empty(_("代办时不显示您自己的消息。")));
  let newest;
  await paged(rows, async (cursor) => {
    const page = await get("/api/me/notices", { cursor, size: 5 });
    if (!cursor) {
      newest = page.notices[0];
      fill(title, _("消息"), page.unread ? h("span", { class: "weui-badge", "data-unread": page.unread }, _("%(number)s 条未读", { number: page.unread })) : null);
    }
    return { rows: page.notices, next: page.next };
  }, notice, _("还没有消息。"));
  if (newest && !newest.read) await write("/api/me/notices/read", { up_to: newest.id });
  return place;
}

function notice(one) {
  const lead = one.read ? null : h("span", { class: "weui-badge weui-badge_dot", role: "img", "aria-label": _("未读") });
  return cell(_(one.text), { desc: ago(one.at), href: `/${LEADS[one.kind.split(".")[0]] || "patient/"}`, lead });
}

/** The session ends here and at the server; the key stays on this phone. */
async function leave() {
  await post("/api/logout").catch(() => null);
  forget();
  location.assign("/");
}
