/** The queue of a hospital's reviewers: its figures, the one in hand with its lease, the decision. */
import { Problem, get, write } from "../base/api.js";
import { button, fill, h } from "../base/dom.js";
import { ago } from "../base/format.js";
import { attempt, empty, show, start, toast } from "../base/page.js";
import { command } from "../base/sign.js";
import { _ } from "../base/words.js";
import { cap, choose, facts, shortcuts } from "../doctor/controls.js";
import { RETURN_REASONS, STATES, choices, named } from "../doctor/terms.js";
import { countdown } from "./lease.js";
import * as sides from "./sides.js";

let actions = {};

start(render);
shortcuts({ "Alt+n": () => actions.next?.(), "Alt+y": () => actions.approve?.(), "Alt+b": () => actions.refuse?.() });

async function render(main) {
  const queue = await get("/api/reviews");
  const place = h("div", { "data-part": "in-hand", "aria-live": "polite" });
  actions = { next: attempt(() => take(place)) };
  fill(main, figures(queue),
    h("div", { class: "bar" }, button(_("取下一张"), actions.next), cap("Alt+N"), refresh()),
    place);
  fill(place, queue.waiting + queue.in_hand ? h("p", { class: "tip card" }, _("取一张处方开始审核；在倒计时内只有您能审核它。")) : empty(_("没有等待审核的处方")));
}

function refresh() {
  return button(_("刷新"), attempt(() => show(render)), { kind: "default", small: true });
}

function figures(queue) {
  return h("section", { class: "card", "data-waiting": queue.waiting },
    facts([
      [_("等待审核"), _("%(number)s 张", { number: queue.waiting })], [_("审核中"), _("%(number)s 张", { number: queue.in_hand })],
      [_("超过%(number)s分钟", { number: queue.timeout_min }), h("span", { class: queue.overdue ? "urgent" : "" }, _("%(number)s 张", { number: queue.overdue }))],
      [_("最早提交"), queue.oldest_since ? ago(queue.oldest_since) : _("无")],
    ]));
}

/** What waited longest; the same again where one is in hand already. */
async function take(place) {
  let taken;
  try {
    taken = await write("/api/reviews/next", {});
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.code !== "review.nothing_waits") throw problem;
    return fill(place, empty(_("目前没有等待您审核的处方")));
  }
  const content = await sides.load(taken);
  const over = () => { actions = { next: actions.next }; fill(place, empty(_("时间到了，这张处方已放回队列。请重新取。"))); };
  const lease = countdown(taken.lease_until, over); // what the page shows no more, no key decides
  const end = (words) => { lease.stop(); actions = { next: actions.next }; toast(words); show(render); };
  actions = { ...actions, approve: attempt(() => decide(taken, "approve", end)), refuse: attempt(() => decide(taken, "return", end)) };
  const release = attempt(async () => {
    await write(`/api/prescriptions/${taken.id}/review/release`, {});
    end(_("已放回队列"));
  });
  return fill(place, h("article", { "data-prescription": taken.id },
    h("div", { class: "bar" }, lease.element, taken.overdue ? h("span", { class: "urgent" }, _("已超时")) : null, taken.series ? h("span", { class: "tag" }, _("长期处方，一并审核")) : null),
    sides.shown(taken, content),
    h("div", { class: "bar" },
      button(_("审核通过"), actions.approve), cap("Alt+Y"), button(_("退回"), actions.refuse, { kind: "warn" }), cap("Alt+B"),
      button(_("放回队列"), release, { kind: "default" }))));
}

async function decide(taken, decision, end) {
  const reason = decision === "approve" ? "none" : await choose(_("退回处方"), _("原因"), choices(RETURN_REASONS), _("下一步"));
  if (reason === null) return;
  const path = taken.series ? `/api/series/${taken.series}/review` : `/api/prescriptions/${taken.id}/review`;
  const rows = decision === "return" ? [[_("原因"), named(RETURN_REASONS, reason)]] : [];
  const done = await command(path, { decision, reason }, { kind: "prescription.review", rows });
  end(decision === "approve" ? named(STATES, done.status ?? done.prescriptions[0].status) : _("已退回医师"));
}
