/** Texts in the language that the reader chose (the catalogue is /words.js, loaded before modules). */

/** The text, with `%(name)s` filled in from `values`. */
export function _(text, values) {
  const found = window.gettext(text);
  return values ? window.interpolate(found, values, true) : found;
}

export const language = document.documentElement.lang;
