/** What went wrong, in words for the person before the screen. Codes are those of docs/errors.md. */
import { moment } from "./format.js";
import { _ } from "./words.js";

const WORDS = {
  offline: "网络不通，请检查网络后重试。",
  "login.failed": "登录失败，请重新登录。",
  "access.wrong_role": "您的身份不能进行此操作。",
  "key.none": "这台设备上没有您的签名密钥，请先登记这台设备。",
  "key.revoked": "这台设备的密钥已被注销。",
  "key.suspended": "更换手机后，新密钥需等待一段时间才能使用。",
  "guardianship.not_for_wards": "监护人不能代办这一项，请先结束代办。",
  "guardianship.over": "监护关系已结束。",
  "body.invalid": "填写的内容有误，请检查。",
  "statement.stale": "内容刚刚有变化，请重新查看后再操作。",
  "statement.expired": "停留时间过长，请重试。",
  "ledger.lagging": "系统繁忙，请稍后再试。",
  "ledger.turning": "系统正在切换账本，请稍后再试。",
  "server.contended": "系统繁忙，请稍后再试。",
};
const FAMILIES = {
  access: "您不能查看或操作这条记录。", body: "填写的内容有误，请检查。", key: "签名密钥有问题。", login: "请重新登录。",
  statement: "内容已变化，请重试。", prescription: "处方目前的状态不允许此操作。", stock: "库存不允许此操作。", face: "人脸核验没有通过。",
  scan: "取药码无效。", claim: "理赔目前的状态不允许此操作。", payment: "支付没有完成。", ledger: "系统繁忙，请稍后再试。",
};

/** One sentence; the code follows it, for whoever is asked for help. */
export function said(problem) {
  const { code, body = {} } = problem;
  if (code === undefined) return _("页面出错了，请刷新重试。");
  const words = WORDS[code] || FAMILIES[code.split(".")[0]];
  const later = body.retry_after_s ? _("（%(seconds)s 秒后可重试）", { seconds: body.retry_after_s }) : "";
  const until = body.until ? `（${moment(body.until)}）` : "";
  const sentence = words ? _(words) : _("操作没有成功。");
  return `${sentence}${later}${until} [${code}]`;
}

/** Words of further codes, of one area's pages. */
export function learn(words) {
  Object.assign(WORDS, words);
}
