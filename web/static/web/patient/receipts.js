import { fill } from "../base/dom.js";
import { empty, start } from "../base/page.js";
import { _ } from "../base/words.js";

start((main) => fill(main, empty(_("这里还没有内容。"))));
