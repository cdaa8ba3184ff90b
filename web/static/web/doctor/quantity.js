/** How many packages a line needs (`prescriptions/facts.py`: `packs_needed`): a proposal, no rule. */
import { FREQUENCIES } from "./terms.js";

const UG = { "μg": 1, ug: 1, mcg: 1, mg: 1_000, g: 1_000_000 };

/** Tablets, vials … of a dose; null if the units do not fit. */
function units(medicine, dose, unit) {
  if (unit === medicine.pack_unit) return dose;
  const strength = Number(medicine.strength);
  if (unit === medicine.strength_unit) return dose / strength;
  if (unit in UG && medicine.strength_unit in UG) return (dose * UG[unit]) / UG[medicine.strength_unit] / strength;
  return null;
}

/** Dispensing units for these days, rounded up as whole doses and whole packages; null: unknown. */
export function needed(medicine, dose, unit, frequency, days) {
  const each = units(medicine, Number(dose), unit), daily = FREQUENCIES[frequency]?.[1];
  if (!each || !daily || !days || !medicine.pack_size) return null;
  const doses = Math.ceil(rounded(daily * Number(days)));
  return Math.max(1, Math.ceil(rounded((each * doses) / medicine.pack_size)));
}

/** 6.000000000001 is six. */
function rounded(value) {
  return Math.round(value * 1e9) / 1e9;
}
