/** A prescription at the desk: the patient is here, and shows an identity card. */
import { fill } from "../base/dom.js";
import { start, toast } from "../base/page.js";
import { _ } from "../base/words.js";
import { form } from "./form.js";
import { issue } from "./issue.js";
import { STATES, named } from "./terms.js";

start((main) => {
  const send = async (body, lines, refused) => {
    const done = await issue(body, lines, refused);
    toast(_("处方已签名开具：%(state)s", { state: named(STATES, done.status) }));
    location.assign(`/doctor/prescription#${done.id}`);
  };
  fill(main, form({ desk: true, send }));
});
