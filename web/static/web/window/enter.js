/**
 * The log-in, `#AREA/BACK/PERSON`: by the key on this device; else patients by WeChat, staff by an
 * enrolment code, which makes the key. `PERSON` is one of the demo's.
 */
import { button, cell, field, fill, group, h, meta } from "../base/dom.js";
import * as enter from "../base/enter.js";
import * as keys from "../base/keys.js";
import { attempt, fragment, start, toast } from "../base/page.js";
import { _ } from "../base/words.js";

const ROLES = { patient: "patient", doctor: "doctor", reviewer: "reviewer", pharmacy: "pharmacist", courier: "courier", payer: "officer", board: "regulator" };

const ASKED = "rx.oauth";

start(async (main) => {
  const asked = new URLSearchParams(location.search), code = asked.get("code");
  if (code) return cameBack(code, asked.get("state"));
  const [area = "patient", back = "", person = ""] = fragment();
  if (!(area in ROLES)) return location.replace("/");
  const known = (await keys.all()).filter((one) => one.role === ROLES[area]);
  const here = known.length ? group(_("用这台设备上的密钥登录"), known.map((one) => withKey(area, back, one))) : null;
  const ways = area === "patient" ? byWeChat(back) : byCode(area, back);
  return fill(main, person ? played(area, back, person) : null, here, ways);
});

function withKey(area, back, key) {
  const act = attempt(async () => {
    const found = await enter.withKey(key.account);
    if (!found) throw Object.assign(new Error("key"), { code: "login.failed" });
    goOn(area, back, found);
  });
  return cell(key.label || key.name, { desc: key.organisation || null, onclick: act });
}

/** Inside WeChat its log-in comes back to this page with a code; elsewhere the simulated phone's does. */
function byWeChat(back) {
  const phone = meta("rx:wechat") || "https://open.weixin.qq.com";
  const act = () => {
    const state = crypto.randomUUID().replaceAll("-", "");
    sessionStorage.setItem(ASKED, JSON.stringify({ state, back }));
    const known = JSON.parse(sessionStorage.getItem("rx.claim"))?.openid;
    const asked = { appid: meta("rx:appid"), redirect_uri: `${location.origin}/enter`, response_type: "code", scope: "snsapi_base", state };
    if (known && meta("rx:wechat")) asked.login_hint = known;
    location.assign(`${phone}/connect/oauth2/authorize?${new URLSearchParams(asked)}#wechat_redirect`);
  };
  return h("div", { class: "bar" }, button(_("微信登录"), act));
}

/** With WeChat's code, which is taken only if this tab asked for it: nobody is logged in as somebody else by a link. */
async function cameBack(code, state) {
  const asked = JSON.parse(sessionStorage.getItem(ASKED));
  sessionStorage.removeItem(ASKED);
  history.replaceState(null, "", "/enter");
  if (!asked || asked.state !== state) throw Object.assign(new Error("state"), { code: "login.failed" });
  return goOn("patient", asked.back, await enter.withWeChat(code, "h5"));
}

function byCode(area, back) {
  const input = h("input", { name: "code", autocomplete: "one-time-code", required: true, maxlength: "128" });
  const label = h("input", { name: "label", autocomplete: "off", maxlength: "30" });
  const act = attempt(async () => {
    if (!input.value.trim()) return toast(_("请填写登记码。"), "bad");
    return enrol(area, back, input.value.trim(), label.value.trim());
  });
  return [
    group(_("第一次在这台设备上登录"), field(_("登记码"), input, _("由您的机构发给您，只能用一次")), field(_("设备名称"), label)),
    h("div", { class: "bar" }, button(_("登记这台设备"), act)),
  ];
}

async function enrol(area, back, code, label) {
  await enter.withCode(code);
  const key = await enter.register(label);
  goOn(area, back, await enter.withKey(key.account));
}

/** One of the demo's persons: what WeChat or the personnel office would give, given by a tap. */
function played(area, back, person) {
  const act = attempt(async () => {
    const answer = await fetch("/demo/enter", { method: "POST", body: JSON.stringify({ id: person }), credentials: "omit" });
    const given = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(given.code), { code: given.code });
    if (given.enrolment) return enrol(area, back, given.enrolment, person);
    sessionStorage.setItem("rx.claim", JSON.stringify({ ...given.claim, openid: given.openid }));
    return goOn(area, back, await enter.withWeChat(given.wechat));
  });
  return h("div", { class: "bar" }, button(_("以这位演示人物进入"), act));
}

function goOn(area, back, found) {
  if (found.role !== ROLES[area]) return toast(_("这个账户不属于这里。"), "bad");
  const wanted = back.startsWith(area) ? back : `${area}/`;
  return location.replace(`/${wanted}`);
}
