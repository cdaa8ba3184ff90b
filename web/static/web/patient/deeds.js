/** What a patient can do with a prescription besides the next step: take back, cancel, answer, sign for it. */
import { post } from "../base/api.js";
import { button, h } from "../base/dom.js";
import { yuan } from "../base/format.js";
import * as keys from "../base/keys.js";
import { attempt, toast } from "../base/page.js";
import { session } from "../base/session.js";
import { command } from "../base/sign.js";
import { _ } from "../base/words.js";
import * as face from "./face.js";

const BEFORE_PAYING = ["pending", "issued", "checked", "returned", "approved", "authorized"];
const ANSWERED = ["prescription.agree", "prescription.disagree", "prescription.withdraw", "pharmacy.decline", "pharmacy.dispense", "prescription.cancel", "prescription.expire"];

/** A button that signs `verb` and then shows the page anew. */
function deed(rx, verb, words, done, again, { body = {}, kind, style = "default", rows } = {}) {
  return button(words, attempt(async () => {
    await command(`/api/prescriptions/${rx.id}/${verb}`, body, { kind, rows });
    toast(done);
    await again();
  }), { kind: style });
}

/** Taking back and cancelling, in the states that allow it. */
export function undoing(rx, again) {
  const made = [];
  if (["authorized", "paid"].includes(rx.status)) made.push(deed(rx, "withdraw", _("撤回授权，另选药房"), _("已撤回，付过的钱会退还。"), again, { kind: "prescription.withdraw" }));
  if (BEFORE_PAYING.includes(rx.status)) made.push(deed(rx, "cancel", _("取消这张处方"), _("处方已取消。"), again, { kind: "prescription.cancel", body: { reason: "patient_request" } }));
  return made.length ? h("div", { class: "bar" }, made) : null;
}

/** Signing for what has come: at the counter when it was given out, at the door when it is on its way. */
export function receiving(rx, again) {
  const here = rx.status === "in_transit" || (rx.status === "dispensed" && rx.way === "collect");
  return here ? deed(rx, "deliver", _("我已收到药，签收"), _("已签收。"), again, { kind: "pharmacy.deliver", style: "primary" }) : null;
}

/** A pharmacist's proposal that waits for an answer: what it is, what it costs, yes or no. */
export async function proposal(rx, found, again) {
  const asked = found.findLastIndex((one) => one.kind === "pharmacy.substitute");
  if (asked < 0 || found.slice(asked).some((one) => ANSWERED.includes(one.kind))) return null;
  const seen = await face.passed("checkout").catch(() => null);
  const body = seen?.kept.agree === rx.id ? { face_check: seen.id } : {};
  try {
    const { shows } = await post(`/api/prescriptions/${rx.id}/agree/statement`, { ...body, key: (await keys.of(session().account)).name });
    return proposed(rx, shows, answers(rx, body, again));
  } catch (problem) {
    if (problem.code !== "checkout.face_needed") throw problem;
    const look = attempt(async () => { if (await face.begin("checkout", {}, { agree: rx.id })) await again(); });
    return proposed(rx, null, h("div", { class: "bar" }, button(_("先核验人脸"), look)));
  }
}

function answers(rx, body, again) {
  const agree = attempt(async () => {
    await command(`/api/prescriptions/${rx.id}/agree`, body, { kind: "prescription.agree" });
    face.forget();
    toast(_("已同意换药。"));
    await again();
  });
  return h("div", { class: "bar" },
    button(_("同意换药"), agree),
    deed(rx, "disagree", _("不同意，按原处方"), _("已答复药师。"), again, { kind: "prescription.disagree" }));
}

function proposed(rx, shows, deeds) {
  const before = shows && rx.lines[shows.line], names = (one) => ({ name: one?.generic_name || "", specification: one?.specification || "" });
  return h("section", { class: "card warning", "data-proposal": shows?.line || "" },
    h("h2", {}, _("药师建议换一种药，请您决定")),
    shows ? [
      h("p", {}, _("原来：%(name)s %(specification)s", names(before))),
      h("p", {}, _("换成：%(name)s %(specification)s（同一种药，另一家药厂生产）", names(shows.medicine))),
      h("p", {}, h("strong", {}, _("换药后您自付 %(own)s", { own: yuan(shows.bill.patient_fen) }))),
    ] : h("p", {}, _("这张处方需要先核验人脸。")),
    deeds);
}
