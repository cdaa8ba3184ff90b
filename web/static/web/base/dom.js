/**
 * How pages make elements: text is always text. There is no way from a string to markup or code, so
 * what people write (a name, a message, a medicine) shows as it is, whatever it holds.
 */

/**
 * An element: `h("a", {class: "x", href: "/", onclick: f}, "text", child, [more], null)`.
 * Functions are listeners, `true` an attribute without value; `false`, null and undefined are left out.
 */
export function h(name, attributes, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** The same in SVG. */
export function svg(name, attributes, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function filled(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === "function") made.addEventListener(key.replace(/^on/, ""), value);
    else if (key.startsWith("on")) throw new TypeError(`${key} is no function`);
    else if (key === "value" && "value" in made) made.value = value;
    else made.setAttribute(key, key === "href" ? address(value) : value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false));
  return made;
}

/** A link of ours: within this site or made by this page; anything else leads nowhere. */
function address(value) {
  const text = String(value);
  if (text.startsWith("blob:") || text.startsWith("#")) return text;
  const there = new URL(text, location.href);
  return there.origin === location.origin || trusted(there) ? text : "#";
}

/** The pages of the simulated phone, where there is one. */
function trusted(there) {
  const phone = meta("rx:wechat");
  return phone !== "" && there.origin === new URL(phone).origin;
}

/** What the shell says of this installation. */
export function meta(name) {
  return document.querySelector(`meta[name="${name}"]`)?.content || "";
}

/** Put these in the place of what was there. */
export function fill(place, ...children) {
  place.replaceChildren(...children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false));
  return place;
}

/** A cell of WeUI: title, description beneath, value at the right; a link if it has `href`. */
export function cell(title, { desc, value, href, onclick, warn, lead } = {}) {
  const tag = href ? "a" : onclick ? "button" : "div";
  const kind = href || onclick ? " weui-cell_access" : "";
  const type = tag === "button" ? "button" : null;
  return h(tag, { class: `weui-cell${kind}${warn ? " weui-cell_warn" : ""}`, href, onclick, type },
    lead ? h("span", { class: "weui-cell__hd" }, lead) : null,
    h("span", { class: "weui-cell__bd" }, h("span", {}, title), desc ? h("span", { class: "weui-cell__desc" }, desc) : null),
    value !== undefined ? h("span", { class: "weui-cell__ft" }, value) : null);
}

/** A titled group of cells. */
export function group(title, ...cells) {
  return h("section", { class: "weui-cells__group" },
    title ? h("h2", { class: "weui-cells__title" }, title) : null,
    h("div", { class: "weui-cells" }, cells));
}

/** A button; while what it does is under way it cannot be pressed again. */
export function button(title, act, { kind = "primary", small = false } = {}) {
  const size = small ? " weui-btn_mini" : "";
  const made = h("button", { type: "button", class: `weui-btn weui-btn_${kind}${size}` }, title);
  made.addEventListener("click", async () => {
    made.disabled = true;
    try {
      await act();
    } finally {
      made.disabled = false;
    }
  });
  return made;
}

/** A labelled field of a form; `input` is any element that has a value. */
export function field(title, input, tip) {
  input.classList.add("weui-input");
  return h("label", { class: "weui-cell" },
    h("span", { class: "weui-cell__hd weui-label" }, title),
    h("span", { class: "weui-cell__bd" }, input, tip ? h("span", { class: "weui-cell__desc" }, tip) : null));
}
