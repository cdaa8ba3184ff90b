/** What the server refuses on the way, in words for the courier. */
import { learn } from "../base/problems.js";

learn({
  "delivery.wrong_code": "收货码不对，请患者再看一次手机。",
  "delivery.locked": "收货码错误次数过多，请患者在手机上签收。",
  "delivery.wrong_way": "患者选择了到店自取。",
  "delivery.too_long_away": "冷藏药品在途太久，请以“冷链中断”退回药房。",
  "delivery.not_cold": "这个包裹没有冷藏药品。",
  "prescription.wrong_state": "这个包裹已经处理过，请返回列表。",
});
