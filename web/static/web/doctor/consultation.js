/** One consultation, `#ID`: the question, accept or decline, the conversation beside the form. */
import { get } from "../base/api.js";
import { button, fill, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { attempt, fragment, show, start, toast } from "../base/page.js";
import { asked, command } from "../base/sign.js";
import { _ } from "../base/words.js";
import { chat, picture } from "./chat.js";
import { diagnosesOf, person } from "./content.js";
import { choose, facts, heading, tick } from "./controls.js";
import { form } from "./form.js";
import { issue } from "./issue.js";
import { DECLINE_REASONS, STATES, TALKS, choices, named } from "./terms.js";

start(render);

async function render(main) {
  const [id] = fragment();
  const one = await get(`/api/consultations/${id}`);
  const path = `/api/consultations/${id}`, again = () => show(render);
  const talk = one.state === "asked" ? null : chat(path, one.state === "open");
  fill(main, h("div", { class: "desk" },
    h("div", { class: "talk" }, question(one), moves(one, path, again), talk),
    one.state === "open" ? prescribing(one) : null));
}

function question(one) {
  const fields = one.fields;
  const earlier = diagnosesOf(fields, "earlier/diagnosis/").map((each) => `${each.name} ${each.code}`).join("；");
  return h("section", { class: "card", "data-state": one.state },
    h("h2", {}, person(fields) || _("患者"), " ", h("small", { class: "tag" }, named(TALKS, one.state))),
    h("p", { class: "words" }, fields.complaint),
    facts([
      [_("既往诊断"), earlier || _("未提供（首诊不得开具处方）")],
      [_("诊断医院"), fields["earlier/hospital"]], [_("诊断日期"), fields["earlier/on"]],
      [_("监护人在场"), one.guardian ? _("是") : ""],
      one.state === "asked" ? [_("请在此前接诊"), moment(one.accept_until)] : [_("问诊截止"), moment(one.close_until)],
    ]),
    fields["picture/picture"] ? picture(fields["picture/media_type"], fields["picture/picture"], _("患者提供的既往诊断图片")) : null);
}

function moves(one, path, again) {
  const decline = attempt(async () => {
    const reason = await choose(_("建议到院就诊"), _("原因"), choices(DECLINE_REASONS), _("下一步"));
    if (reason === null) return;
    await command(`${path}/decline`, { reason }, { kind: "consultation.decline", rows: [[_("原因"), named(DECLINE_REASONS, reason)]] });
    again();
  });
  const no = button(_("不适合在线诊疗"), decline, { kind: "default" });
  if (one.state === "asked") return h("div", { class: "bar" }, button(_("接诊"), attempt(() => accept(one, path, again))), no);
  if (one.state !== "open") return null;
  const close = attempt(async () => {
    await command(`${path}/close`, {}, { kind: "consultation.close" });
    again();
  });
  return h("div", { class: "bar" }, button(_("结束问诊"), close, { kind: "default" }), no);
}

/** The doctor signs whether there was evidence of an earlier diagnosis, and whether a guardian is there. */
async function accept(one, path, again) {
  const evidence = diagnosesOf(one.fields, "earlier/diagnosis/").length > 0;
  const seen = tick(_("已查看既往诊断依据，按复诊接诊（才可开具处方）"), evidence), guard = tick(_("监护人在患者身边"), false);
  if (!evidence) seen.input.disabled = true;
  if (!(await asked(_("接诊"), h("div", { class: "ticks" }, seen.element, guard.element), _("下一步")))) return;
  await command(`${path}/accept`, { follow_up: seen.input.checked, guardian: guard.input.checked }, { kind: "consultation.accept" });
  toast(_("已接诊"));
  again();
}

function prescribing(one) {
  if (!one.follow_up) return h("section", { class: "card" }, heading(_("开具处方")), h("p", {}, _("首诊不得开具互联网处方；请按需建议患者到院就诊。")));
  const place = h("section", { "data-part": "prescribing" }), done = h("ul", { class: "issued" });
  const send = async (body, lines, refused) => {
    const made = await issue(body, lines, refused);
    toast(_("处方已签名开具：%(state)s", { state: named(STATES, made.status) }));
    done.append(h("li", {}, h("a", { href: `/doctor/prescription#${made.id}` }, _("已开具的处方：%(state)s", { state: named(STATES, made.status) }))));
    draw();
  };
  const known = diagnosesOf(one.fields, "earlier/diagnosis/");
  const draw = () => fill(place, done, form({ about: { online: true, consultation: one.id }, known, send }));
  draw();
  return place;
}
