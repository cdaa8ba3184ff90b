/** What a draft costs in the pharmacies that have all of it, and who would pay. */
import { h } from "../base/dom.js";
import { yuan } from "../base/format.js";
import { organisations } from "../base/statement.js";
import { _ } from "../base/words.js";
import { facts } from "./controls.js";
import { FORMS, named } from "./terms.js";

/** A part of the page from an answer of `POST /api/prescriptions/check`. */
export async function shown(checked) {
  const known = await organisations();
  const { lowest, highest } = checked.prices;
  const covered = checked.covered_by.map((slug) => known.get(slug) || slug).join("、");
  return h("section", { class: "prices", "data-prices": checked.pharmacies },
    h("h3", {}, _("价格与保障")),
    facts([
      [_("处方类型"), named(FORMS, checked.form)],
      [_("备齐的药房"), _("%(number)s 家", { number: checked.pharmacies })],
      ...(lowest ? [[_("总价"), range(lowest.total_fen, highest.total_fen)], [_("患者自付"), range(lowest.patient_fen, highest.patient_fen)],
        ...Object.entries(lowest.payers).map(([slug, fen]) => [known.get(slug) || slug, yuan(fen)])] : []),
      [_("保障"), covered || _("无")],
    ]),
    checked.pharmacies ? null : h("p", { class: "bad" }, _("没有药房备齐全部药品，可换规格或厂家。")));
}

function range(least, most) {
  return least === most ? yuan(least) : `${yuan(least)} – ${yuan(most)}`;
}
