/** The shop window: what this is, and in the demo who can be played. */
import { fill, group, cell, h } from "../base/dom.js";
import { start } from "../base/page.js";
import { _ } from "../base/words.js";

const STEPS = [
  [_("医生开方"), _("线上问诊，按规则核对，医生签名。")],
  [_("患者授权"), _("密钥只在您的手机上。您选药房，您签名，处方才能被看到。")],
  [_("药师发药"), _("扫一次码，四查十对，每盒药有追溯码。")],
  [_("配送到家"), _("到店自取，或送到家门口，由您签收。")],
  [_("保险直赔"), _("只付自己的一份，其余由医保和保险直接付给药房。")],
  [_("全程可查"), _("谁看过您的数据、何时、为何，您都看得到，谁都改不了。")],
];
const AREAS = [
  ["patient", _("患者")], ["doctor", _("医生")], ["reviewer", _("审方药师")], ["pharmacy", _("药师")],
  ["courier", _("配送员")], ["payer", _("医保与保险经办人")], ["board", _("监管人员")],
];

/** The demo's persons; none where this is no demo. */
async function people() {
  const answer = await fetch("/demo/people", { credentials: "omit" }).catch(() => null);
  return answer?.ok ? (await answer.json()).people : [];
}

function person(one) {
  const about = [one.organisation, one.about].filter(Boolean).join(" · ");
  return cell(one.name, { desc: about || null, href: `/enter#${one.area}//${encodeURIComponent(one.id)}` });
}

start(async (main) => {
  const known = await people();
  const doors = AREAS.map(([area, title]) => cell(title, { href: `/enter#${area}` }));
  const played = AREAS.map(([area, title]) => {
    const mine = known.filter((one) => one.area === area);
    return mine.length ? group(_("以%(role)s身份进入（演示）", { role: title }), mine.map(person)) : null;
  });
  fill(main,
    h("section", { class: "hero" },
      h("p", {}, _("医院、药房、保险、医保和监管共用一张处方，谁也不必相信谁：每一步由本人签名，写进谁都能离线验证的账本。"))),
    h("ol", { class: "columns steps" }, STEPS.map(([title, words]) => h("li", { class: "card" }, h("h2", {}, title), h("p", {}, words)))),
    known.length ? h("div", { class: "columns" }, played) : group(_("登录"), doors),
    group(_("验证与开发"),
      cell(_("验证一张凭证"), { href: "/check", desc: _("在本机完成，内容不会上传") }),
      cell(_("接口文档"), { href: "/api/docs/" }),
      cell(_("公开账本"), { href: "/log/checkpoint" })));
});
