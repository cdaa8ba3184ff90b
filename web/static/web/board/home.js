/** The live board: entries as they happen, alarms, the health of the ledger and its witnesses. */
import { get } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { ago, moment } from "../base/format.js";
import { failed, start } from "../base/page.js";
import { learn, said } from "../base/problems.js";
import { organisations } from "../base/statement.js";
import { KINDS } from "/static/ledger/words.js";
import { _ } from "../base/words.js";
import { showing } from "./alarms.js";
import { listen } from "./feed.js";
import { ROLES, TROUBLES, seconds, staff } from "./words.js";

const SHOWN = 100, AGAIN_MS = 10_000;
let leaving;

learn({
  "live.too_many": "您的账号打开的实时看板太多，请先关闭其他看板页面。", "live.full": "实时看板的连接已满，请稍候。",
  "live.starting": "实时服务正在启动，请稍候。",
  "live.ahead": "账本已恢复到较早的状态，正在重新连接。", "board.acknowledged": "其他监管人员已处理这条警报。",
});

start(async (main) => {
  leaving?.abort();
  leaving = new AbortController();
  const known = await organisations();
  const state = h("span", { role: "status" }, _("正在连接…")), feed = h("ol", { class: "live", "aria-label": _("账本新条目"), tabindex: "0" });
  const alarms = h("div"), health = h("div"), showAlarms = showing(alarms, known);
  fill(main, h("div", { class: "columns board" },
    h("section", { class: "card" }, h("h2", {}, _("实时条目"), " ", state), feed),
    h("div", {},
      h("section", { class: "card" }, h("h2", {}, _("警报")), alarms),
      h("section", { class: "card" }, h("h2", {}, _("账本与见证机构")), health))));
  const again = () => Promise.all([showAlarms(), showHealth(health, known)]);
  await again();
  repeat(again, leaving.signal);
  listen((entry) => add(feed, entry, known), (how, problem) => tell(state, how, problem), { signal: leaving.signal });
});

function tell(state, how, problem) {
  const words = { open: () => _("● 已连接"), lost: () => _("○ 已断开，正在重连"), refused: () => `○ ${said(problem)}` }[how]();
  if (state.textContent !== words) state.textContent = words; // a screen reader says it once, not at every try
  state.className = how === "open" ? "good" : "bad";
}

/** The newest on top; what is long gone is found under "查账本". */
function add(feed, entry, known) {
  const who = known.get(entry.organisation) || ROLES[entry.role] || "";
  const role = entry.organisation && ROLES[entry.role] ? ` · ${ROLES[entry.role]}` : "";
  feed.prepend(h("li", { "data-kind": entry.kind, "data-leaf": entry.leaf, "data-subject": entry.subject },
    h("a", { href: `/board/entry#${entry.subject}` }, _(KINDS[entry.kind] || entry.kind)),
    h("span", { class: "quiet" }, ` ${moment(entry.at)} · ${who}${role} · `),
    h("a", { href: `/board/entry#index/${entry.index}/${entry.log}` }, `#${entry.index}`)));
  while (feed.children.length > SHOWN) feed.lastElementChild.remove();
}

/** Ask again while the page is looked at. */
function repeat(ask, signal) {
  const timer = setInterval(() => {
    if (document.visibilityState === "visible") ask();
  }, AGAIN_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
}

async function showHealth(place, known) {
  try {
    const { logs, merge_delay_s: promised } = await get("/api/board/health");
    fill(place, logs.map((one) => log(one, promised, known)));
  } catch (fault) {
    fill(place, failed(fault, () => showHealth(place, known)));
  }
}

function log(one, promised, known) {
  const late = one.oldest_waits_s > promised;
  const rows = one.witnesses.map((it) => h("tr", {},
    h("th", { scope: "row" }, staff(it.name, known)), h("td", { class: "number" }, it.size), h("td", {}, it.cosigned_at ? ago(it.cosigned_at) : _("从未")),
    h("td", { class: it.trouble ? "bad" : "good" }, `${it.trouble ? "✗" : "✓"} ${TROUBLES[it.trouble] || it.trouble}`)));
  const names = [_("见证机构"), _("已见证"), _("最近签署"), _("状态")];
  return h("div", {},
    h("p", {}, h("strong", {}, one.log), " ", _("共 %(size)s 条，已定稿 %(final)s 条", one)),
    h("p", { class: late ? "bad" : "good" }, late ? _("✗ 有条目已等待 %(time)s", { time: seconds(one.oldest_waits_s) }) : _("✓ 定稿及时")),
    one.alarms.map((it) => h("p", { class: "bad" }, `⚠ ${it.code}: ${it.text}`)),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": one.log }, h("table", {}, h("thead", {}, h("tr", {}, names.map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, rows))));
}
