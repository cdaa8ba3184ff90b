/**
 * The search for medicines: what is typed (pinyin, initials, name, code) is asked as it is typed, the
 * last answer wins; arrows walk, Enter takes, Escape leaves. A combobox of WAI-ARIA 1.2.
 */
import { get } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { yuan } from "../base/format.js";
import { said } from "../base/problems.js";
import { _ } from "../base/words.js";
import { latest, text } from "./controls.js";

const SHOWN = 12;

/** The element; `take(medicine)` gets what was chosen, as `GET /api/medicines` has it. */
export function search(take) {
  const input = text({ role: "combobox", id: "medicine-search", "aria-expanded": "false", "aria-controls": "medicines-found",
    "aria-autocomplete": "list", "aria-label": _("搜索药品：拼音、首字母、名称"), placeholder: _("拼音、首字母或名称，如 amxl"), accesskey: "m" });
  const found = h("ul", { role: "listbox", id: "medicines-found", class: "found", "aria-label": _("找到的药品"), hidden: true });
  const told = h("p", { class: "tip", role: "status" });
  const state = { rows: [], at: -1 };
  const close = () => {
    Object.assign(state, { rows: [], at: -1 });
    draw(input, found, state, chosen);
  };
  function chosen(medicine) {
    input.value = "";
    close();
    fill(told, "");
    take(medicine);
  }
  const ask = latest((words) => get("/api/medicines", { q: words, size: SHOWN }), ({ value, fault }) => {
    Object.assign(state, { rows: value?.medicines ?? [], at: value?.medicines.length ? 0 : -1 });
    draw(input, found, state, chosen);
    fill(told, fault ? said(fault) : state.rows.length ? _("%(number)s 种，↑↓ 选择，回车确认", { number: state.rows.length }) : _("没有找到这种药品"));
  }, 150);
  input.addEventListener("input", () => (input.value.trim() ? ask(input.value.trim()) : (close(), fill(told, ""))));
  input.addEventListener("keydown", (event) => walk(event, input, found, state, chosen, close));
  input.addEventListener("blur", () => setTimeout(close, 200));
  const element = h("div", { class: "search" }, input, found, told);
  return { element, input };
}

function walk(event, input, found, state, chosen, close) {
  const many = state.rows.length;
  if (event.isComposing) return; // an input method has the keys
  if (event.key === "Escape" && many) close();
  else if (event.key === "Enter") {
    if (many) chosen(state.rows[state.at]);
  } else if (many && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    state.at = (state.at + (event.key === "ArrowDown" ? 1 : many - 1)) % many;
    draw(input, found, state, chosen);
  } else return;
  event.preventDefault();
}

function draw(input, found, { rows, at }, chosen) {
  found.hidden = rows.length === 0;
  input.setAttribute("aria-expanded", String(rows.length > 0));
  if (at < 0) input.removeAttribute("aria-activedescendant");
  else input.setAttribute("aria-activedescendant", `medicine-${at}`);
  fill(found, rows.map((one, number) => option(one, number, number === at, chosen)));
  found.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
}

function option(one, number, selected, chosen) {
  return h("li", { role: "option", id: `medicine-${number}`, "aria-selected": String(selected), onmousedown: (event) => { event.preventDefault(); chosen(one); } },
    h("strong", {}, one.generic_name), " ", h("span", {}, one.specification),
    h("small", {}, [one.manufacturer, _("医保%(kind)s类", { kind: one.insurance_class }), yuan(one.price_fen)].filter(Boolean).join(" · ")));
}
