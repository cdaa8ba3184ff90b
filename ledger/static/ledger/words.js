/* What the page of the check says, in Chinese: kinds of entries, names of fields, reasons. */
export const KINDS = {
  "consultation.ask": "患者提出在线问诊",
  "consultation.accept": "医师接诊",
  "consultation.decline": "医师建议到院就诊",
  "consultation.withdraw": "患者撤回问诊",
  "consultation.close": "医师结束问诊",
  "consultation.lapse": "问诊超时结束",
  "prescription.issue": "医师开具处方",
  "prescription.countersign": "医师会签处方",
  "prescription.upload": "医院系统上传处方",
  "prescription.review": "药师审核处方",
  "prescription.change_request": "药师请求修改处方",
  "prescription.keep": "医师答复：不修改处方",
  "prescription.change": "医师修改处方",
  "prescription.extend": "医师延长处方有效期",
  "prescription.appraise": "处方点评",
  "prescription.authorize": "患者授权取药",
  "prescription.withdraw": "患者撤回授权",
  "prescription.cancel": "处方取消",
  "prescription.expire": "处方过期",
  "pharmacy.double_check": "药师复核发药",
  "pharmacy.dispense": "药师发药",
  "pharmacy.ship": "交付配送",
  "pharmacy.deliver": "药品送达",
  "insurance.pay": "支付",
  "insurance.claim": "保险理赔申请",
  "insurance.settle": "保险结算",
  "register.number": "麻精处方编号",
  "record.view": "查看记录",
  "record.refuse": "拒绝查看",
  "consent.grant": "患者授权查看",
  "consent.withdraw": "患者撤回查看授权",
  "emergency.plead": "医师请求紧急查看（未经患者同意）",
  "emergency.open": "第二名医师签署，紧急查看开启",
  "emergency.review": "监管部门审查紧急查看",
  "offer.publish": "研究机构发布数据共享邀请",
  "offer.approve": "监管部门批准数据共享邀请",
  "offer.refuse": "监管部门不批准数据共享邀请",
  "offer.close": "研究机构关闭数据共享邀请",
  "optin.give": "患者同意共享数据",
  "optin.withdraw": "患者撤回数据共享",
  "erasure.request": "患者要求删除全部数据",
  "guardianship.register": "登记监护人",
  "guardianship.appoint": "患者指定监护人",
  "guardianship.end": "监护结束",
  "key.register": "登记签名密钥",
  "key.revoke": "注销签名密钥",
  "log.open": "账本启用",
  "log.law": "账本规则变更",
  "log.policy": "见证规则变更",
  "log.checkpoint": "账本汇总",
  "log.freeze": "账本停用",
};
const FIELDS = {
  "patient/name": "患者姓名", "patient/sex": "性别", "patient/born": "出生日期", "patient/age": "年龄",
  "doctor/name": "医师", "hospital/name": "医院", "hospital/department": "科室", allergies: "过敏史",
};
const NUMBERED = { "line/": "药品", "diagnosis/": "诊断" };
export const REASONS = {
  malformed: "文件不是完整的凭证，可能已损坏或被改动。",
  bad_policy: "验证规则文件无法识别。",
  bad_signature: "签名不符：内容被改动，或不是由规则中的账本签发。",
  not_final: "见证的机构数量不足，凭证尚未生效。",
  not_included: "账本中没有这一条记录。",
  unknown_signer: "无法证明签名人的身份。",
  not_opened: "出示的内容与记录不符。",
};

export function fieldName(name) {
  for (const [prefix, word] of Object.entries(NUMBERED)) {
    if (name.startsWith(prefix)) return word + name.slice(prefix.length);
  }
  return FIELDS[name] || name;
}
