/** One of the doctor's prescriptions, `#ID`: what it says, what was answered, what can be done with it. */
import { get } from "../base/api.js";
import { button, cell, fill, group, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { attempt, fragment, show, start, toast } from "../base/page.js";
import { command } from "../base/sign.js";
import { organisations } from "../base/statement.js";
import { _ } from "../base/words.js";
import * as content from "./content.js";
import { choose, facts } from "./controls.js";
import * as entries from "./entries.js";
import { signed } from "./issue.js";
import { keep } from "./requests.js";
import { CANCEL_REASONS, STATES, choices, named } from "./terms.js";

const WAITING = ["issued", "pending", "checked", "approved"];
const OPEN = [...WAITING, "authorized", "paid"];
const AT_PHARMACY = ["authorized", "paid"];

start(render);

async function render(main) {
  const [id] = fragment(), again = () => show(render);
  const [one, names] = await Promise.all([get(`/api/prescriptions/${id}`), organisations()]);
  const path = `/api/prescriptions/${id}`;
  fill(main,
    h("section", { class: "card", "data-status": one.status },
      h("h2", {}, _("处方"), " ", h("span", { class: "tag" }, named(STATES, one.status))),
      facts([[_("开具时间"), moment(one.created_at)], [_("有效期至"), moment(one.valid_until)],
        one.pharmacy ? [_("药房"), names.get(one.pharmacy) || one.pharmacy] : [_("可取药"), one.can_be_fetched ? _("是") : _("否")],
        ...(one.issue ? [[_("长期处方"), _("第%(number)s/%(of)s次，每%(interval_days)s天一次", one.issue)], [_("可取药时间"), moment(one.issue.opens_at)]] : [])]),
      one.erased ? h("p", {}, _("内容已由患者删除")) : content.shown(one.fields, one.lines, one.amendments),
      h("div", { class: "bar" }, moves(one, path, again))),
    one.issue ? await plan(one.issue.series, id) : null,
    await entries.part(id, one.status));
}

function moves(one, path, again) {
  const told = (words) => { toast(words); again(); };
  const kept = Object.keys(one.lines).length > 0;
  return [
    one.status === "draft" ? button(_("签名开具"), attempt(async () => { await signed(one, rows(one)); told(_("已签名开具")); })) : null,
    OPEN.includes(one.status) && kept ? h("a", { class: "weui-btn weui-btn_default", href: `/doctor/change#${one.id}` }, _("修改处方")) : null,
    AT_PHARMACY.includes(one.status) ? button(_("答复药师：不修改"), attempt(() => keep(path, told)), { kind: "default" }) : null,
    OPEN.includes(one.status) && !one.issue ? button(_("延长有效期"), attempt(() => extend(one, path, told)), { kind: "default" }) : null,
    [...OPEN, "draft"].includes(one.status) ? button(_("取消处方"), attempt(() => cancel(path, told)), { kind: "warn" }) : null,
    one.issue && [...OPEN, "draft"].includes(one.status) ? button(_("停用长期处方"), attempt(() => stop(one.issue.series, told)), { kind: "warn" }) : null,
  ];
}

function rows(one) {
  return Object.entries(one.lines).map(([number, line]) => [_("药品 %(number)s", { number }), `${line.generic_name} ${content.inWords(line)}`]);
}

/** To 24:00 in China of the third day from the day of issue: the latest that the law allows. */
async function extend(one, path, told) {
  const day = new Date(new Date(one.created_at).getTime() + 8 * 3_600_000).toISOString().slice(0, 10);
  const until = new Date(new Date(`${day}T00:00:00+08:00`).getTime() + 3 * 86_400_000).toISOString().replace(/\.\d+Z$/, "Z");
  await command(`${path}/extend`, { valid_until: until }, { kind: "prescription.extend", rows: [[_("新的截止时间"), moment(until)]] });
  told(_("已延长有效期"));
}

async function cancel(path, told) {
  const reason = await choose(_("取消处方"), _("原因"), choices(CANCEL_REASONS), _("下一步"));
  if (reason === null) return;
  await command(`${path}/cancel`, { reason }, { kind: "prescription.cancel" });
  told(_("处方已取消"));
}

async function stop(series, told) {
  const reason = await choose(_("停用长期处方，取消尚未发药的各次"), _("原因"), choices(CANCEL_REASONS), _("下一步"));
  if (reason === null) return;
  await command(`/api/series/${series}/stop`, { reason }, { kind: "prescription.cancel" });
  told(_("长期处方已停用"));
}

/** The plan of a long-term prescription: every issue, when it opens and ends. */
async function plan(series, here) {
  const found = await get(`/api/series/${series}`);
  return group(_("长期处方计划"), found.prescriptions.map((one) => cell(_("第%(number)s/%(of)s次", one.issue), {
    desc: `${moment(one.issue.opens_at)} – ${moment(one.valid_until)}`, value: named(STATES, one.status),
    href: one.id === here ? undefined : `/doctor/prescription#${one.id}`,
  })));
}
