/**
 * The alarms that are open, the newest first, asked for again and again: what stands already stays where
 * it is, so that nobody loses the place or a choice that is half made.
 */
import { get, write } from "../base/api.js";
import { button, fill, h } from "../base/dom.js";
import { ago, moment } from "../base/format.js";
import { attempt, empty, failed } from "../base/page.js";
import { _ } from "../base/words.js";
import { ENDINGS, named } from "./words.js";

const SIZE = 50;

/** A function that brings `place` up to date. `known` are the organisations' names. */
export function showing(place, known) {
  const cards = h("div", { class: "weui-cells" }), more = h("div", { class: "more" }), shown = new Map();
  let pages = 1;
  const further = button(_("更多"), attempt(() => { pages += 1; return again(); }), { kind: "default" });

  async function again() {
    try {
      const [rows, left] = await open(pages);
      if (rows.length) fillOnce(place, [cards, more]);
      else fill(place, empty(_("没有警报。")));
      put(rows);
      fillOnce(more, left ? [further] : []);
    } catch (fault) {
      shown.clear();
      fill(cards);
      fill(place, failed(fault, again));
    }
  }

  function put(rows) {
    const ids = new Set(rows.map((one) => one.id));
    for (const [id, card] of shown) if (!ids.has(id)) { card.place.remove(); shown.delete(id); }
    let next = cards.firstElementChild;
    for (const one of rows) {
      const card = shown.get(one.id) || alarm(one, known, again);
      shown.set(one.id, card);
      card.tell(one);
      if (card.place === next) next = next.nextElementSibling;
      else cards.insertBefore(card.place, next);
    }
  }
  return again;
}

/** Without touching what is there already. */
function fillOnce(place, children) {
  if (place.childElementCount !== children.length || children.some((one) => one.parentElement !== place)) fill(place, children);
}

async function open(pages) {
  const rows = [];
  let cursor;
  for (let page = 0; page < pages; page++) {
    const found = await get("/api/board/alarms", { cursor, size: SIZE });
    rows.push(...found.alarms);
    cursor = found.next;
    if (!cursor) break;
  }
  return [rows, Boolean(cursor)];
}

/** One alarm's place, and how it is told anew. */
function alarm(first, known, again) {
  const number = h("span"), seen = h("p", { class: "quiet" }), done = h("div");
  const words = [_(first.zh), named(first, known)].join(" · ");
  const why = h("select", { class: "weui-select", "aria-label": _("处理结果") }, Object.entries(ENDINGS).map(([value, said]) => h("option", { value }, said)));
  const end = button(_("已处理"), attempt(async () => {
    await write(`/api/board/alarms/${first.id}/acknowledge`, { reason: why.value });
    await again();
  }), { kind: "default", small: true });
  end.setAttribute("aria-label", `${_("已处理")}: ${words}`);
  const ending = h("div", { class: "bar" }, why, end);
  const place = h("div", { class: "alarm", "data-rule": first.rule, "data-who": first.who },
    h("p", {}, h("strong", { class: "bad" }, `⚠ ${_(first.zh)}`), " ", number),
    h("p", {}, named(first, known)), seen, done);
  const tell = (one) => {
    number.textContent = _("%(number)s（达到 %(threshold)s 即报警）", one);
    seen.textContent = ago(one.seen_at);
    if (!one.acknowledged_at) return fillOnce(done, [ending]);
    return fill(done, h("p", { class: "quiet" }, `${ENDINGS[one.reason]} · ${moment(one.acknowledged_at)}`));
  };
  return { place, tell };
}
