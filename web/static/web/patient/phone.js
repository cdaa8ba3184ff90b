/**
 * What WeChat does on the patient's phone: camera and cashier. Inside WeChat its bridge is called over
 * the page; elsewhere, in the demo, the simulated phone shows a page of its own and comes back.
 */
import { meta } from "../base/dom.js";
import { _ } from "../base/words.js";

const HASH = "rx.hash";

/** No WeChat, and no simulated phone: nothing was done. */
export class NoPhone extends Error {
  constructor() {
    super("no WeChat");
    this.code = "wechat.unavailable";
  }
}

export function insideWeChat() {
  return typeof window.WeixinJSBridge !== "undefined" || /MicroMessenger/i.test(navigator.userAgent);
}

/** Let the camera look at the face; true when it has, else the page is left and comes back by itself. */
export async function camera(told) {
  if (insideWeChat()) {
    const said = await invoke("requestFacialVerify", { verifyId: told.verifyId });
    return String(said.err_msg).endsWith(":ok");
  }
  leave("camera", { verify_id: told.verifyId });
  return false;
}

/** Let the person pay; as `camera`. What the phone says is not believed: the server asks WeChat. */
export async function cashier(signed) {
  if (insideWeChat()) {
    const said = await invoke("getBrandWCPayRequest", signed);
    return String(said.err_msg).endsWith(":ok");
  }
  leave("cashier", signed);
  return false;
}

/** Let the person take a transfer that WeChat holds ready (商家转账, 用户确认收款); whether it came the server says. */
export async function collect(confirm) {
  const said = await invoke("requestMerchantTransfer", confirm);
  return String(said.err_msg).endsWith(":ok");
}

/** The bridge is there at once, or when WeChat says so. */
async function invoke(name, values) {
  if (!window.WeixinJSBridge) await new Promise((ready) => document.addEventListener("WeixinJSBridgeReady", ready, { once: true }));
  return new Promise((done) => window.WeixinJSBridge.invoke(name, values, done));
}

/** To a page of the simulated phone; which prescription it is about stays on this device. */
function leave(page, values) {
  const phone = meta("rx:wechat");
  if (!phone) throw new NoPhone();
  sessionStorage.setItem(HASH, location.hash);
  const back = `${location.origin}${location.pathname}`;
  location.assign(`${phone}/simulator/${page}?${new URLSearchParams({ ...values, back })}`);
}

/** Who comes back from the phone's page looks at what was left; whether that is so. */
export function cameBack() {
  const hash = sessionStorage.getItem(HASH);
  sessionStorage.removeItem(HASH);
  if (hash === null) return false;
  if (!location.hash) history.replaceState(null, "", hash || location.pathname);
  return true;
}

/** What this device is called in the list of the patient's devices. */
export function device() {
  const kind = /iPhone|iPad/.test(navigator.userAgent) ? "iPhone" : /Android/.test(navigator.userAgent) ? _("安卓手机") : _("浏览器");
  return insideWeChat() ? `${kind} · ${_("微信")}` : kind;
}
