/** Consultations: what the department was asked and nobody has accepted, and the doctor's own. */
import { get } from "../base/api.js";
import { button, cell, fill, h } from "../base/dom.js";
import { ago, moment } from "../base/format.js";
import { attempt, paged, show, start } from "../base/page.js";
import { _ } from "../base/words.js";
import { diagnosesOf, person } from "./content.js";
import { TALKS, named } from "./terms.js";

start(render);

async function render(main) {
  const waiting = h("div", {}), mine = h("div", {});
  await Promise.all([
    paged(waiting, load("/api/consultations/awaiting"), (one) => row(one, _("接诊至 %(at)s", { at: moment(one.accept_until) })), _("科室没有等待接诊的问诊")),
    paged(mine, load("/api/consultations"), (one) => row(one, named(TALKS, one.state)), _("您还没有接诊过")),
  ]);
  const again = button(_("刷新"), attempt(() => show(render)), { kind: "default", small: true });
  again.setAttribute("accesskey", "r");
  fill(main,
    h("div", { class: "bar" }, again),
    h("div", { class: "columns" },
      h("section", { "data-list": "waiting" }, h("h2", { class: "weui-cells__title" }, _("本科室待接诊")), waiting),
      h("section", { "data-list": "mine" }, h("h2", { class: "weui-cells__title" }, _("我接诊的")), mine)));
}

function load(path) {
  return async (cursor) => {
    const page = await get(path, { cursor });
    return { rows: page.consultations, next: page.next };
  };
}

function row(one, state) {
  if (one.erased) return cell(_("内容已由患者删除"), { value: state });
  const told = diagnosesOf(one.fields, "earlier/diagnosis/").map((each) => each.name).join("、");
  const about = [ago(one.created_at), told ? _("既往：%(told)s", { told }) : _("首诊"), one.fields.complaint].filter(Boolean).join(" · ");
  return cell(person(one.fields) || _("患者"), { desc: about, value: state, href: `/doctor/consultation#${one.id}` });
}
