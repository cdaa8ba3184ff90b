/** Double checks: what colleagues have scanned and a second pharmacist looks at and signs, `#RX/SCAN`. */
import { each, get } from "../base/api.js";
import { button, cell, fill, h } from "../base/dom.js";
import { ago } from "../base/format.js";
import { attempt, fragment, list, start, toast } from "../base/page.js";
import { command } from "../base/sign.js";
import { _ } from "../base/words.js";
import { content } from "./content.js";
import { byMedicine, named, proposed } from "./shelf.js";
import "./refusals.js";

start(async (main) => {
  const [prescription, scan] = fragment();
  if (prescription && scan) return check(main, prescription, scan);
  const { waiting } = await get("/api/double-checks");
  return fill(main, list(waiting, row, _("没有等待复核的处方。")));
});

function row(one) {
  return cell(_("待复核处方"), { desc: one.prescription, value: ago(one.scanned_at), href: `#${one.prescription}/${one.scan}` });
}

/** The colleague's lots are those that expire first; both sign the same ones. */
async function check(main, prescription, scan) {
  const rx = await get(`/api/prescriptions/${prescription}/double-check/${scan}`);
  const lines = rx.parts.chosen, lots = [];
  for (const [medicine, units] of byMedicine(rx.lines, lines)) {
    const found = [];
    for await (const lot of each("/api/stock/lots", "lots", { medicine, size: 50 })) found.push(lot);
    lots.push(...proposed(found, units).taken);
  }
  const act = attempt(async () => {
    await command(`/api/prescriptions/${prescription}/double-check`, { scan, lines, lots: named(lots) }, { kind: "pharmacy.double_check", yes: _("签名复核") });
    toast(_("已复核，同事可以发药。"));
    location.hash = "";
  });
  const said = lots.map(({ lot, units }) => cell(_("批号 %(number)s", { number: lot.number }), { desc: _("有效期至 %(day)s", { day: lot.expires_on }), value: String(units) }));
  fill(main, content(rx, lines), h("div", { class: "weui-cells" }, said), h("div", { class: "bar" }, button(_("复核无误"), act)));
}
