/** A pharmacist's request for a change: what it says, and the answer that leaves all as it is. */
import { h } from "../base/dom.js";
import { command } from "../base/sign.js";
import { _ } from "../base/words.js";
import { choose, facts } from "./controls.js";
import { ASKED_FOR, KEEP_REASONS, choices, named } from "./terms.js";

/** What the pharmacist wrote: words, and the medicines that are proposed. */
export function written(one) {
  const lines = (one.lines ?? []).map((each) => _("第%(line)s行改为 %(medicine)s，%(quantity)s", each));
  return facts([[_("原因"), named(ASKED_FOR, one.reason)], [_("说明"), one.words], [_("建议"), lines.join("；")]]);
}

export function shown(one, ...beside) {
  return h("section", { class: "card", "data-request": one.prescription }, h("h3", {}, _("药师的请求")), written(one), beside);
}

/** Leave all as it is, and say why. */
export async function keep(path, told) {
  const reason = await choose(_("不修改处方"), _("原因"), choices(KEEP_REASONS), _("下一步"));
  if (reason === null) return;
  await command(`${path}/keep`, { reason }, { kind: "prescription.keep" });
  told(_("已答复药师"));
}
