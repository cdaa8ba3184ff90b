/**
 * The scan bar: one field into which a scanner types, and the camera. Whatever is focused, what a
 * scanner types goes into the field; who works with the keyboard alone keeps the focus.
 */
import { button, fill, h } from "../base/dom.js";
import { toast } from "../base/page.js";
import { _ } from "../base/words.js";
import { Wedge } from "./wedge.js";

const TAKES_KEYS = "input, textarea, select, dialog *";

/** An element; each text scanned is given to `take`, one after the other. */
export function bar(take, label = _("扫描患者取药码或药盒追溯码")) {
  const wedge = new Wedge(), camera = eye(told);
  const input = h("input", { id: "scan", class: "weui-input", autocomplete: "off", spellcheck: "false", inputmode: "text" });
  let queue = Promise.resolve();
  function told(text) {
    queue = queue.then(() => take(text)).then(() => input.isConnected && quiet(input));
  }
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    const text = wedge.entered(input.value, performance.now());
    input.value = "";
    if (text) told(text);
  });
  input.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text");
    if (!text.includes("\n")) return;
    event.preventDefault();
    told(text);
  });
  document.addEventListener("keydown", (event) => redirect(event, input), true);
  setTimeout(() => quiet(input));
  const tip = h("span", { class: "weui-cell__desc" }, _("用扫码枪扫，或点右侧用摄像头扫。"));
  const field = h("label", { class: "scan-field" }, h("span", {}, label), input, tip);
  return h("section", { class: "scan", "aria-label": _("扫码") }, field, camera.toggle, camera.view);
}

/** A key that nothing on the page takes is the scanner's. */
function redirect(event, input) {
  if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey || !input.isConnected) return;
  const at = document.activeElement;
  if (at?.matches(TAKES_KEYS) || document.querySelector("dialog[open]")) return;
  if (event.key === " " && at?.matches("button, a, summary")) return;
  input.focus({ preventScroll: true });
}

/**
 * Focus without scrolling away from what is being read. A sheet that closes gives the focus back to
 * the field, but no caret, so that what is typed next would be lost: it is left and entered again.
 */
function quiet(input) {
  const at = document.activeElement;
  if (at && at !== document.body && at !== input) return;
  input.blur();
  input.focus({ preventScroll: true });
}

/** The camera, on and off. */
function eye(told) {
  const video = h("video", { class: "camera", "aria-label": _("摄像头画面"), muted: true, playsinline: true });
  const view = h("div", { hidden: true }, video);
  const toggle = button(_("用摄像头扫码"), async () => {
    if (stop) return stop.abort();
    stop = new AbortController();
    void look(stop.signal);
    return undefined;
  }, { kind: "default" });
  let stop = null;
  async function look(signal) {
    shown(true);
    try {
      const { texts } = await import("../scanning.js");
      for await (const text of texts(video, { signal })) told(text);
    } catch (fault) {
      toast(fault.name === "NotAllowedError" ? _("没有摄像头权限，请在浏览器中允许。") : _("打不开摄像头，请用扫码枪。"), "bad");
    } finally {
      stop = null;
      shown(false);
    }
  }
  function shown(on) {
    view.hidden = !on;
    fill(toggle, on ? _("关闭摄像头") : _("用摄像头扫码"));
    toggle.setAttribute("aria-pressed", String(on));
  }
  return { toggle, view };
}
