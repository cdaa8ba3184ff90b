/** Choosing a medicine of the catalogue by name, pinyin or code. */
import { get } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { attempt } from "../base/page.js";
import { _ } from "../base/words.js";

const PAUSE_MS = 250;

/** `{view, value()}`: a search field with a list beneath it; the value is the medicine, or null. */
export function finder(title = _("药品")) {
  let found = null, timer;
  const list = h("select", { name: "medicine", size: "5", hidden: true, "aria-label": _("选择药品") });
  const input = h("input", { class: "weui-input", name: "q", autocomplete: "off", placeholder: _("名称、拼音或编码") });
  const look = attempt(async () => {
    const q = input.value.trim(), { medicines } = q ? await get("/api/medicines", { q }) : { medicines: [] };
    fill(list, medicines.map((one) => h("option", { value: one.code }, `${one.generic_name} ${one.specification}`)));
    list.hidden = !medicines.length;
    found = medicines[0] || null;
    if (found) list.selectedIndex = 0;
    list.onchange = () => { found = medicines[list.selectedIndex]; };
  });
  input.addEventListener("input", () => {
    clearTimeout(timer);
    found = null;
    timer = setTimeout(look, PAUSE_MS);
  });
  const view = h("div", { class: "weui-cell finder" },
    h("label", { class: "weui-cell__bd" }, h("span", { class: "weui-cell__desc" }, title), input), list);
  return { view, value: () => found };
}

/** Names of medicines by code, looked up once each. */
const names = new Map();
export async function nameOf(code) {
  if (!names.has(code)) {
    names.set(code, get("/api/medicines", { q: code }).then(({ medicines }) => medicines.find((one) => one.code === code)));
    names.get(code).catch(() => names.delete(code));
  }
  const found = await names.get(code);
  return found ? `${found.generic_name} ${found.specification}` : code;
}
