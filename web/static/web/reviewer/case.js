/** One sampled prescription, `#ID`, and the judgement: the problems that are ticked decide its class. */
import { get } from "../base/api.js";
import { button, fill, h } from "../base/dom.js";
import { attempt, fragment, show, start, toast } from "../base/page.js";
import { command } from "../base/sign.js";
import { _ } from "../base/words.js";
import * as content from "../doctor/content.js";
import { tick } from "../doctor/controls.js";
import { PROBLEMS, VERDICTS, verdictOf } from "./codes.js";

start(render);

async function render(main) {
  const [id] = fragment();
  const one = await get(`/api/appraisals/${id}`);
  const lines = Object.fromEntries(Object.entries(one.fields).filter(([name]) => name.startsWith("line/")).map(([name, line]) => [name.slice(5), line]));
  fill(main, h("div", { class: "sides" },
    h("section", { class: "card" }, h("h2", {}, _("第 %(number)s 号", one)), content.shown(one.fields, lines, one.amendments)),
    one.verdict ? judged(one) : judgement(id)));
}

function judged(one) {
  const words = Object.assign({}, ...Object.values(PROBLEMS));
  return h("aside", { class: "card" }, h("h2", {}, VERDICTS[one.verdict]), h("ul", {}, one.problems.map((code) => h("li", {}, `${code} ${words[code]}`))));
}

function judgement(id) {
  const verdict = h("strong", { role: "status" }, VERDICTS.reasonable);
  const boxes = [], problems = () => boxes.filter(([, box]) => box.input.checked).map(([code]) => code);
  const tell = () => fill(verdict, VERDICTS[verdictOf(problems())]);
  const parts = Object.entries(PROBLEMS).map(([name, codes]) => h("details", { open: name === "unsuitable" }, h("summary", {}, VERDICTS[name]),
    Object.entries(codes).map(([code, words]) => {
      const box = tick(`${code} ${words}`, false, tell);
      boxes.push([code, box]);
      return h("div", {}, box.element);
    })));
  const judge = attempt(async () => {
    const found = problems();
    const body = { verdict: verdictOf(found), problems: found };
    await command(`/api/appraisals/${id}/judge`, body, { kind: "prescription.appraise", rows: [[_("结论"), VERDICTS[body.verdict]]] });
    toast(_("已点评"));
    show(render);
  });
  return h("aside", { class: "card" }, h("h2", {}, _("点评")), parts, h("p", {}, _("结论："), verdict), h("div", { class: "bar" }, button(_("签名点评"), judge)));
}
