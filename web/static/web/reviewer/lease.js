/** How long what was taken is in these hands: a clock that says so, and what happens at its end. */
import { fill, h } from "../base/dom.js";
import { _ } from "../base/words.js";
import { clock } from "../doctor/controls.js";

const SOON_S = 60;

/** `{element, stop()}`; `over` is called when the lease ends. */
export function countdown(until, over) {
  const time = h("strong", { class: "number" }), element = h("p", { role: "timer", "data-lease": until }, _("剩余 "), time);
  const tell = () => {
    const left = (new Date(until) - Date.now()) / 1000;
    fill(time, clock(left));
    time.classList.toggle("urgent", left < SOON_S);
    if (left > 0) return;
    clearInterval(timer);
    if (element.isConnected) over();
  };
  const timer = setInterval(tell, 1000);
  tell();
  return { element, stop: () => clearInterval(timer) };
}
