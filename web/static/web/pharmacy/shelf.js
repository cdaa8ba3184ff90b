/**
 * Out of which lots and boxes a prescription comes. Pure: what the server listed goes in, what the
 * command says comes out. What expires first goes first; the server decides, this proposes.
 */

/**
 * `lots` are those of one medicine, what expires first before the others; `boxes` those scanned of
 * it, `{code, lot (number), units}`. → `[{lot, units}]`, and how many units no lot has.
 */
export function proposed(lots, wanted, boxes = []) {
  const usable = lots.filter((one) => one.usable && !one.recalled), taken = new Map();
  let left = wanted;
  for (const box of boxes) {
    const lot = usable.find((one) => one.number === box.lot);
    if (!lot) continue;
    taken.set(lot, (taken.get(lot) || 0) + box.units);
    left -= box.units;
  }
  for (const lot of usable) {
    const units = Math.min(left, lot.on_hand - (taken.get(lot) || 0));
    if (units <= 0) continue;
    taken.set(lot, (taken.get(lot) || 0) + units);
    left -= units;
  }
  return { taken: [...taken].map(([lot, units]) => ({ lot, units })), missing: Math.max(0, left) };
}

/** How many units of each medicine leave the shelf: `lines` of the content, `units` by line. */
export function byMedicine(lines, units) {
  const wanted = new Map();
  for (const [number, some] of Object.entries(units)) {
    const code = lines[number].code;
    if (some > 0) wanted.set(code, (wanted.get(code) || 0) + some);
  }
  return wanted;
}

/** How many units of a box that was scanned are given: what it holds, what is still wanted. */
export function outOf(box, wanted, boxes) {
  const given = boxes.reduce((sum, one) => sum + one.units, 0);
  return Math.min(box.on_hand, wanted - given);
}

/** The lots as a command names them; lots without units are left out. */
export function named(taken) {
  return taken.filter((one) => one.units > 0).map(({ lot, units }) => ({ lot: lot.id, units }));
}
