/** One prescription, `#ID`: where it stands, how to take what is in it, and that it is what was signed. */
import { get } from "../base/api.js";
import { cell, fill, group, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { fragment, show } from "../base/page.js";
import * as proofs from "../base/proofs.js";
import { session } from "../base/session.js";
import { organisations } from "../base/statement.js";
import * as vault from "../base/vault.js";
import { _ } from "../base/words.js";
import { proposal, receiving, undoing } from "./deeds.js";
import { history, versions } from "./history.js";
import { about, facts, medicines } from "./medicines.js";
import { parcel } from "./parcel.js";
import { cameBack } from "./phone.js";
import { entries, verified } from "./proof.js";
import { goTo, startKnown } from "./ready.js";
import { called, plain } from "./recordwords.js";
import { isOpen, next, told } from "./states.js";

const BILLED = ["authorized", "paid", "dispensed", "in_transit", "returning", "delivered", "claimed", "undelivered", "taken_back"];

cameBack();
startKnown(page);

async function page(main) {
  const [id] = fragment();
  if (!id) return goTo("/patient/");
  const [rx, found, known] = await Promise.all([get(`/api/prescriptions/${id}`), entries(id), organisations()]);
  const again = () => show(page);
  const seal = h("p", { class: "seal", role: "status" }, _("正在核对医生的签名…"));
  const [asked, way] = await Promise.all([proposal(rx, found, again), parcel(rx)]);
  fill(main,
    asked, standing(rx, known, again), way,
    h("h2", { class: "weui-cells__title" }, _("怎么吃药")), seal, medicines(rx),
    h("section", { class: "card" }, facts(about(rx))), beside(rx, known),
    await series(rx), rests(rx), session().guardianship ? null : versions(rx.id, found), links(rx, found),
    h("section", { class: "card" }, h("h2", {}, _("处方经过")), history(found, known)),
    number(rx), undoing(rx, again));
  if (session().guardianship) fill(seal, _("由本人在自己的手机上核对医生的签名。"));
  else if (!rx.erased) check(rx, seal);
}

function standing(rx, known, again) {
  const said = told(rx), step = next(rx);
  const place = rx.pharmacy ? _("药房：%(name)s", { name: known.get(rx.pharmacy) || rx.pharmacy }) : null;
  const ends = isOpen(rx) ? _("%(at)s 前有效", { at: moment(rx.valid_until) }) : null;
  return h("section", { class: "card rx", "data-status": rx.status },
    h("h2", {}, said.state),
    h("p", { class: "rx-about" }, [place, ends].filter(Boolean).join(" · ")),
    h("p", { class: "rx-next" }, said.next),
    step ? h("a", { class: "weui-btn weui-btn_primary", href: step[1] }, step[0]) : null,
    receiving(rx, again));
}

/**
 * The words come when the proof is there; a page that cannot prove it says so and hides nothing. Under
 * other rules than the pinned ones nothing can be said of the content, and the rules are asked about first.
 */
async function check(rx, place) {
  try {
    const found = await verified(rx);
    place.classList.add("good");
    fill(place, _("与医生签名的内容一致 ✓"), h("small", {}, _("%(at)s 签名，由 %(number)s 家机构见证，在本机核对。", { at: moment(found.statement.at), number: Object.keys(found.cosigned).length })));
  } catch (fault) {
    if (fault instanceof proofs.Refusal && (await vault.otherPolicy())) await proofs.sayPolicy(place);
    else if (fault instanceof proofs.Refusal) {
      place.classList.add("bad");
      fill(place, _("✘ 与医生签名的内容不一致，请不要按此用药，并联系医院。"), h("small", {}, `[${fault.code}]`));
      console.warn("not what was signed:", fault.code);
    } else if (fault.code) fill(place, _("暂时无法核对医生的签名，请稍后刷新。"));
    else throw fault;
  }
}

/** The other issues of a long-term prescription: what can be fetched now and what opens when. */
async function series(rx) {
  if (!rx.issue || session().guardianship) return null;
  const { prescriptions } = await get(`/api/series/${rx.issue.series}`);
  return group(_("长期处方，共 %(of)s 次，每 %(interval_days)s 天一次", rx.issue), prescriptions.map((one) =>
    cell(_("第 %(number)s 次", one.issue), {
      desc: `${told(one).state} · ${_("%(at)s 起可取", { at: moment(one.issue.opens_at) })}`,
      href: one.id === rx.id ? undefined : `/patient/prescription#${one.id}`,
      value: one.id === rx.id ? _("当前") : undefined,
    })));
}

/** What was said of the record afterwards: it stays as it was signed, and this stands beside it. */
function beside(rx, known) {
  return (rx.amendments || []).map((one) => h("section", { class: "card", "data-amendment": one.kind },
    h("h2", {}, one.kind === "disagreement" ? _("您对记录的异议") : _("已补正")),
    h("p", { class: "rx-about" }, [moment(one.at), known.get(one.organisation) || one.organisation].filter(Boolean).join(" · ")),
    facts(Object.entries(one.fields).map(([name, value]) => [called(name), plain(value)]))));
}

function rests(rx) {
  const { remainder, remainder_of: before } = rx.parts;
  if (!remainder && !before) return null;
  return group(_("余药"),
    remainder ? cell(_("还有没取完的药"), { href: `/patient/prescription#${remainder}`, desc: _("可以在任何药房取") }) : null,
    before ? cell(_("原来的处方"), { href: `/patient/prescription#${before}` }) : null);
}

/** By which a pharmacy finds what it gave out, when some of it is brought back. */
function number(rx) {
  const place = h("div", { class: "code" });
  const open = async () => fill(place, (await import("../qr.js")).drawn(rx.id, _("处方编号")), h("p", {}, rx.id));
  return h("details", { class: "card", ontoggle: (event) => event.target.open && open() }, h("summary", {}, _("处方编号（退药时给药师扫）")), place);
}

function links(rx, found) {
  const made = [];
  if (BILLED.includes(rx.status) || found.some((one) => one.kind === "insurance.pay")) made.push(cell(_("费用明细与保险"), { href: `/patient/bill#${rx.id}` }));
  if (rx.status === "paid") made.push(cell(_("让家人代取：打印取药码"), { href: `/patient/code#${rx.id}/paper` }));
  if (!rx.erased && !session().guardianship) made.push(cell(_("内容有误，请求更正"), { href: `/patient/corrections#${rx.id}` }));
  made.push(cell(_("谁看过这张处方"), { href: "/patient/looks" }));
  return group("", made);
}
