/**
 * Keystrokes of a scanner that types (a "keyboard wedge"), put together to what was scanned.
 *
 * Such a scanner types the code's lines and presses Enter after each. A patient's code has several
 * (`pharmacy/codes.py`) and is whole with the line of its signature; a box's code is one line.
 */
const HEAD = "smart-hospital/code/";
const SIGNATURE = /^\S*\s+(\S+) ([A-Za-z0-9+/]{80,}={0,2})$/;
const TYPED_WITHIN_MS = 5000;

/** Collects lines; a half-typed code is forgotten after five seconds. */
export class Wedge {
  #lines = [];
  #last = 0;

  /** One line, ended by Enter at `at` (ms): the whole text if this completes one, else null. */
  entered(line, at) {
    if (at - this.#last > TYPED_WITHIN_MS || line.startsWith(HEAD)) this.#lines = [];
    this.#last = at;
    if (!this.#lines.length && !line.startsWith(HEAD)) return line.trim() || null;
    const signed = this.#lines.at(-1) === "" && SIGNATURE.exec(line);
    this.#lines.push(signed ? `\u2014 ${signed[1]} ${signed[2]}` : line);
    if (!signed) return null;
    const whole = `${this.#lines.join("\n")}\n`;
    this.#lines = [];
    return whole;
  }

  get waiting() {
    return this.#lines.length > 0;
  }
}

/** What was scanned: "code" of a patient, "box" of a medicine, or "else". */
export function kindOf(text) {
  if (text.startsWith(HEAD)) return "code";
  return /^\d{20}$/.test(text.trim()) ? "box" : "else";
}

/** Whether a patient's code stands on paper: then the birth date is asked, too. */
export function isPaper(code) {
  return code.split("\n")[1] === "paper";
}
