/**
 * The code for the counter of a prescription, `#ID`, made and signed on this device without asking
 * anybody; `#ID/paper`: one for the family, on paper.
 */
import { get, write } from "../base/api.js";
import { button, cell, fill, group, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { attempt, fragment, show, toast } from "../base/page.js";
import { organisations } from "../base/statement.js";
import { asked } from "../base/sign.js";
import { _ } from "../base/words.js";
import { drawn } from "../qr.js";
import { made } from "./codes.js";
import { entries } from "./proof.js";
import { goTo, startKnown } from "./ready.js";
import { told } from "./states.js";

const OVER = ["pharmacy.dispense", "prescription.withdraw", "pharmacy.decline", "prescription.cancel", "prescription.expire"];
const LOOK_MS = 3_000;
let ticking;

startKnown(page);

async function page(main) {
  clearInterval(ticking);
  const [id, kind] = fragment();
  if (!id) return goTo("/patient/");
  const [rx, known] = await Promise.all([get(`/api/prescriptions/${id}`), organisations()]);
  const link = h("a", { class: "weui-btn weui-btn_default", href: `/patient/prescription#${id}` }, _("查看处方"));
  if (rx.status !== "paid") return fill(main, h("div", { class: "state" }, h("p", {}, told(rx).state), h("p", {}, told(rx).next)), h("div", { class: "bar" }, link));
  const name = known.get(rx.pharmacy) || rx.pharmacy;
  return kind === "paper" ? paper(main, rx, name) : screen(main, rx, name);
}

async function screen(main, rx, name) {
  const picture = h("div", { class: "qr" }), left = h("p", { class: "left", role: "timer" });
  const renew = button(_("换一个新码"), attempt(fresh));
  fill(main, h("section", { class: "card code" },
    h("h2", {}, _("请药师扫这个码")), h("p", {}, name), picture, left, renew,
    h("p", { class: "rx-about" }, _("码由您手机里的密钥签名，只能在这家药房用一次。不要截图发给别人。"))),
    group("", cell(_("让家人代取：打印取药码"), { href: `/patient/code#${rx.id}/paper` }), cell(_("查看处方"), { href: `/patient/prescription#${rx.id}` })));
  await fresh();
  watch(rx);

  async function fresh() {
    clearInterval(ticking);
    const { text, ends } = await made("screen", rx.pharmacy, [rx.id]);
    fill(picture, drawn(text, _("取药码")));
    picture.dataset.code = text;
    picture.classList.remove("over");
    const tick = () => {
      const seconds = Math.max(0, Math.round((ends - Date.now()) / 1000));
      fill(left, seconds ? _("%(seconds)s 秒后失效", { seconds }) : _("已失效，请换一个新码"));
      if (seconds) return;
      clearInterval(ticking);
      delete picture.dataset.code;
      picture.classList.add("over");
    };
    ticking = setInterval(tick, 1000);
    tick();
  }
}

/** When the pharmacist has given it out, the page goes on by itself. */
async function watch(rx) {
  const from = (await entries(rx.id)).length;
  const look = async () => {
    const found = await entries(rx.id).catch(() => []);
    if (found.slice(from).some((one) => OVER.includes(one.kind))) location.replace(`/patient/prescription#${rx.id}`);
    else if (location.hash === `#${rx.id}`) setTimeout(look, LOOK_MS);
  };
  setTimeout(look, LOOK_MS);
}

async function paper(main, rx, name) {
  const sheet = h("div", {}), again = () => show(page);
  const print = attempt(async () => {
    const { text } = await made("paper", rx.pharmacy, [rx.id], rx.valid_until);
    const answer = await write("/api/me/printed-codes", { code: text });
    fill(sheet, h("section", { class: "card sheet-paper", "data-code": text },
      drawn(text, _("取药码")), answer.sheet.map((line, index) => h(index ? "p" : "h2", {}, line))),
      h("div", { class: "bar no-print" }, button(_("打印"), () => window.print())));
  });
  fill(main,
    h("section", { class: "card no-print" },
      h("h2", {}, _("让家人代取")),
      h("p", {}, _("打印一张取药码交给家人，到%(name)s取药。药师会问您的出生日期，说错几次这张纸就作废。", { name })),
      button(_("制作打印的取药码"), print)),
    sheet, await papers(again));
}

/** What was printed before, and what to do when it is lost. */
async function papers(again) {
  const { printed } = await get("/api/me/printed-codes");
  const live = printed.filter((one) => !one.ended_at && new Date(one.ends_at) > new Date());
  return live.length ? h("div", { class: "no-print" }, group(_("已打印、还有效的"), live.map((one) => cell(
    _("凭证 %(number)s", { number: one.id.replaceAll("-", "").slice(0, 8) }), {
      desc: _("%(at)s 前有效，点这里挂失", { at: moment(one.ends_at) }),
      onclick: attempt(async () => {
        if (!(await asked(_("这张纸丢了？"), h("p", {}, _("挂失后它不能再取药，您可以重新打印。")), _("挂失")))) return;
        await write(`/api/me/printed-codes/${one.id}/lose`, {});
        toast(_("已挂失。"));
        await again();
      }),
    })))) : null;
}
