/** A text as a QR code (ISO/IEC 18004), drawn for a screen. */

import { encode } from "./vendor/uqr/uqr.js";

const SVG = "http://www.w3.org/2000/svg";
const QUIET = 4; // modules of white around it, as the standard asks

/**
 * An `<svg>` of the code, black on white in dark mode too, as wide as its place; `label` is what a
 * screen reader says. Throws a `RangeError` or `Error` if the text is too long: over 2,331 bytes.
 */
export function drawn(text, label) {
  const { data, size } = encode(text, { ecc: "M", border: QUIET });
  const svg = element("svg", { viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": label });
  svg.append(
    element("rect", { width: size, height: size, fill: "#fff" }),
    element("path", { d: dark(data), fill: "#000", "shape-rendering": "crispEdges" }),
  );
  return svg;
}

/** One path over all dark modules, row by row. */
function dark(rows) {
  const runs = rows.flatMap((row, y) =>
    row.map((on, x) => (on ? `M${x} ${y}h1v1h-1z` : "")).filter(Boolean),
  );
  return runs.join("");
}

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
