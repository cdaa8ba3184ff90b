/** The end of the account: what is deleted at once, what a law wants kept and until when, signed. */
import { post } from "../base/api.js";
import { button, fill, h } from "../base/dom.js";
import { day } from "../base/format.js";
import { attempt, toast } from "../base/page.js";
import { learn } from "../base/problems.js";
import * as keys from "../base/keys.js";
import { forget, session } from "../base/session.js";
import { command } from "../base/sign.js";
import { _ } from "../base/words.js";
import { startKnown } from "./ready.js";

const OPEN = { prescriptions: "未完成的处方", consultations: "未结束的问诊", corrections: "未答复的更正请求", claims: "未决定的理赔" };

learn({ "erasure.unfinished": "还有未完成的事项，请先完成或撤回。", "erasure.done": "您的数据已经删除，账户已关闭。" });

startKnown(async (main) => {
  const outcome = h("section", { class: "card", "aria-live": "polite" }, h("p", {}, _("正在计算…"))), sure = h("input", { type: "checkbox" });
  const erase = attempt(async () => {
    if (!sure.checked) return toast(_("请先勾选确认。"), "bad");
    await command("/api/me/erasure", {}, { kind: "erasure.request" });
    await keys.drop(session().account);
    forget();
    return fill(main, h("section", { class: "card" }, h("p", { class: "verdict" }, _("您的数据已删除，账户已关闭。")), h("p", {}, h("a", { class: "touch", href: "/" }, _("回到首页")))));
  });
  fill(main,
    h("section", { class: "card" }, h("h2", {}, _("删除意味着什么")),
      h("ul", {},
        h("li", {}, _("法律不要求保存的数据立即永久删除，包括备份：打开它们的钥匙被销毁。")),
        h("li", {}, _("法律要求保存的处方和病历只有监管部门能看，到期自动销毁。")),
        h("li", {}, _("账本中的记录保留，但其中没有您的姓名、药品和诊断，无法再与您联系起来。")),
        h("li", {}, _("账户和这台设备上的密钥作废，不能恢复。建议先导出副本。")))),
    h("div", { class: "bar" }, h("a", { class: "touch", href: "/patient/export" }, _("先导出我的数据"))),
    outcome,
    h("label", { class: "weui-cell" }, h("span", { class: "weui-cell__bd" }, _("我明白删除后不能恢复")), h("span", { class: "weui-cell__ft" }, sure)),
    h("div", { class: "bar" }, button(_("签名并删除全部数据"), erase, { kind: "warn" })));
  await attempt(() => foresee(outcome))();
});

/** What it would come to today: drawn, and not signed. */
async function foresee(place) {
  const key = await keys.of(session().account);
  if (!key) return fill(place, h("p", {}, _("请先登记这台设备，才能签署删除请求。")));
  try {
    const { shows } = await post("/api/me/erasure/statement", { key: key.name });
    const kept = shows.kept ? _("%(kept)s 份依法保留，最迟到 %(until)s 销毁，其间只有监管部门能查阅。", { kept: shows.kept, until: day(shows.until) }) : _("没有需要依法保留的记录。");
    return fill(place, h("h2", {}, _("您的情况")), h("p", {}, _("立即永久删除 %(erased)s 份记录。", shows)), h("p", {}, kept));
  } catch (problem) {
    if (problem.code !== "erasure.unfinished") throw problem;
    const left = Object.entries(problem.body.open || {}).filter(([, number]) => number);
    return fill(place, h("h2", {}, _("现在还不能删除")), h("ul", {}, left.map(([name, number]) => h("li", {}, `${_(OPEN[name] || name)}：${number}`))));
  }
}
