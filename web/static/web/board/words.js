/** What the board calls stages, causes and states. */
import { _ } from "../base/words.js";

export const ROLES = {
  patient: _("患者"), doctor: _("医生"), reviewer: _("审方药师"), pharmacist: _("药师"), courier: _("配送员"), agent: _("理赔程序"),
  officer: _("经办人"), regulator: _("监管人员"), system: _("医院系统"), researcher: _("研究人员"), clock: _("系统时钟"), cashier: _("收银程序"), log: _("账本"),
  witness: _("见证程序"), validator: _("核验程序"),
};
export const STAGES = { review: _("开方到审核"), dispense: _("授权到发药"), deliver: _("发药到送达"), claim: _("送达到理赔") };
export const ENDINGS = { explained: _("已说明"), reported: _("已上报"), inquiry: _("已立案"), false_alarm: _("误报"), repaired: _("已修复") };
export const TROUBLES = { silent: _("失联"), refused: _("拒绝签署"), ahead: _("看到的账本更长"), "": _("正常") };

/** "2 分 5 秒". */
export function seconds(value) {
  if (value === null || value === undefined) return _("—");
  if (value < 120) return _("%(number)s 秒", { number: Math.round(value) });
  if (value < 7200) return _("%(number)s 分钟", { number: Math.round(value / 60) });
  return _("%(number)s 小时", { number: Math.round(value / 3600) });
}

/** Of whom an alarm speaks, as the log names them: a patient by the tag alone, staff by role and key. */
export function named(alarm, known) {
  const [first, rest] = alarm.who.split(" ");
  if (rest) return _("%(name)s（账本 %(log)s）", { name: staff(rest, known), log: first });
  const where = known.get(alarm.organisation) || alarm.organisation;
  if (/^[0-9a-f]{64}$/.test(first)) return [_("患者 %(tag)s", { tag: short(first) }), where].filter(Boolean).join(" · ");
  if (alarm.rule === "checkpoint_late") return _("账本 %(log)s", { log: first });
  return [staff(first, known), first.includes("/") || known.has(first) ? "" : where].filter(Boolean).join(" · ");
}

/** "liuzhou-hospital/witness" in words. */
export function staff(name, known) {
  return name.split("/").map((part) => known.get(part) || ROLES[part] || (/^[0-9a-f]{16,}$/.test(part) ? short(part) : part)).join(" · ");
}

function short(hex) {
  return `${hex.slice(0, 8)}…`;
}
