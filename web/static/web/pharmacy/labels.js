/** Labels for the bags, `#SCAN`: one a line, to be printed as they stand; the look is recorded. */
import { get } from "../base/api.js";
import { button, fill, h } from "../base/dom.js";
import { empty, fragment, start } from "../base/page.js";
import { _ } from "../base/words.js";
import "./refusals.js";

start(async (main) => {
  const [scan] = fragment();
  if (!scan) return fill(main, empty(_("请先扫码发药，再打印标签。")));
  const { labels } = await get(`/api/scans/${scan}/labels`);
  return fill(main,
    h("div", { class: "bar screen-only" }, button(_("打印"), () => window.print())),
    h("div", { class: "labels" }, labels.map((one) =>
      h("section", { class: "label", "aria-label": _("第 %(line)s 种药的标签", one) }, one.text.map((line) => h("p", {}, line))))));
});
