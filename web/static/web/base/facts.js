/** Names of the facts in statements and of their values, in Chinese; English comes from the catalogue. */
export const FACTS = {
  bill: "账单", total_fen: "总额", patient_fen: "您自付", fund_fen: "医保", insurer_fen: "保险", fen: "金额", payers: "支付方", payer: "支付方",
  pharmacy: "药房", hospital: "医院", courier: "配送公司", organisation: "机构", doctor: "医师", reader: "查看者",
  grant: "同时允许查看", purpose: "用途", to: "对象", until: "截止时间", fields: "内容", basis: "依据", record: "记录",
  records: "记录数", way: "取药方式", address: "收货地址（指纹）", lines: "药品数量", boxes: "追溯码", lots: "批次",
  form: "处方类型", valid_until: "有效期至", opens_at: "可取药时间", online: "线上开具", rules: "规则版本", warnings: "提示",
  decision: "决定", reason: "原因", checks: "核对项目", approved_fen: "批准金额", claimed_fen: "申请金额", refund_fen: "退款金额",
  left_fen: "剩余金额", budget_fen: "预算", reward_fen: "报酬", aim: "目的", ethics: "伦理批准号", group_size: "最小群体人数",
  mode: "方式", since: "开始时间", offer: "邀请", role: "角色", owner: "持有人", person: "人员", vkey: "公钥",
  replaces: "取代的密钥", active_from: "生效时间", medicine: "药品", lot: "批号", grade: "级别", notify_by: "通知期限",
  number: "编号", number_of: "数量", consultation: "问诊", issue: "第几次", issues: "共几次", series: "长期处方", rest: "剩余",
  code: "代码", request: "请求（指纹）", field: "内容", proposal: "换药建议（指纹）", face: "人脸核验时间", given_at: "发药时间",
  slip: "离线凭条", back: "退回数量", waiting: "待取数量", proof: "签收方式", claims: "理赔", reference: "转账凭证号",
  settlements: "结算单", verdict: "结论", follow_up: "复诊", messages: "消息数", transcript: "记录（指纹）", kept: "依法保留",
  erased: "已删除", guardian: "监护人", guardianship: "监护", of: "所属", dispenser: "指定药房", prescription: "处方", scan: "扫码",
};
export const VALUES = {
  collect: "到店自取", courier: "配送到家", approve: "通过", return: "退回", refuse: "拒绝", part: "部分", "true": "是",
  patient: "患者", doctor: "医生", reviewer: "审方药师", pharmacist: "药师", officer: "经办人", regulator: "监管人员",
  appropriateness: "用药合理性", incompatibility: "配伍禁忌", medicine: "药品", prescription: "处方",
  dispense: "配药", claim: "理赔", deliver: "配送", care: "诊疗", research: "研究", dispense_deliver_settle: "配药、送药、结算",
};
/** Kinds of prescriptions, whose words mean something else beside other facts ("emergency"). */
export const FORMS = {
  ordinary: "普通处方", emergency: "急诊处方", paediatric: "儿科处方", narcotic: "麻、精一处方", psychotropic_2: "精二处方", toxic: "毒性药品处方",
};
