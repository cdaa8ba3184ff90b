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
  none: "无", other: "其他原因", uphold: "维持", turn: "更正", change: "修改", keep: "保持不变",
  first_visit: "首诊，须到院就诊", needs_examination: "需要检查", condition_changed: "病情变化", wrong_department: "科室不符",
  correct: "记录属实", unproven: "所述情况无法核实", changed: "处方已另行修改",
  allergy_test: "缺少过敏试验结果", diagnosis_mismatch: "用药与诊断不符", dose: "用量需要修改", route_or_form: "用法或剂型不合适",
  duplication: "重复用药", interaction: "药物之间有冲突", format: "处方书写不规范", allergy: "可能过敏", substitution: "建议换药",
  clarification: "需要医生说明", intended: "用药无误", clarified: "已作说明", patient_wishes: "按患者意愿", no_alternative: "没有替代药",
  prescribing_error: "处方有误", clinical: "病情变化", patient_request: "患者要求",
  out_of_stock: "缺货", unsuitable: "不宜调配", doubtful: "处方有疑问", not_collected: "长时间未取", expiring: "原药品近效期", price: "价格更低",
  nobody_home: "无人签收", wrong_address: "地址有误", refused: "收件人拒收", unfit: "不能再用", damaged: "包裹破损", cold_chain: "冷链中断",
  quality: "质量问题", wrong_medicine: "发错药品", recall: "召回", adverse_reaction: "不良反应",
  contamination: "污染", labelling: "标签错误", safety: "安全风险", finished: "已完成", corrected: "批号有误，另行召回", unfounded: "查无依据",
  evidence_missing: "证据缺失", quantity_differs: "数量不符", above_ceiling: "超过限额", not_covered: "不在保障范围", field_missing: "缺少信息", fraud: "欺诈",
  evidence_unproven: "证据未能证明", above_limit: "超过程序可决定的金额", stands_out: "有可疑之处", unsure: "需要人工判断",
  same_code: "同一追溯码出现两次", impossible_travel: "时间地点不可能", early_refill: "提前续药", doctor_outlier: "医生明显偏离同行", pharmacy_outlier: "药房明显偏离同行",
  mistake: "决定有误", new_evidence: "有新证据", covered: "患者认为在保障范围内", wrong_amount: "患者认为金额有误", wrong_facts: "患者认为事实有误",
};
/** Kinds of prescriptions, whose words mean something else beside other facts ("emergency"). */
export const FORMS = {
  ordinary: "普通处方", emergency: "急诊处方", paediatric: "儿科处方", narcotic: "麻、精一处方", psychotropic_2: "精二处方", toxic: "毒性药品处方",
};
