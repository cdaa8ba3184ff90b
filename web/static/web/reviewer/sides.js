/**
 * Side by side: what was prescribed, and what speaks about it: the warnings that the doctor signed, and
 * the consultation of which it came.
 */
import { get } from "../base/api.js";
import { button, fill, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { attempt } from "../base/page.js";
import { _ } from "../base/words.js";
import { picture } from "../doctor/chat.js";
import * as content from "../doctor/content.js";
import { facts } from "../doctor/controls.js";
import * as entries from "../doctor/entries.js";
import { WARNINGS, named } from "../doctor/terms.js";

const AUTHORS = { patient: _("患者"), doctor: _("医师"), guardian: _("监护人") };

/** `{one, read, talk}`: the prescription, its signed statements, its consultation or null. */
export async function load({ id, consulted }) {
  const path = `/api/prescriptions/${id}`;
  const [one, read, talk] = await Promise.all([get(path), entries.of(id), consulted ? consultation(path) : null]);
  return { one, read, talk };
}

async function consultation(path) {
  const [asked, messages] = await Promise.all([get(`${path}/consultation`), all(`${path}/consultation/messages`)]);
  return { asked, messages };
}

/** Every message: the last ones are those on which it was prescribed. */
async function all(path) {
  const found = [];
  let page = { next: 0 };
  while (page.next !== null) {
    page = await get(path, { size: 50, after: page.next });
    found.push(...page.messages);
  }
  return found;
}

export function shown(taken, { one, read, talk }) {
  const { warnings, rules } = entries.warned(read);
  return h("div", { class: "sides" },
    h("section", { class: "card", "data-part": "content" }, h("h2", {}, _("处方内容")), content.shown(one.fields, one.lines, one.amendments),
      facts([[_("开具时间"), moment(one.created_at)], [_("等待自"), moment(taken.awaits_since)], [_("有效期至"), moment(one.valid_until)]])),
    h("aside", { class: "card" },
      h("section", { class: "findings warnings", "data-findings": "warnings" }, h("h3", {}, _("医师签名时的提示")),
        warnings.length ? h("ul", {}, warnings.map((rule) => h("li", { "data-rule": rule }, named(WARNINGS, rule), h("small", {}, ` ${rule}`)))) : h("p", {}, _("没有提示")),
        rules ? h("p", { class: "tip" }, _("规则版本 %(rules)s", { rules })) : null),
      talk ? conversation(talk, `/api/prescriptions/${taken.id}/consultation/messages`) : h("p", { class: "tip" }, _("门诊当面开具，没有在线问诊。"))));
}

function conversation({ asked, messages }, path) {
  const told = content.diagnosesOf(asked.fields, "earlier/diagnosis/").map((each) => `${each.name} ${each.code}`).join("；");
  return h("section", { "data-part": "consultation" }, h("h3", {}, _("来自问诊")),
    h("p", { class: "words" }, asked.fields.complaint),
    facts([[_("既往诊断"), told], [_("诊断医院"), asked.fields["earlier/hospital"]], [_("复诊"), asked.follow_up ? _("是") : _("否")], [_("监护人在场"), asked.guardian ? _("是") : ""]]),
    h("ol", { class: "chat", tabindex: "0", "aria-label": _("对话") }, messages.map((one) => message(one, path))));
}

function message(one, path) {
  return h("li", { class: one.author === "doctor" ? "mine" : "theirs" },
    h("small", {}, `${AUTHORS[one.author] ?? one.author} ${moment(one.at)}`),
    one.kind === "picture" ? later(one, path) : h("p", { class: "words" }, one.text));
}

function later(one, path) {
  const place = h("div", {});
  const load = attempt(async () => {
    const full = await get(`${path}/${one.number}`);
    fill(place, picture(full.media_type, full.picture, _("对话中的图片")));
  });
  return fill(place, button(_("查看图片"), load, { kind: "default", small: true }));
}
