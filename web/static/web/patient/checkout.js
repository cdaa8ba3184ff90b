/** From a chosen pharmacy to a signed authorization: how it comes, where to, the face if it is asked for. */
import { write } from "../base/api.js";
import { button, field, fill, group, h } from "../base/dom.js";
import { yuan } from "../base/format.js";
import { attempt, loading, toast } from "../base/page.js";
import { NotSigned, command } from "../base/sign.js";
import { _ } from "../base/words.js";
import * as face from "./face.js";
import { shares } from "./pharmacies.js";

/** What a pharmacy's card ends with: choosing it opens the ways. `terms`: promised, and who is to pay. */
export function checkout(rx, offer, terms, known) {
  const place = h("div", {});
  const open = () => fill(place, form(rx, offer, terms, known));
  return h("div", {}, h("div", { class: "bar" }, button(_("选这家"), open)), place);
}

function form(rx, offer, terms, known) {
  const ways = [["collect", _("到店自取"), null], ...offer.ways.courier.map((one) => ["courier",
    _("%(name)s送到家（%(fee)s，约 %(minutes)s 分钟）", { name: known.get(one.courier) || one.courier, fee: yuan(one.fee_fen), minutes: one.minutes }), one.courier])];
  const to = addressed(), name = `way-${offer.pharmacy}`;
  to.hidden = true;
  const pick = (index) => { to.hidden = ways[index][0] !== "courier"; };
  const radios = ways.map(([, words], index) => h("label", { class: "weui-cell" },
    h("span", { class: "weui-cell__hd" }, h("input", { type: "radio", name, value: index, checked: index === 0, onchange: () => pick(index) })),
    h("span", { class: "weui-cell__bd" }, words)));
  const act = attempt(async () => {
    const [way, , courier] = ways[Number(document.querySelector(`input[name="${name}"]:checked`).value)];
    const choice = { pharmacy: offer.pharmacy, way, ...terms, ...(offer.whole ? {} : { lines: some(rx, offer) }) };
    if (courier) {
      const address = await to.stored();
      if (!address) return;
      Object.assign(choice, { courier, address });
    }
    await authorize(rx.id, choice, rows(offer, ways, way, courier, known));
  });
  return h("fieldset", { class: "plain checkout" }, h("legend", { class: "weui-cells__title" }, _("怎么取药")), h("div", { class: "weui-cells" }, radios), to,
    h("section", { class: "card" }, shares(offer, known)),
    h("div", { class: "bar" }, button(_("签名授权这家药房"), act)));
}

/** All that is left of the lines that the pharmacy has. */
function some(rx, offer) {
  return Object.fromEntries(offer.lines.map((line) => [line, rx.parts.units[line]]));
}

function rows(offer, ways, way, courier, known) {
  const by = courier ? known.get(courier) || courier : _("到店自取");
  return [[_("药房"), offer.name], [_("取药方式"), by], [_("您自付"), yuan(offer.patient_fen)]];
}

/** The address for a courier; `stored()` gives its id, or says what is missing and gives null. */
function addressed() {
  const claim = JSON.parse(sessionStorage.getItem("rx.claim")) || {};
  const inputs = [
    h("input", { name: "recipient", maxlength: "50", autocomplete: "name", value: claim.name || "" }),
    h("input", { name: "phone", maxlength: "20", inputmode: "tel", autocomplete: "tel", value: claim.phone || "" }),
    h("textarea", { name: "text", maxlength: "300", rows: "2", autocomplete: "street-address" }),
  ];
  const [recipient, phone, text] = inputs;
  const made = group(_("送到哪里"), field(_("收件人"), recipient), field(_("电话"), phone), field(_("地址"), text, _("只有您选的配送公司能看到")));
  made.stored = async () => {
    const said = Object.fromEntries(inputs.map((one) => [one.name, one.value.trim()]));
    const missing = inputs.find((one) => !one.value.trim());
    if (!missing) return (await write("/api/me/addresses", said)).id;
    toast(_("请填写收件人、电话和地址。"), "bad");
    missing.focus();
    return null;
  };
  return made;
}

/** Sign; where a fresh look at the face is wanted, that comes first, and this is gone on with after it. */
async function authorize(id, choice, shown) {
  try {
    done(id, await command(`/api/prescriptions/${id}/authorize`, choice, { kind: "prescription.authorize", rows: shown }));
  } catch (problem) {
    if (problem.code !== "checkout.face_needed") throw problem;
    toast(_("这张处方需要先核验人脸。"));
    if (await face.begin("checkout", {}, { prescription: id, choice, shown })) location.reload();
  }
}

/** After the camera: sign what was chosen before. Who does not sign chooses again. */
export async function goOn(main, seen) {
  const { prescription, choice, shown } = seen.kept;
  fill(main, loading());
  face.forget();
  try {
    await authorize(prescription, { ...choice, face_check: seen.id }, shown);
  } catch (fault) {
    if (!(fault instanceof NotSigned)) throw fault;
    location.reload();
  }
}

function done(id, { bill }) {
  location.assign(bill.patient_fen > 0 ? `/patient/pay#${id}` : `/patient/prescription#${id}`);
}
