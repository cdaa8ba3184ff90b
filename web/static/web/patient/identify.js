/**
 * The first log-in: who are you, the camera's word for it, and the key of this device. Who is known
 * already and has no key anywhere makes the first; one in the place of all that were lost takes another
 * look at the face.
 */
import { get, write } from "../base/api.js";
import { button, field, fill, group, h } from "../base/dom.js";
import { register } from "../base/enter.js";
import { moment } from "../base/format.js";
import * as keys from "../base/keys.js";
import { attempt, start, toast } from "../base/page.js";
import { learn } from "../base/problems.js";
import { change, forget as leave, session } from "../base/session.js";
import { asked } from "../base/sign.js";
import { _ } from "../base/words.js";
import * as face from "./face.js";
import * as phone from "./phone.js";
import { goTo } from "./ready.js";
import "./states.js";

learn({
  "face.needs_identity": "请把姓名、身份证号码和手机号都填好。",
  "key.key_needed": "您在别的手机上已有密钥，请用那台手机。",
  "key.recovering": "已有一台新设备在等待生效，请先在“我的设备”里处理。",
  "key.nothing_lost": "您没有已登记的设备，请直接登记这台。",
});

start(async (main) => {
  const before = await face.passed("identity", "recovery").catch((fault) => fault);
  if (before instanceof Error) toast(_("人脸核验没有通过，请再试一次。"), "bad");
  const done = before && !(before instanceof Error) ? before : null;
  if (done?.purpose === "identity") return identified(done);
  if (!session().identified) return fill(main, who());
  if (await keys.of(session().account)) return goTo("/patient/");
  if (done) return madeKey({ face_check: done.id }, "/api/keys/recover");
  const registered = (await get("/api/keys")).keys.filter((one) => one.state === "active" || one.state === "suspended");
  return fill(main, registered.length ? another(registered) : first());
});

/** The form; in the demo filled with what its person would write. */
function who() {
  const claim = JSON.parse(sessionStorage.getItem("rx.claim")) || {};
  const made = (name, more) => h("input", { name, required: true, value: claim[name] || "", autocomplete: "off", ...more });
  const inputs = [
    made("name", { maxlength: "50", autocomplete: "name" }),
    made("id_number", { maxlength: "18", spellcheck: "false" }),
    made("phone", { maxlength: "20", inputmode: "tel", autocomplete: "tel" }),
  ];
  const [name, number, telephone] = inputs;
  const act = attempt(async () => {
    const said = Object.fromEntries(inputs.map((one) => [one.name, one.value.trim()]));
    said.id_number = said.id_number.toUpperCase();
    if (Object.values(said).some((one) => !one)) return toast(_("请把姓名、身份证号码和手机号都填好。"), "bad");
    return looked(await face.begin("identity", said));
  });
  return [
    h("div", { class: "card" }, h("p", {}, _("网上看病要实名。请填写身份证上的信息，再对着摄像头核验是您本人。只需要做一次。"))),
    group(_("您的身份"), field(_("姓名"), name), field(_("身份证号"), number), field(_("手机号"), telephone)),
    h("div", { class: "bar" }, button(_("开始人脸核验"), act)),
  ];
}

/** Inside WeChat the page is still here; elsewhere it is loaded anew. */
function looked(here) {
  if (here) location.reload();
}

async function identified(check) {
  const { log_in_again: again } = await write("/api/me/identity", { face_check: check.id });
  face.forget();
  if (again) {
    leave();
    return goTo("/enter#patient");
  }
  change({ identified: true });
  return goTo(location.href);
}

function first() {
  const act = attempt(() => madeKey({}));
  return [
    h("div", { class: "card" },
      h("h2", {}, _("在这台手机上制作您的签名密钥")),
      h("p", {}, _("以后您授权药房、签收药品，都由这把密钥签名。它只在这台手机里，谁也拿不走，医院也没有。"))),
    h("div", { class: "bar" }, button(_("制作密钥，开始使用"), act)),
  ];
}

/** An old phone brings this one in; who has lost them all waits for a day. */
function another(registered) {
  const place = h("section", { class: "card code", hidden: true });
  const beside = attempt(async () => {
    place.hidden = false;
    const second = await import("./second.js"); // with what draws codes: few come by this way
    if (await second.waited(place)) await goTo("/patient/");
  });
  const recover = attempt(async () => {
    const sure = await asked(_("其他手机都丢了？"), h("p", {}, _("新密钥要等一段时间才生效，之后旧手机上的密钥全部作废。等待期间，任何一台旧手机都可以阻止。")), _("都丢了，换新密钥"));
    if (sure) looked(await face.begin("recovery"));
  });
  return [
    h("div", { class: "card" },
      h("h2", {}, _("这台手机还没有您的签名密钥")),
      h("p", {}, _("您已在 %(number)s 台设备上登记过，手里有其中一台，就用它添加这台。它们都丢了，才换新密钥。", { number: registered.length })),
      h("ul", {}, registered.map((one) => h("li", {}, one.device || _("未命名的设备"))))),
    place,
    h("div", { class: "bar" }, button(_("用旧手机添加"), beside), button(_("其他手机都丢了"), recover, { kind: "default" })),
  ];
}

async function madeKey(more, path) {
  const made = await register(phone.device(), { ...more, device: phone.device() }, path);
  face.forget();
  return made.active_from ? waits(made.active_from) : goTo("/patient/");
}

/** The key that replaces the lost ones signs nothing for a day, so that whoever did not ask for it can object. */
function waits(from) {
  fill(document.getElementById("main"),
    h("section", { class: "card", role: "status", "data-recovering": "" },
      h("h2", {}, _("新密钥正在等待生效")),
      h("p", {}, _("%(at)s 起可以用这台手机签名。", { at: moment(from) })),
      h("p", {}, _("在这之前可以查看处方，还不能签名。旧手机上会显示提醒，可以阻止。"))),
    h("div", { class: "bar" }, h("a", { class: "weui-btn weui-btn_primary", href: "/patient/" }, _("知道了"))));
}
