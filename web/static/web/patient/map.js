/** Where the pharmacies are around the patient: a sketch from their coordinates, without anybody's map. */
import { h, svg } from "../base/dom.js";
import { _ } from "../base/words.js";

const SIZE = 320, EDGE = 24, METRES_PER_DEGREE = 111_320;

/** A sketch with rings of distance; `choose(index)` is called for the pharmacy that was tapped. */
export function map(here, offers, choose) {
  const known = offers.map((one, index) => ({ index, one, at: one.place && offset(here, one.place) })).filter(({ at }) => at);
  if (!known.length) return null;
  const far = Math.max(...known.map(({ at }) => Math.hypot(...at)), 500);
  const ring = nice(far), scale = (SIZE / 2 - EDGE) / Math.max(far, ring);
  return h("figure", { class: "card map" },
    svg("svg", { viewBox: `0 0 ${SIZE} ${SIZE}`, role: "group", "aria-label": _("药房位置示意图") },
      [ring / 2, ring].map((metres) => circle(metres, scale)),
      svg("circle", { class: "here", cx: SIZE / 2, cy: SIZE / 2, r: 6 }),
      svg("text", { x: SIZE / 2, y: SIZE / 2 + 20, "text-anchor": "middle" }, _("我")),
      known.map(({ index, one, at }) => pin(index, one, at, scale, choose))),
    h("figcaption", {}, _("上方为北。数字与下面列表对应。")));
}

function offset(here, there) {
  const north = (there.lat - here.lat) * METRES_PER_DEGREE;
  return [(there.lng - here.lng) * METRES_PER_DEGREE * Math.cos(here.lat * Math.PI / 180), north];
}

/** The largest of 1, 2 or 5 times a power of ten that is not beyond. */
function nice(metres) {
  const power = 10 ** Math.floor(Math.log10(metres));
  return [5, 2, 1].map((one) => one * power).find((one) => one <= metres);
}

function circle(metres, scale) {
  const words = metres >= 1000 ? _("%(km)s 公里", { km: metres / 1000 }) : _("%(metres)s 米", { metres });
  return [
    svg("circle", { class: "ring", cx: SIZE / 2, cy: SIZE / 2, r: metres * scale }),
    svg("text", { class: "ring-words", x: SIZE / 2, y: SIZE / 2 - metres * scale - 3, "text-anchor": "middle" }, words),
  ];
}

function pin(index, one, [east, north], scale, choose) {
  const x = SIZE / 2 + east * scale, y = SIZE / 2 - north * scale, tap = () => choose(index);
  const key = (event) => ["Enter", " "].includes(event.key) && (event.preventDefault(), tap());
  return svg("g", { class: "pin", role: "button", tabindex: "0", "aria-label": `${index + 1} ${one.name}`, onclick: tap, onkeydown: key },
    svg("circle", { class: "touch", cx: x, cy: y, r: 22 }),
    svg("circle", { cx: x, cy: y, r: 12 }),
    svg("text", { x, y: y + 5, "text-anchor": "middle" }, index + 1));
}
