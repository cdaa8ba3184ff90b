/** The station, `#SCAN`: scan, look at what is prescribed, check it, sign, hand it over. */
import { write } from "../base/api.js";
import { cell, field, fill, group, h } from "../base/dom.js";
import { attempt, fragment, loading, start, toast } from "../base/page.js";
import { asked } from "../base/sign.js";
import { _ } from "../base/words.js";
import { bar } from "./bar.js";
import { open } from "./work.js";
import "./refusals.js";
import { isPaper, kindOf } from "./wedge.js";

const place = h("div", { id: "work", tabindex: "-1" }), beside = h("div", {});
let work = null, scanner = null, scanned = [];

start(async (main) => {
  const [scan] = fragment();
  if (!scanner?.isConnected) fill(main, (scanner = bar(attempt(took))), place, beside);
  work = null;
  fill(beside, siblings(scan));
  if (!scan) return fill(place, guide());
  fill(place, loading());
  work = await open(place, scan);
  return work;
});

/** What to do with a text that was scanned. */
async function took(text) {
  const kind = kindOf(text);
  if (kind === "code") return opened(text);
  if (kind === "box" && work) return work.box(text.trim());
  return toast(kind === "box" ? _("请先扫描患者的取药码。") : _("这不是取药码，也不是追溯码。"), "bad");
}

/** A patient's code: all prescriptions that it names are scanned at once. */
async function opened(code) {
  const body = { code };
  if (isPaper(code) && !(body.born = await birthDate())) return;
  const { scans } = await write("/api/scans", body);
  scanned = scans;
  location.hash = scans[0].id;
}

/** Whoever brings a printed code tells the patient's birth date; empty if they do not. */
async function birthDate() {
  const input = h("input", { type: "date", name: "born", required: true });
  const agreed = await asked(_("纸质取药码"), field(_("患者出生日期"), input, _("请来人说出，与处方核对")), _("继续"));
  if (agreed && !input.value) toast(_("请填写患者的出生日期。"), "bad");
  return agreed ? input.value : "";
}

function guide() {
  return [
    h("div", { class: "state", "data-state": "empty" }, h("p", {}, _("请扫描患者手机或纸上的取药码。"))),
    group(_("其他"),
      cell(_("交付与取回"), { href: "/pharmacy/waiting" }),
      cell(_("为同事复核"), { href: "/pharmacy/second" }),
      cell(_("退药"), { href: "/pharmacy/return" }),
      cell(_("没有网络时发药"), { href: "/pharmacy/offline" })),
  ];
}

/** What else the same code named, to go on with. */
function siblings(scan) {
  const shown = scanned.map((one, index) => [one.id, _("刚扫的第 %(number)s 张处方", { number: index + 1 })]).filter(([id]) => id !== scan);
  return shown.length ? group(_("同一取药码"), shown.map(([id, words]) => cell(words, { href: `#${id}` }))) : null;
}
