/** All claims of a period and what became of them; what is not paid yet can be reopened. */
import { get } from "../base/api.js";
import { button, field, fill, group, h } from "../base/dom.js";
import { yuan } from "../base/format.js";
import { attempt, empty, start, toast } from "../base/page.js";
import { command } from "../base/sign.js";
import { organisations } from "../base/statement.js";
import { _ } from "../base/words.js";
import { REASONS, STAGES, WHY, options } from "./words.js";

const DAY_MS = 86_400_000;

start(async (main) => {
  const known = await organisations(), result = h("div");
  const since = date("since", -30), until = date("until", 1);
  const show = attempt(() => period(result, since.value, until.value, known));
  fill(main,
    group(_("期间"), field(_("从"), since), field(_("到（不含）"), until)),
    h("div", { class: "bar" }, button(_("显示"), show), button(_("下载 CSV"), attempt(() => download(since.value, until.value)), { kind: "default" })),
    result);
  await period(result, since.value, until.value, known);
});

/** An input of a day so many days from today. */
function date(name, days) {
  const value = new Date(Date.now() + days * DAY_MS).toLocaleDateString("sv", { timeZone: "Asia/Shanghai" });
  return h("input", { type: "date", name, value });
}

async function period(place, since, until, known) {
  const body = h("tbody"), more = h("div", { class: "more" }), head = h("div");
  async function next(cursor) {
    const page = await get("/api/claims/statement", { from: since, until, cursor, size: 50 });
    if (page.sums) fill(head, sums(page.sums));
    const rows = page.lines.split("\n").filter(Boolean).map((line) => JSON.parse(line));
    body.append(...rows.map((one) => row(one, known)));
    fill(more, page.next ? button(_("更多"), attempt(() => next(page.next)), { kind: "default" }) : null);
  }
  await next(undefined);
  const names = [_("编号"), _("药房"), _("状态"), _("应付"), _("批准"), _("已付"), _("原因"), ""];
  const table = h("div", { class: "card scroll", tabindex: "0", role: "region", "aria-label": _("理赔清单") },
    h("table", {}, h("thead", {}, h("tr", {}, names.map((one) => h("th", { scope: "col" }, one)))), body));
  fill(place, head, body.children.length ? table : empty(_("这段时间没有理赔。")), more);
}

function sums(values) {
  const words = { received: _("笔数"), received_fen: _("应付"), claimed_fen: _("申请"), approved_fen: _("批准"), reversed_fen: _("冲回"), settled_fen: _("已付") };
  return h("dl", { class: "card facts" }, Object.entries(words).map(([name, said]) =>
    h("div", {}, h("dt", {}, said), h("dd", {}, name.endsWith("fen") ? yuan(values[name]) : values[name]))));
}

function row(one, known) {
  const cells = [known.get(one.pharmacy) || one.pharmacy, STAGES[one.stage], yuan(one.share_fen), yuan(one.approved_fen), yuan(one.paid_fen), one.reason && one.reason !== "none" ? REASONS[one.reason] : ""];
  return h("tr", {}, h("td", {}, number(one)), cells.map((said, index) => h("td", { class: index > 1 && index < 5 ? "number" : null }, said)), h("td", {}, again(one)));
}

/** As the list of claims calls it; it leads to the evidence. */
function number(one) {
  const id = uuid(one.subject);
  return h("a", { class: "touch", href: `/payer/claim#${id}/${one.claimed_fen || one.share_fen}/` }, id.slice(0, 8));
}

/** A decision that was not paid can be undone; another officer decides then. */
function again(one) {
  if (!["approved", "refused"].includes(one.stage)) return null;
  const path = `/api/claims/${uuid(one.subject)}/reopen`;
  const why = options({ mistake: WHY.mistake, new_evidence: WHY.new_evidence, fraud: WHY.fraud }, h);
  why.setAttribute("aria-label", _("重新审核的原因"));
  const place = h("div", {}, why, button(_("重新审核"), attempt(async () => {
    await command(path, { reason: why.value }, { kind: "insurance.reopen" });
    toast(_("已转给另一位经办人。"));
    fill(place, _("需由另一位经办人决定"));
  }), { kind: "default", small: true }));
  return place;
}

/** rx/32 hex digits → the id with its dashes. */
function uuid(subject) {
  return subject.slice(3).replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}

async function download(since, until) {
  const parts = [];
  for (let cursor; ;) {
    const page = await get("/api/claims/statement", { from: since, until, cursor, size: 1000, form: "csv" });
    parts.push(page.lines);
    if (!(cursor = page.next)) break;
  }
  const link = h("a", { href: URL.createObjectURL(new Blob(parts, { type: "text/csv" })), download: `claims-${since}-${until}.csv` });
  link.click();
  URL.revokeObjectURL(link.href);
}
