/** Double checks: what colleagues have scanned and a second pharmacist looks at and signs, `#RX/SCAN`. */
import { get } from "../base/api.js";
import { button, cell, fill, h } from "../base/dom.js";
import { ago } from "../base/format.js";
import { attempt, fragment, list, start, toast } from "../base/page.js";
import { command } from "../base/sign.js";
import { _ } from "../base/words.js";
import { content } from "./content.js";
import { Chosen, shelfOf, wrongLots } from "./lots.js";
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

/** The colleague's lots are those that expire first, or what both choose: both sign the same ones. */
async function check(main, prescription, scan) {
  const rx = await get(`/api/prescriptions/${prescription}/double-check/${scan}`);
  const chosen = new Chosen(rx, rx.parts.chosen);
  await chosen.lots();
  const act = attempt(async () => {
    const wrong = wrongLots(chosen);
    if (wrong) return toast(wrong, "bad");
    const body = { scan, lines: chosen.units, lots: chosen.named(true), ...chosen.why };
    await command(`/api/prescriptions/${prescription}/double-check`, body, { kind: "pharmacy.double_check", yes: _("签名复核") });
    toast(_("已复核，同事可以发药。"));
    location.hash = "";
    return null;
  });
  fill(main, content(rx, chosen.units), shelfOf(chosen), h("div", { class: "bar" }, button(_("复核无误"), act)));
}
