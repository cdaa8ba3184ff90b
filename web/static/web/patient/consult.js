/** Own consultations, and a new question to a department. */
import { get, write } from "../base/api.js";
import { button, cell, field, fill, group, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { attempt, paged, toast } from "../base/page.js";
import { redrawn } from "../base/pictures.js";
import { NotSigned, command } from "../base/sign.js";
import { organisations } from "../base/statement.js";
import { _ } from "../base/words.js";
import { place, stateOf } from "./consulted.js";
import { startKnown } from "./ready.js";

const TEXT_MAX = 2000;

startKnown(async (main) => {
  const names = await organisations(), form = h("section", { hidden: true, "aria-label": _("新的问诊") }), rows = h("div", {});
  const open = button(_("找医生问诊"), attempt(async () => {
    await ask(form);
    form.hidden = false;
    form.querySelector("select").focus();
  }));
  fill(main, h("div", { class: "bar" }, open), form, rows);
  await paged(rows, async (cursor) => {
    const page = await get("/api/consultations", { cursor });
    return { rows: page.consultations, next: page.next };
  }, (one) => row(one, names), _("您还没有问诊过。"));
});

function row(one, names) {
  const about = one.erased ? _("内容已删除") : one.fields.complaint || "";
  return cell(place(one, names), { desc: `${moment(one.created_at)}　${about.slice(0, 40)}`, value: stateOf(one), href: `/patient/consultation#${one.id}` });
}

async function ask(form) {
  const { organisations: hospitals } = await get("/api/organisations", { kind: "hospital" });
  const hospital = h("select", { required: true }, hospitals.map((one) => h("option", { value: one.slug }, one.name)));
  const department = h("select", { required: true });
  const complaint = h("textarea", { rows: 5, maxlength: TEXT_MAX, required: true, class: "weui-textarea" });
  const before = evidence();
  const choose = attempt(async () => fill(department, (await departments(hospital.value)).map(option)));
  hospital.addEventListener("change", choose);
  await choose();
  const send = attempt(async () => {
    if (!complaint.value.trim()) return toast(_("请描述您的情况。"), "bad");
    const body = { department: Number(department.value), complaint: complaint.value.trim(), earlier: await before.read(hospital) };
    if (body.earlier === undefined) return toast(_("既往就诊信息没有填完整。"), "bad");
    return submit(body, department.selectedOptions[0].textContent);
  });
  fill(form,
    group(_("向哪个科室提问"), field(_("医院"), hospital), field(_("科室"), department)),
    group(_("您的情况"), field(_("描述"), complaint, _("症状、持续时间、用过的药。只有接诊的科室能看到。"))),
    before.shown,
    h("div", { class: "bar" }, button(_("签名并提交"), send)));
}

/** Departments in which somebody sees patients online. */
async function departments(hospital) {
  const found = (await get(`/api/organisations/${hospital}/departments`)).departments;
  return found.filter((one) => one.doctors.some((doctor) => doctor.online));
}

function option(one) {
  const online = one.doctors.filter((doctor) => doctor.online).length;
  return h("option", { value: one.id }, _("%(name)s（%(number)s 位医生）", { name: one.name, number: online }));
}

/** The evidence of an earlier diagnosis, without which no prescription comes of a consultation. */
function evidence() {
  const today = new Date().toISOString().slice(0, 10);
  const has = h("input", { type: "checkbox" }), name = h("input", { maxlength: 100 }), code = h("input", { maxlength: 20, autocapitalize: "characters" });
  const on = h("input", { type: "date", max: today }), where = h("input", { maxlength: 100 }), picture = h("input", { type: "file", accept: "image/*" });
  const more = h("div", { hidden: true }, field(_("诊断名称"), name), field(_("诊断编码"), code, _("病历上的 ICD-10 编码，如 I10")),
    field(_("就诊日期"), on), field(_("就诊医院"), where, _("留空表示上面选的医院")), field(_("病历照片"), picture, _("可不选；拍摄地点等信息会在本机去除")));
  has.addEventListener("change", () => { more.hidden = !has.checked; });
  const shown = h("section", { class: "weui-cells__group" }, h("h2", { class: "weui-cells__title" }, _("复诊依据")), h("div", { class: "weui-cells" },
    h("label", { class: "weui-cell" }, h("span", { class: "weui-cell__bd" }, _("我以前在医院确诊过（线上开药需要）")), h("span", { class: "weui-cell__ft" }, has)), more));
  async function read(hospital) {
    if (!has.checked) return null;
    if (!name.value.trim() || !code.value.trim() || !on.value) return undefined;
    const [file] = picture.files;
    return {
      hospital: where.value.trim() || hospital.selectedOptions[0].textContent, on: on.value,
      diagnoses: [{ code: code.value.trim(), name: name.value.trim() }], ...(file ? { picture: await redrawn(file) } : {}),
    };
  }
  return { shown, read };
}

async function submit(body, department) {
  const { id, accept_until } = await write("/api/consultations", body);
  try {
    await command(`/api/consultations/${id}/ask`, {}, { kind: "consultation.ask", rows: [[_("科室"), department], [_("最晚接诊"), moment(accept_until)]] });
  } catch (fault) {
    if (!(fault instanceof NotSigned)) throw fault; // a question not signed lies in the list, to be signed later
  }
  location.assign(`/patient/consultation#${id}`);
}
