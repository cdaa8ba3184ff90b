/**
 * A patient's prescriptions of all hospitals, as far as a grant opens them; and in an emergency the plea
 * that a second doctor has to sign. The identity number stays in this page's memory.
 */
import { get, post } from "../base/api.js";
import { encodeBase64 } from "/static/ledger/forms.js";
import { button, cell, fill, group, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { attempt, empty, failed, start, toast } from "../base/page.js";
import { asked, command } from "../base/sign.js";
import { organisations } from "../base/statement.js";
import { _ } from "../base/words.js";
import * as content from "./content.js";
import { facts, labelled, text } from "./controls.js";
import { STATES, named } from "./terms.js";

const FIELDS = { allergies: _("过敏史"), "diagnosis/": _("诊断"), "dispensing/": _("发药"), "hospital/": _("医院"), "line/": _("药品") };

start(async (main) => {
  const { grants } = await get("/api/grants");
  const number = text({ name: "patient", maxlength: "18", accesskey: "p" }), place = h("section", { "data-part": "history", "aria-live": "polite" });
  const ask = attempt(() => shown(place, { patient: number.value.trim().toUpperCase() }));
  number.addEventListener("keydown", (event) => { if (event.key === "Enter") ask(); });
  fill(main, h("div", { class: "columns" },
    h("section", {},
      h("div", { class: "card" }, labelled(_("患者身份证号"), number),
        h("div", { class: "bar" }, button(_("查看用药史"), ask), button(_("紧急查看"), attempt(() => plead(number.value.trim().toUpperCase())), { kind: "warn" })),
        h("p", { class: "tip" }, _("须有患者授权。紧急查看须本院另一名医师签署，三十分钟内有效；患者会看到，监管部门会审查。"))),
      group(_("患者授予我的查看权"), grants.length ? grants.map((one) => granted(one, place)) : empty(_("没有有效的授权")))),
    place));
});

function granted(one, place) {
  const opens = one.opens.map((name) => FIELDS[name] ?? name).join("、");
  return cell(opens, { desc: _("至 %(at)s", { at: moment(one.until) }), onclick: attempt(() => shown(place, { grant: one.id })) });
}

/** Page after page; what the answer does not open is not there. */
async function shown(place, about) {
  const list = h("div", {}), more = h("div", { class: "more" });
  const next = async (cursor) => {
    const [page, names] = await Promise.all([post("/api/history", { ...about, ...(cursor ? { cursor } : {}) }), organisations()]);
    if (!cursor) fill(place, basis(page), list, more);
    list.append(...page.prescriptions.map((one) => past(one, names)));
    if (!list.children.length) list.append(empty(_("没有处方")));
    fill(more, page.next ? button(_("更多"), attempt(() => next(page.next)), { kind: "default" }) : null);
  };
  try {
    await next();
  } catch (fault) {
    fill(place, failed(fault, attempt(() => shown(place, about))));
  }
}

function basis(page) {
  const opened = page.opened.map((name) => FIELDS[name] ?? name).join("、");
  const why = page.purpose === "emergency" ? _("紧急查看") : _("患者授权");
  return h("p", { class: "tip card" }, _("依据：%(why)s；可见内容：%(opened)s", { why, opened }));
}

function past(one, names) {
  const { pharmacy, at } = one.dispensing ?? {};
  const given = [_("发药"), pharmacy ? `${names.get(pharmacy) || pharmacy} ${moment(at)}` : ""];
  return h("section", { class: "card" },
    h("h3", {}, one.created_at ? moment(one.created_at) : one.month, " ", h("span", { class: "tag" }, named(STATES, one.status))),
    facts([given]),
    one.erased ? h("p", {}, _("内容已由患者删除")) : content.shown(one.fields, one.lines, one.amendments));
}

async function plead(patient) {
  if (patient.length !== 18) return toast(_("请先填写患者身份证号。"), "bad");
  const reason = h("textarea", { rows: "3", maxlength: "500", required: true });
  const agreed = await asked(_("紧急查看"), [labelled(_("为什么来不及征得患者同意"), reason), h("p", {}, _("每次紧急查看都会公开记录，并由监管部门审查。"))], _("下一步"));
  if (!agreed) return undefined;
  const salt = encodeBase64(crypto.getRandomValues(new Uint8Array(16)));
  const made = await command("/api/break-glass", { patient, reason: reason.value.trim(), salt }, { kind: "emergency.plead", rows: [[_("原因"), reason.value.trim()]] });
  return toast(_("已请求。请本院另一名医师在“待办”中签署，%(at)s 前有效。", { at: moment(made.until) }));
}
