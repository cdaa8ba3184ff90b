/** How amounts and moments are written. */
import { _, language } from "./words.js";

/** 1234 → "¥12.34". Fen are whole; nothing is divided as a float. */
export function yuan(fen) {
  const sign = fen < 0 ? "−" : "", whole = Math.abs(fen), rest = String(whole % 100).padStart(2, "0");
  return `${sign}¥${Math.floor(whole / 100)}.${rest}`;
}

const MOMENT = { timeZone: "Asia/Shanghai", hour12: false, month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" };
const DAY = { timeZone: "Asia/Shanghai", year: "numeric", month: "long", day: "numeric" };

/** An RFC 3339 text or Date in Beijing's time: "11月27日 18:03". */
export function moment(at) {
  return new Date(at).toLocaleString(language, MOMENT);
}

export function day(at) {
  return new Date(at).toLocaleDateString(language, DAY);
}

/** "3 分钟前". */
export function ago(at) {
  const minutes = Math.floor((Date.now() - new Date(at)) / 60_000);
  if (minutes < 1) return _("刚刚");
  if (minutes < 60) return _("%(number)s 分钟前", { number: minutes });
  if (minutes < 1440) return _("%(number)s 小时前", { number: Math.floor(minutes / 60) });
  return day(at);
}
