/** Goods come in: one lot, from a delivery note, with the boxes that are scanned. */
import { write } from "../base/api.js";
import { button, cell, field, fill, group, h } from "../base/dom.js";
import { attempt, start, toast } from "../base/page.js";
import { _ } from "../base/words.js";
import { bar } from "./bar.js";
import { filled, made } from "./forms.js";
import { finder } from "./medicines.js";
import { kindOf } from "./wedge.js";
import "./refusals.js";

const STORAGE = new Map([["", "未注明"], ["room", "常温"], ["cool", "阴凉"], ["cold", "冷藏"]]);
const FIELDS = [["number", "批号", "text"], ["expires_on", "有效期至", "date"], ["units", "数量", "number"], ["document", "随货单号", "text"], ["box_units", "每盒数量", "number"]];

start((main) => {
  const medicine = finder(), boxes = new Set(), shown = h("section", {});
  const inputs = FIELDS.map(([name, words, kind]) => [name, _(words), made(name, kind)]);
  const storage = made("storage", new Map([...STORAGE].map(([value, words]) => [value, _(words)])));
  inputs.at(-1)[2].value = "1";
  const draw = () => fill(shown, boxes.size ? group(_("已扫 %(number)s 盒", { number: boxes.size }), [...boxes].map((code) => cell(code))) : null);
  const act = attempt(async () => {
    const found = medicine.value();
    if (!found) return toast(_("请选择药品。"), "bad");
    const said = Object.fromEntries(inputs.map(([name, , input]) => [name, input.type === "number" ? Number(input.value) : input.value.trim()]));
    if (Object.values(said).some((value) => !value)) return toast(_("请填写完整。"), "bad");
    const goods = { medicine: found.code, storage: storage.value, boxes: [...boxes], ...said };
    const lot = await received(goods);
    if (!lot) return undefined;
    return location.assign(`/pharmacy/lot#${lot.medicine}/${lot.id}`);
  });
  fill(main, bar(attempt((text) => took(boxes, text, draw)), _("扫描药盒追溯码")),
    group(_("入库"), medicine.view, inputs.map(([, words, input]) => field(words, input)), field(_("运输温度"), storage)),
    shown, h("div", { class: "bar" }, button(_("入库"), act)));
});

/** What the pharmacy did not keep yet has a price first; null if nobody said one. */
async function received(goods) {
  try {
    return await write("/api/stock/receipts", goods);
  } catch (problem) {
    if (problem.code !== "stock.not_kept") throw problem;
  }
  const said = await filled(_("本药房第一次经营这种药品"), [["yuan", _("零售价（元）"), "text"], ["storage", _("储存条件"), new Map([...STORAGE].slice(1).map(([value, words]) => [value, _(words)]))]]);
  if (!said) return null;
  if (!/^\d{1,6}(\.\d{1,2})?$/.test(said.yuan)) {
    toast(_("价格请写成“12.50”这样。"), "bad");
    return null;
  }
  const [whole, rest = ""] = said.yuan.split(".");
  await write("/api/stock", { medicine: goods.medicine, price_fen: Number(whole) * 100 + Number(rest.padEnd(2, "0")), storage: said.storage });
  return write("/api/stock/receipts", goods);
}

function took(boxes, text, draw) {
  if (kindOf(text) !== "box") return toast(_("这不是追溯码。"), "bad");
  if (boxes.has(text.trim())) return toast(_("这盒药已经扫过。"), "bad");
  boxes.add(text.trim());
  return draw();
}
