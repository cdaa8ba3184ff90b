/** Language, size of type, dark or light: kept on this device. */
import { cell, fill, group, h } from "../base/dom.js";
import { start } from "../base/page.js";
import { forget, session } from "../base/session.js";
import { _, language } from "../base/words.js";

const CHOICES = [
  [_("语言"), "language", [["zh-hans", "简体中文"], ["en", "English"]]],
  [_("字体"), "rx.type", [["", _("标准")], ["large", _("大字")]]],
  [_("外观"), "rx.theme", [["", _("跟随系统")], ["light", _("浅色")], ["dark", _("深色")]]],
];

function chosen(name) {
  if (name === "language") return language === "en" ? "en" : "zh-hans";
  return localStorage.getItem(name) || "";
}

function choose(name, value) {
  if (name === "language") document.cookie = `django_language=${value};path=/;max-age=31536000;samesite=lax`;
  else if (value) localStorage.setItem(name, value);
  else localStorage.removeItem(name);
  location.reload();
}

function option(name, [value, words]) {
  const input = h("input", { type: "radio", name, value, checked: chosen(name) === value, onchange: () => choose(name, value) });
  return h("label", { class: "weui-cell" }, h("span", { class: "weui-cell__bd" }, words), h("span", { class: "weui-cell__ft" }, input));
}

start((main) => {
  const groups = CHOICES.map(([title, name, options]) =>
    h("fieldset", { class: "plain" }, h("legend", { class: "weui-cells__title" }, title), h("div", { class: "weui-cells" }, options.map((one) => option(name, one)))));
  const leave = () => { forget(); location.assign("/"); };
  fill(main, groups, session() ? group("", cell(_("退出登录"), { onclick: leave, warn: true })) : null);
});
