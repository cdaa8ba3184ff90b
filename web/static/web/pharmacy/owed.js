/** What the pharmacy still owes: to whom, which medicines, until when. Opening it is a recorded look. */
import { get } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { paged, start } from "../base/page.js";
import { _ } from "../base/words.js";
import "./refusals.js";

const STATES = { approved: "患者还没有来取", authorized: "患者已选本店，等待付款", paid: "已付款，等患者出示取药码" };

start(async (main) => {
  const place = h("section", {});
  fill(main, h("p", { class: "tip card" }, _("患者在别处取走的，不再列出。打开本页会留下查看记录。")), place);
  await paged(place, async (cursor) => {
    const page = await get("/api/owed", { cursor });
    return { rows: page.owed, next: page.next };
  }, row, _("没有欠药。"));
});

function row(one) {
  const lines = Object.entries(one.lines).map(([number, line]) => h("span", { class: "weui-cell__desc" },
    _("%(name)s：欠 %(units)s %(unit)s", { name: named(number, line), units: line.units, unit: line.unit || "" })));
  return h("div", { class: "weui-cell", "data-owed": one.prescription },
    h("span", { class: "weui-cell__bd" }, h("strong", {}, one.patient || _("内容已删除")), lines,
      h("span", { class: "weui-cell__desc" }, `${_(STATES[one.status])} · ${_("有效至 %(at)s", { at: moment(one.valid_until) })}`)));
}

function named(number, line) {
  return line.generic_name ? `${line.generic_name} ${line.specification}` : _("第 %(line)s 种药", { line: number });
}
