/** The doctor's own prescriptions with their states, the newest first. */
import { get } from "../base/api.js";
import { cell, fill, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { paged, start } from "../base/page.js";
import { _ } from "../base/words.js";
import { STATES, named } from "./terms.js";

start(async (main) => {
  const place = h("div", { "data-list": "prescriptions" });
  fill(main, place);
  await paged(place, async (cursor) => {
    const page = await get("/api/prescriptions", { cursor });
    return { rows: page.prescriptions, next: page.next };
  }, row, _("您还没有开具过处方"));
});

function row(one) {
  const names = Object.values(one.lines).map((line) => line.generic_name).join("、");
  const part = one.issue ? _("长期处方第%(number)s/%(of)s次", one.issue) : "";
  return cell(one.erased ? _("内容已由患者删除") : names || _("处方"), {
    desc: [moment(one.created_at), part].filter(Boolean).join(" · "), value: named(STATES, one.status), href: `/doctor/prescription#${one.id}`,
  });
}
