/**
 * Where the patient looks for pharmacies: where the phone is, or a part of the town. Coordinates are
 * GCJ-02, in which maps in China are drawn; phones say WGS-84. What was chosen is kept for the tab.
 */
import { button, h } from "../base/dom.js";
import { attempt, toast } from "../base/page.js";
import { _ } from "../base/words.js";

const NAME = "rx.place";
/** Middles of districts; a deployment puts those of its towns here. */
const DISTRICTS = [
  [_("柳州市城中区"), "109.411000", "24.314500"], [_("柳州市鱼峰区"), "109.453000", "24.319000"],
  [_("柳州市柳南区"), "109.385200", "24.336200"], [_("柳州市柳北区"), "109.402000", "24.362500"],
];

/** `{name, lng, lat}` */
export function place() {
  const kept = sessionStorage.getItem(NAME);
  const [name, lng, lat] = DISTRICTS[0];
  return kept ? JSON.parse(kept) : { name, lng, lat };
}

function keep(name, lng, lat, changed) {
  sessionStorage.setItem(NAME, JSON.stringify({ name, lng, lat }));
  return changed();
}

/** The choice of a place; `changed` is called after another one. */
export function chooser(changed) {
  const now = place();
  const known = DISTRICTS.some(([name]) => name === now.name) ? DISTRICTS : [...DISTRICTS, [now.name, now.lng, now.lat]];
  const select = h("select", { name: "place", class: "weui-select", onchange: attempt((event) => keep(...known[event.target.selectedIndex], changed)) },
    known.map(([name]) => h("option", { selected: name === now.name }, name)));
  const locate = attempt(async () => {
    const found = await located();
    if (found) return keep(_("我现在的位置"), ...found, changed);
    return toast(_("没有取得位置，请在列表里选一个地点。"), "bad");
  });
  return h("div", { class: "card place" },
    h("label", {}, h("span", {}, _("在哪附近取药")), select),
    button(_("用手机定位"), locate, { kind: "default", small: true }));
}

function located() {
  if (!navigator.geolocation) return null;
  return new Promise((done) => navigator.geolocation.getCurrentPosition(
    ({ coords }) => done(gcj(coords.longitude, coords.latitude).map((one) => one.toFixed(6))),
    () => done(null), { timeout: 10_000, maximumAge: 60_000 }));
}

/** WGS-84 → GCJ-02, to some metres (the formula that open map libraries share). */
export function gcj(lng, lat) {
  const A = 6378245, EE = 0.00669342162296594323, x = lng - 105, y = lat - 35, pi = Math.PI;
  if (lng < 72 || lng > 138 || lat < 0.8 || lat > 56) return [lng, lat];
  const wave = (v, ...pairs) => pairs.reduce((sum, [size, of]) => sum + size * Math.sin(v * pi / of), 0) * 2 / 3;
  const common = (20 * Math.sin(6 * x * pi) + 20 * Math.sin(2 * x * pi)) * 2 / 3;
  const dLat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x)) + common
    + wave(y, [20, 1], [40, 3]) + wave(y, [160, 12], [320, 30]);
  const dLng = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x)) + common
    + wave(x, [20, 1], [40, 3]) + wave(x, [150, 12], [300, 30]);
  const rad = lat * pi / 180, magic = 1 - EE * Math.sin(rad) ** 2;
  return [
    lng + dLng * 180 / ((A / Math.sqrt(magic)) * Math.cos(rad) * pi),
    lat + dLat * 180 / ((A * (1 - EE)) / (magic * Math.sqrt(magic)) * pi),
  ];
}
