/** What the statements and our books do not agree on; people settle it and say how. */
import { get, write } from "../base/api.js";
import { button, fill, h } from "../base/dom.js";
import { yuan } from "../base/format.js";
import { attempt, paged, start, toast } from "../base/page.js";
import { _ } from "../base/words.js";

const KINDS = { missing_here: _("对方有，本方无"), missing_there: _("本方有，对方无"), twice: _("对方重复"), amount: _("金额不符"), state: _("状态不符") };
const STATES = { done: _("已付"), failed: _("已退回"), open: _("未完成") };

start(async (main) => {
  const load = async (cursor) => {
    const page = await get("/api/reconciliation/differences", { cursor });
    return { rows: page.differences, next: page.next };
  };
  await paged(main, load, difference, _("账目全部相符，没有差异。"));
});

function difference(one) {
  const reason = h("input", { class: "weui-input", maxlength: "200", "aria-label": _("处理结果"), placeholder: _("处理结果") });
  const card = h("section", { class: "card" },
    h("h2", {}, `${KINDS[one.kind] || one.kind} · ${one.day}`),
    h("dl", { class: "facts" }, [[_("编号"), one.number], [_("本方"), side(one.ours_fen, one.ours_state)], [_("对方"), side(one.theirs_fen, one.theirs_state)]]
      .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
    reason,
    h("div", { class: "bar" }, button(_("处理完毕"), attempt(async () => {
      if (!reason.value.trim()) return toast(_("请写明处理结果。"), "bad");
      await write(`/api/reconciliation/differences/${one.id}/close`, { reason: reason.value.trim() });
      return fill(card, h("p", {}, _("已处理。")));
    }), { small: true })));
  return card;
}

function side(fen, state) {
  return fen === null || fen === undefined ? _("无") : `${yuan(fen)} ${STATES[state] || state || ""}`;
}
