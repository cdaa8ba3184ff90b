/** What can be granted to whom, as `hospital/consents.py` has it; the server refuses everything else. */
export const PURPOSES = {
  treatment: { words: "诊疗", kinds: ["hospital"], fields: ["allergies", "diagnosis/", "dispensing/", "hospital/", "line/"] },
  medication_review: { words: "用药评估", kinds: ["pharmacy"], fields: ["allergies", "dispensing/", "line/"] },
  claim: { words: "理赔审核", kinds: ["insurer", "social_fund"], fields: ["diagnosis/", "line/"] },
  underwriting: { words: "投保核保", kinds: ["insurer"], fields: ["diagnosis/"] },
  research: { words: "医学研究", kinds: ["research"], fields: ["diagnosis/", "line/"] },
};
export const FIELDS = { allergies: "过敏史", "diagnosis/": "诊断", "dispensing/": "实际发药", "hospital/": "医院和科室", "line/": "药品" };
