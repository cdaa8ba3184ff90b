/** What waits for the regulator: emergencies without consent, and the monthly samples. */
import { get } from "../base/api.js";
import { button, cell, field, fill, group, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { attempt, empty, list, paged, show, start, toast } from "../base/page.js";
import { learn } from "../base/problems.js";
import { command } from "../base/sign.js";
import { organisations } from "../base/statement.js";
import { _ } from "../base/words.js";

const VERDICTS = { reasonable: _("合理"), irregular: _("不规范"), unsuitable: _("用药不适宜"), abnormal: _("超常") };
const CONSEQUENCES = { warn_and_limit: _("应警告并限制处方权"), remove: _("应取消处方权"), fail_assessment: _("定期考核应判不合格") };

learn({ "emergency.reviewed": "这次紧急查看已有审查结论。", "appraisal.bad_month": "请填写年和月，例如 2026-10。" });
start(render);

async function render(main) {
  const [{ emergencies }, known] = await Promise.all([get("/api/emergencies"), organisations()]);
  fill(main,
    h("h2", { class: "weui-cells__title" }, _("未经同意的紧急查看")),
    list(emergencies, (one) => emergency(one, known), _("没有待审查的紧急查看。")),
    await samples());
}

function emergency(one, known) {
  const reason = h("p");
  const look = attempt(async () => {
    const found = await get(`/api/emergencies/${one.id}`);
    fill(reason, found.reason || _("医生没有写原因。"));
  });
  const judge = (verdict) => attempt(async () => {
    await command(`/api/emergencies/${one.id}/review`, { verdict }, { kind: "emergency.review" });
    toast(_("结论已签名。"));
    show(render);
  });
  return h("section", { class: "card", "data-emergency": one.id },
    h("p", {}, `${known.get(one.hospital) || one.hospital} · ${moment(one.opened_at)}`), reason,
    h("div", { class: "bar" },
      button(_("查看原因（将留下记录）"), look, { kind: "default", small: true }),
      button(_("有正当理由"), judge("justified"), { small: true }),
      button(_("无正当理由"), judge("unjustified"), { kind: "warn", small: true })));
}

/** The appraisal of a hospital's month, as its reviewers have judged the sample. */
async function samples() {
  const { organisations: hospitals } = await get("/api/organisations", { kind: "hospital" });
  const hospital = h("select", { class: "weui-select" }, hospitals.map((one) => h("option", { value: one.slug }, one.name)));
  const last = new Date();
  last.setUTCDate(0);
  const month = h("input", { type: "month", value: last.toISOString().slice(0, 7) }), place = h("div");
  const look = attempt(async () => {
    const asked = { hospital: hospital.value, month: month.value }, cases = h("div");
    try {
      const [found, sample] = await Promise.all([get("/api/appraisals/statistics", asked), get("/api/appraisals", { ...asked, size: 20 })]);
      fill(place, statistics(found, sample), cases);
      let first = sample; // asked for already, for whence it was drawn
      const load = async (after) => {
        const page = first || (await get("/api/appraisals", { ...asked, size: 20, after }));
        first = undefined;
        return { rows: page.cases, next: page.next };
      };
      await paged(cases, load, drawn, _("这个月没有处方。"));
    } catch (fault) {
      if (fault.code !== "appraisal.not_drawn") throw fault;
      fill(place, empty(_("这个月还没有抽样。")));
    }
  });
  return [group(_("处方点评抽样"), field(_("医院"), hospital), field(_("月份"), month)), h("div", { class: "bar" }, button(_("显示"), look)), place];
}

/** One prescription of the sample; its way through the log is open to everybody. */
function drawn(one) {
  const subject = `rx/${one.prescription.replaceAll("-", "")}`, verdict = VERDICTS[one.verdict] || _("尚未点评");
  return cell(_("第 %(number)s 份", one), { desc: moment(one.issued_at), value: [verdict, ...one.problems].join(" "), href: `/board/entry#${subject}` });
}

function statistics(found, sample) {
  const share = found.reasonable_bp === null ? _("无") : `${found.reasonable_bp / 100}%`;
  const rows = [[_("处方总数"), found.population], [_("已点评"), found.judged], [_("合理"), share], [_("抽取时间"), moment(sample.drawn_at)], [_("抽签种子"), found.seed]];
  const findings = (found.findings || []).map((one) => h("p", { class: "bad" }, `⚠ ${CONSEQUENCES[one.consequence]} · ${_("医生 %(doctor)s（%(prescriptions)s 份处方）", one)}`));
  return h("section", { class: "card" }, h("dl", { class: "facts" }, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value))))), findings);
}
