/** Why nothing is given out offline on what a phone shows. */
import { learn } from "../base/problems.js";

learn({
  "receipt.missing": "患者没有出示凭证。",
  "receipt.invalid": "凭证不完整或无效。",
  "receipt.not_paid": "凭证没有显示已付款。",
  "receipt.not_authorized": "凭证没有显示患者的授权。",
  "receipt.other_pharmacy": "患者选的是另一家药房。",
  "receipt.not_opened": "患者的手机没有出示药品内容。",
  "code.other_key": "取药码不是由授权的手机签的。",
  "offline.form": "这种处方不能离线发药。",
  "offline.amount": "总额超过离线发药的上限。",
  "offline.part": "只授权了部分药品，须联网发药。",
  "offline.substitute": "换过药的处方须联网发药。",
  "offline.ends_soon": "处方快到期，来不及补录，须联网发药。",
  "offline.given": "这张处方本机已经发过药。",
});
