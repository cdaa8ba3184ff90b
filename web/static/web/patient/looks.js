/**
 * Who saw my data. Each line is what the server tells, and a mark whether the entry's receipt says the
 * same: checked here, with the pinned policy. Whether lines are missing is checked on demand.
 */
import { Problem, get } from "../base/api.js";
import { button, fill, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { attempt, empty, start } from "../base/page.js";
import { learn } from "../base/problems.js";
import { session } from "../base/session.js";
import { keepPages } from "../base/worker.js";
import { _ } from "../base/words.js";
import { completeness } from "./complete.js";
import { basis, purpose, role, seen } from "./lookwords.js";
import * as proofs from "../base/proofs.js";
import { goTo } from "./ready.js";
import * as vault from "../base/vault.js";

learn({ "looks.bad_cursor": "列表已更新，请刷新。", "entry.not_yet_published": "记录刚刚产生，正等待各机构见证，请稍后再试。" });

const WANTED = 8, PAGES = 5;
const UNUSUAL = { emergency: "紧急查看：未经您事先同意", oversight: "监管审查" };
const SAME = ["purpose", "basis", "of", "records"];

start(async (main) => {
  if (!session().identified) return goTo("/patient/identify");
  const cells = h("ol", { class: "looks", "aria-label": _("查看记录") }), more = h("div", { class: "more" });
  const policy = h("div", {}), whole = h("div", {}), sum = h("p", { class: "weui-cells__title", role: "status" });
  const state = { names: await vault.names(), own: { good: 0, bad: 0, open: 0 }, sum, cells };
  fill(main, h("p", { class: "weui-cells__title" }, _("每一行都在您的手机上与账本凭证核对，不依赖服务器的说法。")), whole, cells, sum, more, policy);
  await next(state, more);
  if (!cells.children.length) fill(cells, h("li", {}, empty(_("还没有别人看过您的数据。刚刚发生的查看，几秒后才会列出。"))));
  fill(whole, h("div", { class: "bar" }, button(_("核对有没有遗漏"), attempt(() => completeness(whole)), { kind: "default" })));
  return Promise.all([attempt(() => proofs.sayPolicy(policy))(), keepPages()]);
});

/** Further lines: own looks are counted and checked, not shown, or they would hide the others. */
async function next(state, more, cursor) {
  const found = [];
  for (let pages = 0; pages < PAGES && found.length < WANTED; pages++) {
    const page = await get("/api/me/looks", { cursor });
    found.push(...page.looks);
    cursor = page.next;
    if (!cursor) break;
  }
  const lines = found.map((one) => line(one, state));
  const following = cursor;
  fill(more, following ? button(_("更多"), attempt(() => next(state, more, following)), { kind: "default" }) : null);
  checkAll(lines, state);
}

function line(look, state) {
  const mark = h("span", { class: "mark", role: "status" }, _("… 核验中"));
  if (!look.own) state.cells.append(shown(look, mark, state.names));
  return { look, mark };
}

function shown(look, mark, names) {
  const { reader } = look, organisation = names.get(reader.organisation) || reader.organisation;
  const who = [organisation, role(reader.role), reader.name].filter(Boolean).join(" · ");
  const unusual = look.unusual.map((one) => h("p", { class: "bad" }, `⚠ ${_(UNUSUAL[one] || one)}`));
  const what = look.listed ? _("在含 %(records)s 份记录的列表中：%(seen)s", { records: look.records, seen: seen(look) }) : seen(look);
  const facts = [[_("看了什么"), what], [_("目的"), purpose(look.purpose)], [_("依据"), basis(look.basis)]];
  return h("li", { class: `card${look.unusual.length ? " unusual" : ""}` },
    h("h2", {}, who), unusual,
    h("p", {}, h("time", { datetime: look.at }, moment(look.at)), " ", mark),
    h("dl", { class: "facts" }, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
    h("a", { class: "touch", href: `/patient/receipt#${look.leaf}` }, _("查看凭证")));
}

/** One after the other: signatures take the phone's processor. */
async function checkAll(lines, state) {
  for (const { look, mark } of lines) {
    const [words, kind] = await verdict(look);
    if (look.own) state.own[kind] += 1;
    fill(mark, words);
    mark.className = `mark ${kind}`;
    mark.dataset.mark = kind;
    fill(state.sum, ownWords(state.own));
  }
}

/** What is not proven yet is told too, or a server that never proves it could hide somebody behind it. */
function ownWords({ good, bad, open }) {
  const number = good + bad + open;
  return number ? [
    _("另有 %(number)s 次是您本人查看，未列出。", { number }),
    open ? _("其中 %(number)s 次尚未核验。", { number: open }) : null,
    bad ? h("span", { class: "bad" }, _("其中 %(number)s 次核验不符！", { number: bad })) : null,
  ] : null;
}

/** What is to be said of the line, and whether it holds: "good", "bad", or "open" as long as that is not known. */
async function verdict(look) {
  try {
    compare(look, await proofs.checked(await vault.fetched(look.leaf), look.leaf));
    return [_("✓ 已核验"), "good"];
  } catch (fault) {
    if (fault.code === "entry.not_yet_published") return [_("… 等待见证，稍后核验"), "open"];
    if (fault instanceof Problem) return [_("✗ 取不到凭证"), fault.passing ? "open" : "bad"];
    const why = proofs.reason(fault);
    if (!why) throw fault;
    return [_("✗ 核验不符：%(why)s", { why }), "bad"];
  }
}

/** The line says what the proven entry says: reader, moment, purpose, basis, what and how much. */
function compare(look, { statement, index }) {
  const { facts } = statement, { reader } = look, own = session().account.replaceAll("-", "");
  const told = [statement.kind, statement.at, statement.log, index, facts.role, facts.organisation, ...SAME.map((name) => facts[name]), facts.fields.join()];
  const said = ["record.view", look.at, look.log, look.index, reader.role, reader.organisation, ...SAME.map((name) => look[name]), look.fields.join()];
  const isOwn = facts.role === "patient" && facts.reader.endsWith(own) && !session().guardianship;
  if (told.some((value, i) => value !== said[i]) || (look.own && !isOwn)) throw proofs.other("the line differs");
  if (Boolean(statement.patient) === look.listed) throw proofs.other("a list names no patient");
}
