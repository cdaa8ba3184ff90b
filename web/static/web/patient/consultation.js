/** One consultation, `#ID`: the question, the chat with the doctor, and its end. */
import { get, write } from "../base/api.js";
import { button, fill, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { attempt, fragment, start } from "../base/page.js";
import { address, redrawn } from "../base/pictures.js";
import { command } from "../base/sign.js";
import { organisations } from "../base/statement.js";
import { _ } from "../base/words.js";
import { place, stateOf } from "./consulted.js";

const TEXT_MAX = 2000, SOON_MS = 3000, LATER_MS = 15_000, QUIET_MS = 120_000;
const AUTHORS = { patient: "我", doctor: "医生" };

start(async (main) => {
  const path = `/api/consultations/${fragment()[0]}`, [one, names] = await Promise.all([get(path), organisations()]);
  const chat = new Chat(path, one);
  fill(main, question(one, names), chat.shown, ending(path, one));
  await chat.more();
  chat.listen();
});

function question(one, names) {
  const { fields } = one, before = Object.entries(fields).filter(([name]) => name.startsWith("earlier/diagnosis/")).map(([, it]) => `${it.name}（${it.code}）`);
  const rows = [
    [_("科室"), place(one, names)], [_("状态"), h("strong", { "data-state": one.state }, stateOf(one))], [_("提问时间"), moment(one.created_at)],
    one.state === "asked" ? [_("最晚接诊"), moment(one.accept_until)] : null, one.state === "open" ? [_("最晚结束"), moment(one.close_until)] : null,
    before.length ? [_("既往诊断"), before.join("、")] : null, fields["earlier/hospital"] ? [_("诊断医院"), `${fields["earlier/hospital"]} ${fields["earlier/on"]}`] : null,
  ].filter(Boolean);
  const evidence = fields["picture/picture"] ? picture(address(fields["picture/picture"], fields["picture/media_type"]), _("病历照片")) : null;
  return h("section", { class: "card" }, h("p", { class: "said" }, one.erased ? _("内容已删除") : fields.complaint), evidence,
    h("dl", { class: "facts" }, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))));
}

function picture(href, words) {
  return h("a", { href, target: "_blank", rel: "noopener", class: "picture" }, h("img", { src: href, alt: words }));
}

/** What the patient may still do: sign a question that was only written, take it back, leave. */
function ending(path, one) {
  const done = () => location.reload();
  const ask = attempt(async () => { await command(`${path}/ask`, {}, { kind: "consultation.ask" }); done(); });
  const leave = attempt(async () => { await command(`${path}/withdraw`, {}, { kind: "consultation.withdraw" }); done(); });
  return h("div", { class: "bar" },
    one.state === "draft" ? button(_("签名并提交"), ask) : null,
    ["asked", "open"].includes(one.state) ? button(one.state === "open" ? _("结束问诊") : _("撤回问诊"), leave, { kind: "default" }) : null);
}

/** The messages in their order; new ones are asked for while the page is looked at. */
class Chat {
  constructor(path, one) {
    Object.assign(this, { path, isOpen: one.state === "open", state: one.state, last: 0, heard: Date.now(), asking: null });
    this.log = h("ol", { class: "chat" });
    this.shown = h("section", {}, h("div", { role: "log", "aria-label": _("对话") }, this.log), this.isOpen ? this.form() : null);
  }

  /** All messages behind the last one. Two calls at once are one, or a message would stand twice. */
  more() {
    this.asking ??= this.load().finally(() => { this.asking = null; });
    return this.asking;
  }

  async load() {
    let next = this.last;
    do {
      const page = await get(`${this.path}/messages`, { after: next, size: 50 });
      for (const one of page.messages) this.add(one);
      next = page.next;
    } while (next);
  }

  add(one) {
    this.last = one.number;
    this.heard = Date.now();
    const body = one.text === undefined ? this.image(one.number) : h("p", { class: "said" }, one.text);
    const row = h("li", { class: one.author === "patient" ? "mine" : "theirs" },
      h("p", { class: "by" }, `${_(AUTHORS[one.author] || one.author)} · ${moment(one.at)}`), body);
    this.log.append(row);
    row.scrollIntoView({ block: "nearest" });
  }

  /** Pictures come one by one, each a look of its own. */
  image(number) {
    const here = h("p", {}, _("图片加载中…"));
    attempt(async () => {
      const one = await get(`${this.path}/messages/${number}`), href = address(one.picture, one.media_type);
      here.replaceWith(picture(href, _("第 %(number)s 条消息的图片", { number })));
    })();
    return here;
  }

  form() {
    const text = h("textarea", { rows: 2, maxlength: TEXT_MAX, class: "weui-textarea", "aria-label": _("输入消息") });
    const file = h("input", { type: "file", accept: "image/*", "aria-label": _("选择图片"), class: "file" });
    const say = attempt(async () => {
      if (!text.value.trim()) return;
      await write(`${this.path}/messages`, { text: text.value.trim() });
      text.value = "";
      await this.more();
    });
    file.addEventListener("change", attempt(async () => {
      if (!file.files.length) return;
      await write(`${this.path}/pictures`, { picture: await redrawn(file.files[0]) });
      file.value = "";
      await this.more();
    }));
    return h("div", { class: "card write" }, text, h("div", { class: "bar" }, button(_("发送"), say), h("label", { class: "weui-btn weui-btn_default" }, _("发图片"), file)));
  }

  /** While the page is looked at, soon after the last message, later when it has been quiet. */
  async listen() {
    for (;;) {
      await new Promise((resume) => setTimeout(resume, Date.now() - this.heard > QUIET_MS ? LATER_MS : SOON_MS));
      if (!this.log.isConnected) return;
      if (document.hidden || !navigator.onLine || !["asked", "open"].includes(this.state)) continue;
      await this.news().catch(() => null);
    }
  }

  /** A number is no look at anything: the messages are read, and the look recorded, if there are more. */
  async news() {
    const { state, messages } = await get(`${this.path}/news`);
    if (state !== this.state) return location.reload();
    return messages > this.last ? this.more() : null;
  }
}
