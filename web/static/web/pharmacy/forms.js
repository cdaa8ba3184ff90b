/** A short form in a sheet: `[name, title, kind, may be empty?]`; kind is a type of input, or a Map of choices. */
import { field, h } from "../base/dom.js";
import { toast } from "../base/page.js";
import { asked } from "../base/sign.js";
import { _ } from "../base/words.js";

/** `{name: value}` as filled in, numbers as numbers; null if the person left, or left something out. */
export async function filled(title, fields, yes = _("确定")) {
  const inputs = fields.map(([name, words, kind, optional]) => [name, made(name, kind), words, optional]);
  if (!(await asked(title, inputs.map(([, input, words]) => field(words, input)), yes))) return null;
  if (inputs.some(([, input, , optional]) => !optional && !input.value.trim())) {
    toast(_("请填写完整。"), "bad");
    return null;
  }
  return Object.fromEntries(inputs.map(([name, input]) => [name, input.type === "number" ? Number(input.value) : input.value.trim()]));
}

export function made(name, kind) {
  if (kind instanceof Map) return h("select", { name }, [...kind].map(([value, words]) => h("option", { value }, words)));
  return h("input", { name, type: kind, autocomplete: "off", ...(kind === "number" ? { min: "0", inputmode: "numeric" } : {}) });
}
