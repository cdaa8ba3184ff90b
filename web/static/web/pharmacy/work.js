/** One scanned prescription at the counter: what it says, what is given of it, and how it is signed. */
import { Problem, get } from "../base/api.js";
import { button, cell, fill, group, h } from "../base/dom.js";
import { attempt, toast } from "../base/page.js";
import { command } from "../base/sign.js";
import { _ } from "../base/words.js";
import { checklist } from "./checklist.js";
import { content } from "./content.js";
import { further } from "./deeds.js";
import { given } from "./given.js";
import { Chosen, shelfOf, wrongLots } from "./lots.js";
import { byMedicine, outOf } from "./shelf.js";

/** Read what was scanned and fill `place`; what the scan bar talks to. */
export async function open(place, scan) {
  const rx = agreed(await get(`/api/scans/${scan}`));
  const work = new Work(place, scan, rx);
  await work.lots();
  work.draw();
  return work;
}

/** What the patient agreed to get instead leaves the shelf: lots and boxes are of that medicine. */
function agreed(rx) {
  for (const [line, instead] of Object.entries(rx.instead)) Object.assign(rx.lines[line], { instead, code: instead.code });
  return rx;
}

class Work extends Chosen {
  constructor(place, scan, rx) {
    super(rx, rx.parts.chosen);
    Object.assign(this, { place, scan, naming: false });
  }

  draw() {
    this.list = checklist(this.rx, this.units);
    const part = h("div", {}), sign = this.signing();
    fill(part, content(this.rx, this.units, (units) => this.change(units)), shelfOf(this));
    const more = further(this.rx.id, this.rx, () => this.ended(_("已退回，患者可另选药房。")));
    fill(this.place, h("div", { class: "columns counter" }, part, h("div", {}, this.list.view, sign, more)));
  }

  /** How much of each line is given was changed: ticks and lots anew. */
  change(units) {
    this.units = units;
    this.picked.clear();
    this.draw();
  }

  /** A box was scanned: it is of one of the lines, and holds something that is still wanted. */
  async box(code) {
    if (this.boxes.has(code)) return toast(_("这盒药已经扫过。"), "bad");
    const box = await get("/api/stock/boxes", { code });
    const wanted = byMedicine(this.rx.lines, this.units).get(box.medicine);
    if (!wanted) return toast(_("这盒药不在处方上，请勿发出。"), "bad");
    const units = outOf(box, wanted, this.boxesOf(box.medicine));
    if (units <= 0) return toast(box.on_hand ? _("这种药已经够数。") : _("这盒药已经用完，追溯码已使用。"), "bad");
    this.boxes.set(code, { ...box, units });
    this.draw();
    return toast(_("已登记追溯码 …%(end)s，%(units)s 件", { end: code.slice(-6), units }));
  }

  /** What the command says. Lots are named where somebody chose them, and where the law wants it. */
  body() {
    return {
      lines: this.units,
      lots: this.named(this.naming),
      boxes: [...this.boxes.values()].map(({ code, units }) => ({ code, units })),
      checks: this.list.made(),
      ...this.why,
    };
  }

  get whole() {
    return Object.entries(this.rx.parts.chosen).every(([line, units]) => this.units[line] === units);
  }

  signing() {
    const act = attempt(() => this.dispense());
    const ready = button(this.whole ? _("核对无误") : _("核对无误，部分发药"), act);
    const watch = () => { ready.setAttribute("aria-disabled", String(!this.list.complete())); };
    this.list.view.addEventListener("change", watch);
    watch();
    return h("div", { class: "bar" }, ready);
  }

  async dispense() {
    if (!this.list.complete()) return toast(_("请先看过并勾选每一项核对。"), "bad");
    const wrong = wrongLots(this);
    if (wrong) return toast(wrong, "bad");
    const verb = this.whole ? "dispense" : "dispense-part";
    const rows = [[_("患者"), this.rx.fields["patient/name"]], ...this.said()];
    const path = `/api/prescriptions/${this.rx.id}/${verb}`;
    try {
      const done = await command(path, this.body(), { kind: "pharmacy.dispense", rows, yes: _("签名发药") });
      return given(this.place, this.scan, this.rx, done);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      return this.refused(problem);
    }
  }

  /** Lots have to be named for what two pharmacists give out: name what is proposed. */
  refused(problem) {
    if (problem.code === "lot.missing" && !this.naming) {
      this.naming = true;
      return this.dispense();
    }
    if (problem.code === "dispensing.not_checked") this.waits();
    throw problem;
  }

  waits() {
    const again = button(_("复核后继续"), attempt(() => this.dispense()));
    this.place.prepend(group(_("等待复核"),
      cell(_("请第二名药师在“复核”中核对这张处方"), { desc: _("复核签名后，再点“复核后继续”。") }), h("div", { class: "bar" }, again)));
  }

  said() {
    return Object.entries(this.units).filter(([, units]) => units > 0).map(([line, units]) => {
      const one = this.rx.lines[line];
      return [`${one.generic_name} ${one.specification}`, `${units} ${one.unit}`];
    });
  }

  ended(words) {
    fill(this.place, h("div", { class: "state", role: "status" }, h("p", {}, words)));
  }
}
