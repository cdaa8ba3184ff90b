/** Small parts of forms that doctor and reviewer share: choices, texts, reasons, shortcuts. */
import { field, h } from "../base/dom.js";
import { asked } from "../base/sign.js";

/** A `<select>` of `[value, words]`. */
export function select(options, value, attributes = {}) {
  const made = h("select", { class: "weui-select", ...attributes }, options.map(([code, words]) => h("option", { value: code }, words)));
  if (value !== undefined && options.some(([code]) => code === String(value))) made.value = value;
  return made;
}

/** A text input that suggests nothing of others' and keeps nothing. */
export function text(attributes = {}) {
  return h("input", { type: "text", autocomplete: "off", spellcheck: "false", ...attributes });
}

/** Label above, input below: narrow enough to stand side by side. */
export function labelled(title, input, more) {
  return h("label", { class: "labelled" }, h("span", {}, title), input, more);
}

export function tick(title, checked, onchange) {
  const input = h("input", { type: "checkbox", checked, onchange });
  return { input, element: h("label", { class: "tick" }, input, h("span", {}, title)) };
}

/** Ask for one of `options` in a sheet; the chosen code, or null. */
export async function choose(title, label, options, yes, more = []) {
  const input = select(options);
  const agreed = await asked(title, [field(label, input), more], yes);
  return agreed ? input.value : null;
}

/**
 * Keys that do something wherever the focus is: `{"Control+Enter": f}`. What is done is said in the
 * page's own words beside it; a sheet that is open has the keyboard for itself, and until one thing is
 * done no other begins: whoever presses twice signs once.
 */
export function shortcuts(keys) {
  let busy = false;
  const listen = async (event) => {
    const pressed = `${event.ctrlKey ? "Control+" : ""}${event.altKey ? "Alt+" : ""}${event.key}`;
    const act = keys[pressed];
    if (!act || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    if (busy) return;
    busy = true;
    try {
      await act();
    } finally {
      busy = false;
    }
  };
  document.addEventListener("keydown", listen);
  return () => document.removeEventListener("keydown", listen);
}

/** "Alt+N" as a key cap. */
export function cap(words) {
  return h("kbd", {}, words);
}

/** What is read at most once a while: the last of several answers wins; `drop()`: none is wanted. */
export function latest(load, show, wait = 250) {
  let timer, asked = 0;
  const ask = (...given) => {
    clearTimeout(timer);
    const mine = ++asked;
    timer = setTimeout(async () => {
      const answer = await load(...given).then((value) => ({ value }), (fault) => ({ fault }));
      if (mine === asked) show(answer);
    }, wait);
  };
  ask.drop = () => {
    clearTimeout(timer);
    asked++;
  };
  return ask;
}

export function facts(pairs) {
  return h("dl", { class: "facts" }, pairs.filter(([, value]) => value !== "" && value !== null && value !== undefined)
    .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

/** A number of seconds as "4:07". */
export function clock(seconds) {
  const left = Math.max(0, Math.floor(seconds));
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}

export function heading(words, ...beside) {
  return h("h2", { class: "weui-cells__title" }, words, beside);
}
