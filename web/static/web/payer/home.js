/** Claims that wait for a person, and those that the payer's program has not come to yet. */
import { get } from "../base/api.js";
import { cell, fill, h } from "../base/dom.js";
import { ago, yuan } from "../base/format.js";
import { paged, start } from "../base/page.js";
import { organisations } from "../base/statement.js";
import { _ } from "../base/words.js";
import { CAUSES, SIGNALS, WHY } from "./words.js";

start(async (main) => {
  const known = await organisations(), waiting = h("div"), open = h("div");
  fill(main,
    h("h2", { class: "weui-cells__title" }, _("等待人工审核")), waiting,
    h("h2", { class: "weui-cells__title" }, _("等待程序决定")), open);
  const row = (one) => claim(one, known);
  await Promise.all([
    paged(waiting, rows("/api/claims/waiting"), row, _("没有等待人工审核的理赔。")),
    paged(open, rows("/api/claims"), row, _("程序已处理全部理赔。")),
  ]);
});

/** A loader of pages for `paged`. */
function rows(path) {
  return async (cursor) => {
    const page = await get(path, { cursor });
    return { rows: page.claims, next: page.next };
  };
}

function claim(one, known) {
  const why = [CAUSES[one.cause], WHY[one.reason], ...(one.signals || []).map((name) => SIGNALS[name]), one.since ? ago(one.since) : null];
  const notes = [_("编号 %(number)s", { number: one.prescription.slice(0, 8) }), one.overdue ? _("已超期") : null, one.mine === false ? _("需由另一位经办人决定") : null];
  return cell(known.get(one.pharmacy) || one.pharmacy, {
    desc: [...why, ...notes].filter(Boolean).join(" · ") || null,
    value: yuan(one.claimed_fen),
    href: `/payer/claim#${one.prescription}/${one.claimed_fen}/${one.field || ""}`,
    warn: one.overdue === true,
  });
}
