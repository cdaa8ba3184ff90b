/** A copy of everything, as a file: all pages of it, made by the server of proven entries, byte for byte. */
import { text } from "../base/api.js";
import { button, fill, h } from "../base/dom.js";
import * as enter from "../base/enter.js";
import { attempt } from "../base/page.js";
import { learn } from "../base/problems.js";
import { session } from "../base/session.js";
import { _ } from "../base/words.js";
import { startKnown } from "./ready.js";

learn({ "export.bad_cursor": "导出中断，请重新开始。", "login.key_needed": "请先登记这台设备，再导出。" });

startKnown((main) => {
  const said = h("p", { role: "status" }), files = h("div", { class: "bar" });
  fill(main,
    h("section", { class: "card" },
      h("p", {}, _("您可以随时取得医院保存的关于您的全部数据：处方、发药、理赔、问诊及图片、授权、谁看过、设备等，采用国际通用的 HL7 FHIR 格式。")),
      h("p", {}, _("每一项都附有账本凭证，任何人都可以离线核验没有改动、没有遗漏。")),
      h("p", { class: "bad" }, _("文件内容是明文，请妥善保管，不要存放在公用电脑上。"))),
    h("div", { class: "bar" }, button(_("制作副本"), attempt(() => make(said, files)))), said, files);
});

/** The copy takes a session that a key has just opened: who holds a stolen one takes nothing away. */
async function make(said, files) {
  fill(said, _("正在准备…"));
  fill(files);
  const parts = [];
  try {
    await enter.withKey(session().account);
    let path = "/api/me/export?size=50";
    while (path) {
      const page = await text(path);
      parts.push(page);
      fill(said, _("已取得第 %(number)s 部分…", { number: parts.length }));
      path = following(page);
    }
  } catch (fault) {
    fill(said);
    throw fault;
  }
  const size = parts.reduce((sum, one) => sum + new Blob([one]).size, 0);
  fill(said, _("完成：共 %(number)s 个文件，%(size)s KB。", { number: parts.length, size: Math.ceil(size / 1024) }));
  fill(files, parts.map(link));
}

/** Where the next page is; it is one of ours, whatever host the link names. */
function following(page) {
  const { link = [] } = JSON.parse(page), next = link.find((one) => one.relation === "next");
  if (!next) return null;
  const { pathname, search } = new URL(next.url, location.href);
  return pathname + search;
}

function link(part, index, { length }) {
  const name = `my-health-data-${index + 1}-of-${length}.json`, href = URL.createObjectURL(new Blob([part], { type: "application/fhir+json" }));
  return h("a", { class: "weui-btn weui-btn_primary", href, download: name }, length === 1 ? _("保存文件") : _("保存文件 %(number)s", { number: index + 1 }));
}
