/** One receipt, `#LEAF`: checked on this phone, said in words, shown to others as QR codes or a file. */
import { button, fill, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { attempt, empty, fragment, start, toast } from "../base/page.js";
import * as statements from "../base/statement.js";
import { keepPages } from "../base/worker.js";
import { _ } from "../base/words.js";
import { drawn } from "../qr.js";
import { parts } from "/static/ledger/paper.js";
import * as proofs from "../base/proofs.js";
import * as vault from "../base/vault.js";

const LETTERS = 700; // of a receipt in one code: few enough for a phone's screen before a camera
const TURN_MS = 1500;

start(async (main) => {
  const [leaf] = fragment();
  if (!/^[0-9a-f]{64}$/.test(leaf)) return fill(main, empty(_("没有这张凭证。")));
  const kept = await vault.kept(leaf), file = kept?.file || (await vault.fetched(leaf));
  const policy = h("div", {});
  fill(main, await verdict(file, leaf), actions(leaf, file, kept), policy);
  return Promise.all([attempt(() => proofs.sayPolicy(policy))(), keepPages()]);
}, { anybody: true });

async function verdict(file, leaf) {
  try {
    const found = await proofs.checked(file, leaf);
    return h("section", { class: "card" },
      h("p", { class: "verdict good", role: "status", "data-mark": "good" }, _("✓ 凭证有效")),
      h("h2", {}, statements.title(found.statement)),
      h("p", {}, navigator.onLine ? _("由本机核验。") : _("由本机在断网时核验。")),
      await facts(found));
  } catch (fault) {
    const why = proofs.reason(fault);
    if (!why) throw fault;
    return h("section", { class: "card" }, h("p", { class: "verdict bad", role: "alert", "data-mark": "bad" }, _("✗ 凭证无效")), h("p", {}, why));
  }
}

async function facts({ statement, signers, head, index, cosigned }) {
  const names = await vault.names(), rows = [
    ...(await statements.rows(statement, names)),
    [_("签名人"), signers.join("、")],
    [_("账本"), _("%(origin)s，第 %(number)s 条，共 %(size)s 条", { origin: head.origin, number: index + 1, size: head.size })],
    [_("见证机构"), witnesses(cosigned, names)],
  ];
  return h("dl", { class: "facts" }, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

/** Who vouches that all see the same log, organisation by organisation, and since when. */
function witnesses(cosigned, names) {
  const organisations = new Set(Object.keys(cosigned).map((name) => names.get(name.split("/")[0]) || name));
  if (!organisations.size) return _("无（规则不要求见证）");
  const last = moment(Math.max(...Object.values(cosigned)) * 1000);
  return _("%(organisations)s，共 %(number)s 家（%(last)s）", { organisations: [...organisations].join("、"), number: organisations.size, last });
}

function actions(leaf, file, kept) {
  const codes = h("div", {}), bar = h("div", { class: "bar" });
  const buttons = () => fill(bar,
    kept ? button(_("从本机删除"), attempt(drop), { kind: "default" }) : button(_("保存到本机"), attempt(keep)),
    button(_("出示二维码"), attempt(() => show(codes, file)), { kind: "default" }),
    h("a", { class: "weui-btn weui-btn_default", href: URL.createObjectURL(new Blob([file], { type: "text/plain" })), download: `${leaf.slice(0, 16)}.receipt` }, _("另存为文件")));
  async function keep() {
    kept = await vault.save(leaf);
    toast(_("已保存到本机，断网也能核验。"));
    buttons();
  }
  async function drop() {
    await vault.drop(leaf);
    kept = undefined;
    toast(_("已从本机删除。"));
    buttons();
  }
  buttons();
  return h("div", {}, bar, codes);
}

/** The codes one after the other, by themselves or by the buttons; `/check` of anybody reads them. */
async function show(place, file) {
  const texts = await parts(new TextEncoder().encode(file), LETTERS);
  const picture = h("div", { class: "code" }), count = h("p", { role: "status" });
  let at = 0, turning = null;
  function turn(by) {
    at = (at + by + texts.length) % texts.length;
    const label = _("第 %(number)s 张，共 %(of)s 张", { number: at + 1, of: texts.length });
    fill(picture, drawn(texts[at], label));
    fill(count, label);
  }
  function play() {
    turning = turning ? clearInterval(turning) : setInterval(() => (picture.isConnected ? turn(1) : play()), TURN_MS);
    run.textContent = turning ? _("暂停") : _("自动轮播");
  }
  const run = button(_("自动轮播"), async () => play(), { kind: "default" });
  fill(place, h("section", { class: "card" }, picture, count,
    texts.length > 1 ? h("div", { class: "bar" }, button(_("上一张"), async () => turn(-1), { kind: "default" }), run, button(_("下一张"), async () => turn(1), { kind: "default" })) : null,
    h("p", {}, _("对方用“验证一张凭证”页面依次扫描即可，无需联网到医院。"))));
  turn(0);
}
