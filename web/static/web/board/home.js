/** The live board: entries as they happen, alarms, the health of the ledger and its witnesses. */
import { get, write } from "../base/api.js";
import { button, fill, h } from "../base/dom.js";
import { ago, moment } from "../base/format.js";
import { attempt, failed, list, start } from "../base/page.js";
import { organisations } from "../base/statement.js";
import { KINDS } from "/static/ledger/words.js";
import { _ } from "../base/words.js";
import { listen } from "./feed.js";
import { ENDINGS, ROLES, TROUBLES, seconds } from "./words.js";

const SHOWN = 100, AGAIN_MS = 10_000;
let leaving;

start(async (main) => {
  leaving?.abort();
  leaving = new AbortController();
  const known = await organisations();
  const state = h("span", { role: "status" }, _("正在连接…")), feed = h("ol", { class: "live", "aria-label": _("账本新条目"), tabindex: "0" });
  const alarms = h("div"), health = h("div");
  fill(main, h("div", { class: "columns board" },
    h("section", { class: "card" }, h("h2", {}, _("实时条目"), " ", state), feed),
    h("div", {},
      h("section", { class: "card" }, h("h2", {}, _("警报")), alarms),
      h("section", { class: "card" }, h("h2", {}, _("账本与见证机构")), health))));
  await Promise.all([showAlarms(alarms), showHealth(health)]);
  repeat(() => Promise.all([showAlarms(alarms), showHealth(health)]), leaving.signal);
  listen((entry) => add(feed, entry, known), (said) => tell(state, said), { signal: leaving.signal });
});

function tell(state, said) {
  state.textContent = said === "open" ? _("● 已连接") : _("○ 已断开，正在重连");
  state.className = said === "open" ? "good" : "bad";
}

/** The newest on top; what is long gone is found under "查账本". */
function add(feed, entry, known) {
  const who = known.get(entry.organisation) || ROLES[entry.role] || "";
  const role = entry.organisation && ROLES[entry.role] ? ` · ${ROLES[entry.role]}` : "";
  feed.prepend(h("li", { "data-kind": entry.kind, "data-leaf": entry.leaf, "data-subject": entry.subject },
    h("a", { href: `/board/entry#${entry.subject}` }, _(KINDS[entry.kind] || entry.kind)),
    h("span", { class: "quiet" }, ` ${moment(entry.at)} · ${who}${role} · #${entry.index}`)));
  while (feed.children.length > SHOWN) feed.lastElementChild.remove();
}

/** Ask again while the page is looked at. */
function repeat(ask, signal) {
  const timer = setInterval(() => {
    if (document.visibilityState === "visible") ask();
  }, AGAIN_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
}

async function showAlarms(place) {
  try {
    const { alarms } = await get("/api/board/alarms");
    fill(place, list(alarms, (one) => alarm(one, place), _("没有警报。")));
  } catch (fault) {
    fill(place, failed(fault, () => showAlarms(place)));
  }
}

function alarm(one, place) {
  const why = h("select", { class: "weui-select", "aria-label": _("处理结果") }, Object.entries(ENDINGS).map(([value, said]) => h("option", { value }, said)));
  const seen = button(_("已处理"), attempt(async () => {
    await write(`/api/board/alarms/${one.id}/acknowledge`, { reason: why.value });
    await showAlarms(place);
  }), { kind: "default", small: true });
  const done = one.acknowledged_at ? h("p", { class: "quiet" }, `${ENDINGS[one.reason]} · ${moment(one.acknowledged_at)}`) : h("div", { class: "bar" }, why, seen);
  return h("div", { class: "alarm", "data-rule": one.rule },
    h("p", {}, h("strong", { class: "bad" }, `⚠ ${_(one.zh)}`), ` ${one.number} / ${one.threshold}`),
    h("p", { class: "quiet" }, `${one.who} · ${ago(one.seen_at)}`), done);
}

async function showHealth(place) {
  try {
    const { logs, merge_delay_s: promised } = await get("/api/board/health");
    fill(place, logs.map((one) => log(one, promised)));
  } catch (fault) {
    fill(place, failed(fault, () => showHealth(place)));
  }
}

function log(one, promised) {
  const late = one.oldest_waits_s > promised;
  const rows = one.witnesses.map((it) => h("tr", {},
    h("th", { scope: "row" }, it.name), h("td", { class: "number" }, it.size), h("td", {}, it.cosigned_at ? ago(it.cosigned_at) : _("从未")),
    h("td", { class: it.trouble ? "bad" : "good" }, `${it.trouble ? "✗" : "✓"} ${TROUBLES[it.trouble] || it.trouble}`)));
  const names = [_("见证机构"), _("已见证"), _("最近签署"), _("状态")];
  return h("div", {},
    h("p", {}, h("strong", {}, one.log), " ", _("共 %(size)s 条，已定稿 %(final)s 条", one)),
    h("p", { class: late ? "bad" : "good" }, late ? _("✗ 有条目已等待 %(time)s", { time: seconds(one.oldest_waits_s) }) : _("✓ 定稿及时")),
    one.alarms.map((it) => h("p", { class: "bad" }, `⚠ ${it.code}: ${it.text}`)),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": one.log }, h("table", {}, h("thead", {}, h("tr", {}, names.map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, rows))));
}
