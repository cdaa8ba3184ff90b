/** What a colleague wrote, `#ID`: sign it, so that it counts, or return it with a reason. */
import { get } from "../base/api.js";
import { button, fill, h } from "../base/dom.js";
import { attempt, fragment, start, toast } from "../base/page.js";
import { command } from "../base/sign.js";
import { _ } from "../base/words.js";
import * as content from "./content.js";
import { choose } from "./controls.js";
import * as entries from "./entries.js";
import { RETURN_REASONS, choices, named } from "./terms.js";

start(async (main) => {
  const [id] = fragment(), path = `/api/prescriptions/${id}/countersign`;
  const one = await get(path);
  const done = (words) => { toast(words); setTimeout(() => location.assign("/doctor/tasks"), 1500); };
  const approve = attempt(async () => {
    await command(path, { decision: "approve", reason: "none" }, { kind: "prescription.countersign" });
    done(_("已会签"));
  });
  const refuse = attempt(async () => {
    const reason = await choose(_("退回处方"), _("原因"), choices(RETURN_REASONS), _("下一步"));
    if (reason === null) return;
    await command(path, { decision: "return", reason }, { kind: "prescription.countersign", rows: [[_("原因"), named(RETURN_REASONS, reason)]] });
    done(_("已退回"));
  });
  fill(main,
    h("section", { class: "card" }, content.shown(one.fields, one.lines, one.amendments),
      h("div", { class: "bar" }, button(_("会签"), approve), button(_("退回"), refuse, { kind: "default" }))),
    await entries.part(id, one.status));
});
