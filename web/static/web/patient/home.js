/** The patient's home: recalls first, then the prescriptions with their states and next steps. */
import { get, post } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { ago, day, moment } from "../base/format.js";
import { empty, paged } from "../base/page.js";
import { session } from "../base/session.js";
import { organisations } from "../base/statement.js";
import { _ } from "../base/words.js";
import { startKnown } from "./ready.js";
import { isOpen, next, told } from "./states.js";

const GRADES = { 1: _("一级（最严重）"), 2: _("二级"), 3: _("三级") };
const REASONS = { quality: _("质量问题"), contamination: _("受到污染"), labelling: _("标签或说明书有误"), safety: _("安全性问题"), other: _("其他原因") };

startKnown(async (main) => {
  const places = [h("div", {}), h("div", {})];
  const known = await organisations();
  const medicines = new Map();
  fill(main, places);
  const load = async (cursor) => {
    const page = await listed(cursor);
    for (const rx of page.prescriptions) for (const line of Object.values(rx.lines)) medicines.set(line.code, line.generic_name);
    return { rows: page.prescriptions.toSorted(inSeries), next: page.next };
  };
  await paged(places[1], load, (rx) => card(rx, known), _("还没有处方。需要看病，请点下面的“问诊”。"));
  const { recalls } = await get("/api/me/recalls");
  fill(places[0], recovering(), recalls.map((one) => recalled(one, medicines))); // by now a session that had ended is another
});

/** Issues of one series were made at one moment, so they stand together: the next one first. */
function inSeries(one, other) {
  return one.issue && one.issue.series === other.issue?.series ? one.issue.number - other.issue.number : 0;
}

/** The own prescriptions, or the ward's, of which the list says less. */
async function listed(cursor) {
  const ward = session().guardianship;
  if (!ward) return get("/api/prescriptions", { cursor });
  const page = await post(`/api/guardianships/${ward}/history`, cursor ? { cursor } : {});
  return { ...page, prescriptions: page.prescriptions.map((one) => ({ way: "", issue: null, ...one })) };
}

/** Who has registered a key as lost is told on every device that is still there. */
function recovering() {
  const waits = session().recovery;
  return waits
    ? h("section", { class: "card warning", role: "alert" },
        h("h2", {}, _("有人要用新手机取代您的所有设备")),
        h("p", {}, _("%(at)s 生效。如果不是您本人，请马上到“我的设备”里阻止。", { at: moment(waits.active_from) })),
        h("a", { class: "weui-btn weui-btn_warn", href: "/patient/devices" }, _("去处理")))
    : null;
}

function recalled(one, medicines) {
  const name = medicines.get(one.medicine) || one.medicine;
  const lot = one.number ? _("批号 %(number)s", one) : _("全部批号");
  return h("section", { class: "card warning", role: "alert", "data-recall": one.id },
    h("h2", {}, _("召回：%(name)s", { name })),
    h("p", {}, `${lot} · ${GRADES[one.grade] || one.grade} · ${REASONS[one.reason] || _("其他原因")} · ${ago(one.recalled_at)}`),
    h("p", {}, h("strong", {}, _("请马上停用这种药，不要扔掉，带回取药的药房。药房会退药退款。身体不适请就医。"))),
    one.prescriptions.map((id) => h("a", { class: "weui-btn weui-btn_default", href: `/patient/prescription#${id}` }, _("查看是哪张处方"))));
}

function card(rx, known) {
  const said = told(rx), step = next(rx);
  const names = Object.values(rx.lines).map((line) => line.generic_name).join("、") || _("内容已按您的要求删除");
  const issue = rx.issue ? _("长期处方第 %(number)s 次，共 %(of)s 次", rx.issue) : null;
  const ends = isOpen(rx) && rx.valid_until ? _("%(at)s 前有效", { at: moment(rx.valid_until) }) : null;
  return h("article", { class: "card rx", "data-status": rx.status, "data-prescription": rx.id },
    h("a", { class: "rx-link", href: `/patient/prescription#${rx.id}` },
      h("h2", {}, said.state),
      h("p", { class: "rx-names" }, names),
      h("p", { class: "rx-about" }, [day(rx.created_at), known.get(rx.hospital) || rx.hospital, issue, ends].filter(Boolean).join(" · "))),
    h("p", { class: "rx-next" }, said.next),
    step ? h("a", { class: "weui-btn weui-btn_primary", href: step[1] }, step[0]) : null);
}
