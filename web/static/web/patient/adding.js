/** Add another phone beside this one: scan what it shows, show the face, done. */
import { button, field, fill, group, h } from "../base/dom.js";
import { attempt, show, toast } from "../base/page.js";
import { learn } from "../base/problems.js";
import { session } from "../base/session.js";
import { _ } from "../base/words.js";
import * as face from "./face.js";
import { cameBack } from "./phone.js";
import { goTo, startKnown } from "./ready.js";
import * as second from "./second.js";

learn({
  "key.not_offered": "这不是另一台手机上“添加手机”的二维码。", "key.taken": "这台手机已经添加过。", "key.recovering": "有新设备在等待取代您的密钥，请先在“我的设备”里处理。",
  "key.key_needed": "请用有密钥的手机登录后再添加。", "statement.altered": "这台手机登录的不是您的微信账户。",
});

cameBack();
startKnown(render);

async function render(main) {
  if (session().guardianship) return fill(main, h("p", { class: "card" }, _("代办时不能添加手机，请先结束代办。")));
  const seen = await face.passed("key").catch((fault) => fault);
  if (seen instanceof Error) toast(_("人脸核验没有通过，请再试一次。"), "bad");
  else if (seen?.kept.adding) return brought(main, seen);
  return fill(main, scan(main));
}

async function brought(main, seen) {
  face.forget();
  await second.bring(seen.kept.adding, seen.id);
  toast(_("已添加，那台手机马上可以用。"));
  return fill(main, h("section", { class: "card", "data-added": "" }, h("p", { class: "verdict good" }, _("✓ 已添加另一台手机"))),
    h("div", { class: "bar" }, h("a", { class: "weui-btn weui-btn_primary", href: "/patient/devices" }, _("查看我的设备"))));
}

function scan(main) {
  const video = h("video", { class: "camera", hidden: true, muted: true, playsinline: true, "aria-label": _("摄像头画面") });
  const text = h("textarea", { rows: "3", spellcheck: "false", autocomplete: "off" }), stop = new AbortController();
  const take = attempt(async (said) => { const found = second.read(said.trim()); stop.abort(); ask(main, found, said.trim()); });
  const look = attempt(async () => {
    video.hidden = false;
    try {
      const { texts } = await import("../scanning.js");
      for await (const said of texts(video, { signal: stop.signal })) await take(said);
    } catch (fault) {
      if (!stop.signal.aborted) toast(fault.name === "NotAllowedError" ? _("没有摄像头权限，请在浏览器中允许。") : _("打不开摄像头，请改用文字。"), "bad");
    } finally {
      video.hidden = true;
    }
  });
  return [
    h("section", { class: "card" }, h("h2", {}, _("添加另一台手机")),
      h("p", {}, _("在新手机上用您的微信登录，点“用旧手机添加”，它会显示一个二维码。")), video,
      h("div", { class: "bar" }, button(_("用摄像头扫码"), look))),
    group(_("扫不了码"), field(_("新手机上的文字"), text)),
    h("div", { class: "bar" }, button(_("下一步"), () => take(text.value), { kind: "default" })),
  ];
}

/** Which phone it is, and that it is the own: whoever has a key signs for its owner. */
function ask(main, found, text) {
  const rows = [[_("手机"), found.device], [_("密钥编号"), second.short(found.name)]];
  const go = attempt(async () => { if (await face.begin("key", {}, { adding: text })) await show(render); });
  fill(main, h("section", { class: "card", "data-offered": found.name }, h("h2", {}, _("要添加这台手机吗？")),
    h("dl", { class: "facts" }, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
    h("p", {}, _("请对照新手机上显示的密钥编号。添加后，它和这台手机一样能替您签名。")),
    h("p", { class: "bad" }, _("只添加您自己手里的手机。别人让您扫的码，不要添加。"))),
  h("div", { class: "bar" }, button(_("是我的手机，核验人脸"), go), button(_("不添加"), async () => goTo("/patient/devices"), { kind: "default" })));
}
