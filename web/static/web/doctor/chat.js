/**
 * The conversation: words and pictures in their order. What is new is asked for while the page is seen,
 * and not often: each look stands in the patient's list of who looked.
 */
import { get, write } from "../base/api.js";
import { button, fill, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { attempt, toast } from "../base/page.js";
import { _ } from "../base/words.js";
import { text } from "./controls.js";

const LOOK_MS = 15_000;
const MOST_BYTES = 1_000_000;
const AUTHORS = { patient: _("患者"), doctor: _("我"), guardian: _("监护人") };

/** The element of a conversation below `path`; while it is `open` one can write. */
export function chat(path, open) {
  const place = h("ol", { class: "chat", "aria-live": "polite", "aria-label": _("对话"), tabindex: "0" });
  const state = { after: 0, busy: false };
  const look = async () => {
    if (state.busy) return;
    state.busy = true;
    try {
      await further(path, place, state);
    } finally {
      state.busy = false;
    }
  };
  const element = h("section", { class: "card", "aria-label": _("对话") }, place, open ? composer(path, look) : null);
  attempt(look)();
  if (open) watch(element, look);
  return element;
}

async function further(path, place, state) {
  let next = state.after;
  do {
    const page = await get(`${path}/messages`, { after: state.after, size: 50 });
    place.append(...page.messages.map((one) => message(path, one)));
    state.after = page.messages.at(-1)?.number ?? state.after;
    next = page.next;
    if (page.messages.length) place.scrollTop = place.scrollHeight;
  } while (next);
}

/** Asked again while the element is on the page and the page is seen. */
function watch(element, look) {
  const timer = setInterval(() => {
    if (!element.isConnected) clearInterval(timer);
    else if (!document.hidden) look().catch(() => {}); // the next one will tell
  }, LOOK_MS);
}

function message(path, one) {
  const content = one.kind === "picture" ? shownLater(path, one) : h("p", { class: "words" }, one.text);
  return h("li", { class: one.author === "doctor" ? "mine" : "theirs" }, h("small", {}, `${AUTHORS[one.author] ?? one.author} ${moment(one.at)}`), content);
}

/** A picture is a look of its own: it is fetched when somebody wants to see it. */
function shownLater(path, one) {
  const place = h("div", {});
  const load = attempt(async () => {
    const full = await get(`${path}/messages/${one.number}`);
    fill(place, picture(full.media_type, full.picture, _("对话中的图片")));
  });
  return fill(place, button(_("查看图片"), load, { kind: "default", small: true }));
}

/** A picture from base64, by an address that only this page knows. */
export function picture(type, base64, words) {
  const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
  const image = h("img", { class: "shown", alt: words });
  image.src = URL.createObjectURL(new Blob([bytes], { type }));
  return image;
}

function composer(path, look) {
  const input = text({ "aria-label": _("回复患者"), placeholder: _("回复患者，回车发送"), maxlength: "2000", accesskey: "w" });
  const say = attempt(async () => {
    const words = input.value.trim();
    if (!words) return;
    await write(`${path}/messages`, { text: words });
    input.value = "";
    await look();
    input.focus();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing && !event.ctrlKey) say();
  });
  const file = h("input", { type: "file", accept: "image/jpeg,image/png,image/webp", "aria-label": _("发送图片") });
  file.addEventListener("change", attempt(async () => {
    const [one] = file.files;
    file.value = "";
    if (!one) return;
    if (one.size > MOST_BYTES) return toast(_("图片过大，请小于 1 MB。"), "bad");
    await write(`${path}/pictures`, { picture: await base64(one) });
    await look();
  }));
  const again = button(_("刷新"), attempt(look), { kind: "default", small: true });
  again.setAttribute("accesskey", "r");
  return h("div", { class: "composer" }, input, button(_("发送"), say, { small: true }), again, h("label", { class: "file" }, h("span", {}, _("图片")), file));
}

async function base64(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = "";
  for (const one of bytes) binary += String.fromCharCode(one);
  return btoa(binary);
}
