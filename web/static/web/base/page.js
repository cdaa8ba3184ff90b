/** The frame of every page: whose it is, its states (loading, empty, error, offline), its messages. */
import { Problem } from "./api.js";
import { button, fill, h } from "./dom.js";
import { said } from "./problems.js";
import { change, session } from "./session.js";
import { NotSigned } from "./sign.js";
import { _ } from "./words.js";

const main = document.getElementById("main");

/**
 * Fill the page by `render(main)`, which may be asked again. Where the area belongs to a role, nobody
 * else's session opens it: who has none is led to the log-in. `anybody`: the page shows what lies on
 * the device, which needs no session (and no network).
 */
export function start(render, { anybody = false } = {}) {
  const roles = document.body.dataset.roles.split(" ").filter(Boolean);
  if (!anybody && roles.length && !roles.includes(session()?.role)) {
    const back = encodeURIComponent(location.pathname.slice(1));
    location.replace(`/enter#${document.body.dataset.area}/${back}`);
    return;
  }
  watchNetwork();
  sayForWhom();
  window.addEventListener("hashchange", () => show(render));
  document.querySelector(".skip")?.addEventListener("click", skip);
  show(render);
}

/** To the text, without an address of its own: what follows the # says what the page shows. */
function skip(event) {
  event.preventDefault();
  main.focus();
}

/** Render anew; what goes wrong takes the page's place, with a way to try again. */
export async function show(render) {
  main.setAttribute("aria-busy", "true");
  try {
    await render(main);
  } catch (fault) {
    fill(main, failed(fault, () => show(render)));
    report(fault);
  } finally {
    main.setAttribute("aria-busy", "false");
  }
}

/** What follows the # of the address, in parts: `#ID/part`. It is never sent to the server. */
export function fragment() {
  return location.hash.slice(1).split("/").map(decodeURIComponent);
}

/** A state in the place of content. */
export function failed(fault, again) {
  const offline = fault.code === "offline";
  return h("div", { class: "state", role: "alert", "data-code": fault.code || "page.fault" },
    h("p", {}, offline ? _("网络已断开，暂时无法显示。") : said(fault)),
    button(_("重试"), again, { kind: "default" }));
}

export function empty(words) {
  return h("div", { class: "state", "data-state": "empty" }, h("p", {}, words));
}

export function loading() {
  return h("div", { class: "state", "data-state": "loading" }, h("i", { class: "weui-primary-loading", "aria-hidden": "true" }), h("p", {}, _("正在加载…")));
}

/** Rows of a list, or the words for none. */
export function list(rows, render, none) {
  return rows.length ? h("div", { class: "weui-cells" }, rows.map(render)) : empty(none);
}

/**
 * A list that grows: the first page of `path` under `name`, and a button for each further one.
 * `get` is the API's.
 */
export async function paged(place, load, render, none) {
  const cells = h("div", { class: "weui-cells" }), more = h("div", { class: "more" });
  async function next(cursor) {
    const { rows, next: following } = await load(cursor);
    cells.append(...rows.map(render));
    fill(more, following ? button(_("更多"), attempt(() => next(following)), { kind: "default" }) : null);
    if (!cells.children.length) fill(place, empty(none));
  }
  fill(place, cells, more);
  await next(undefined);
}

/** A function that says on the page what goes wrong, instead of throwing it. */
export function attempt(act) {
  return async (...given) => {
    try {
      return await act(...given);
    } catch (fault) {
      if (fault instanceof NotSigned) return undefined;
      toast(said(fault), "bad");
      return report(fault);
    }
  };
}

/** A message that goes by itself, and in place of the one before it; screen readers say it at once. */
export function toast(words, kind = "good") {
  document.querySelectorAll(".toast").forEach((one) => one.remove());
  const shown = h("p", { class: `toast ${kind}`, role: kind === "bad" ? "alert" : "status" }, words);
  document.body.append(shown);
  setTimeout(() => shown.remove(), kind === "bad" ? 8000 : 3000);
}

/** Faults of the page itself belong into the console; refusals were said to the person. */
function report(fault) {
  if (!(fault instanceof Problem)) console.error(fault);
}

function watchNetwork() {
  const notice = document.getElementById("offline");
  const tell = () => { notice.hidden = navigator.onLine; };
  window.addEventListener("online", tell);
  window.addEventListener("offline", tell);
  tell();
}

/** Who acts for a ward must see it on every page, and be able to stop. */
function sayForWhom() {
  if (!session()?.guardianship) return;
  const leave = () => { change({ guardianship: "" }); location.assign("/patient/guardians"); };
  main.before(h("p", { class: "ward", role: "status" },
    _("您正在代被监护人办理。"), h("button", { type: "button", onclick: leave }, _("结束代办"))));
}
