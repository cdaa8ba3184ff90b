/** Classes and problems of the appraisal (处方点评工作表, 卫医管发〔2010〕28号), as the server has them. */
import { _ } from "../base/words.js";

export const VERDICTS = { reasonable: _("合理"), irregular: _("不规范"), unsuitable: _("用药不适宜"), abnormal: _("超常") };
/** From the lightest to the gravest: class → code → what it says. */
export const PROBLEMS = {
  irregular: {
    "1-1": _("内容缺项，书写不规范或难以辨认"), "1-2": _("医师签名、签章不规范"), "1-3": _("药师未审核"), "1-4": _("婴幼儿未写日、月龄"),
    "1-5": _("西药、中成药与饮片未分别开具"), "1-6": _("未使用药品规范名称"), "1-7": _("剂量、规格、数量书写不清"), "1-8": _("用法含糊不清"),
    "1-9": _("修改或超剂量未签名、未注明原因"), "1-10": _("未写诊断或不全"), "1-11": _("超过五种药品"), "1-12": _("超过规定天数未注明理由"),
    "1-13": _("特殊管理药品未执行规定"), "1-14": _("抗菌药物未执行管理规定"), "1-15": _("饮片未按要求书写"),
  },
  unsuitable: {
    "2-1": _("适应证不适宜"), "2-2": _("遴选的药品不适宜"), "2-3": _("剂型或给药途径不适宜"), "2-4": _("无正当理由不首选基本药物"), "2-5": _("用法、用量不适宜"),
    "2-6": _("联合用药不适宜"), "2-7": _("重复给药"), "2-8": _("配伍禁忌或不良相互作用"), "2-9": _("其它用药不适宜情况"),
  },
  abnormal: {
    "3-1": _("无适应证用药"), "3-2": _("无正当理由开具高价药"), "3-3": _("无正当理由超说明书用药"), "3-4": _("无正当理由开具两种以上药理作用相同的药物"),
  },
};

/** The class of these problems: that of the gravest. */
export function verdictOf(problems) {
  return Object.keys(PROBLEMS).filter((one) => problems.some((code) => code in PROBLEMS[one])).at(-1) ?? "reasonable";
}

/** "2026-10", in China. */
export function lastMonth(now = new Date()) {
  const [year, month] = now.toLocaleDateString("sv", { timeZone: "Asia/Shanghai" }).split("-").map(Number);
  return month === 1 ? `${year - 1}-12` : `${year}-${String(month - 1).padStart(2, "0")}`;
}
