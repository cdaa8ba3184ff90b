"""
Clinical cases: a patient, what is prescribed, and every finding of the review that must come.

A line reads ``medicine dose frequency days``. Medicines are the sample catalogue's by generic name,
or one of ``MADE``: name → ATC code, form, mg per unit, route.
"""

from __future__ import annotations

from typing import Any

MADE: dict[str, tuple[str, str, str, str]] = {
    "头孢曲松钠注射剂": ("J01DD04", "注射剂", "1000", "404"),
    "庆大霉素注射液": ("J01GB03", "注射剂", "80", "403"),
    "多西环素片": ("J01AA02", "片剂", "100", "1"),
    "西地那非片": ("G04BE03", "片剂", "50", "1"),
    "替扎尼定片": ("M03BX02", "片剂", "4", "1"),
    "环丙沙星片": ("J01MA02", "片剂", "250", "1"),
    "氟伏沙明片": ("N06AB08", "片剂", "50", "1"),
    "异卡波肼片": ("N06AF01", "片剂", "10", "1"),
    "甲氨蝶呤片": ("L04AX03", "片剂", "2.5", "1"),
    "硫唑嘌呤片": ("L04AX01", "片剂", "50", "1"),
    "碳酸锂片": ("N05AN01", "片剂", "250", "1"),
    "维拉帕米片": ("C08DA01", "片剂", "40", "1"),
    "氯化钾缓释片": ("A12BA01", "缓释片", "500", "1"),
    "沙库巴曲缬沙坦片": ("C09DX04", "片剂", "100", "1"),
    "异维A酸软胶囊": ("D10BA01", "软胶囊", "10", "1"),
    "异维A酸凝胶": ("D10AD04", "凝胶剂", "10", "612"),
    "双氯芬酸凝胶": ("M02AA15", "凝胶剂", "10", "612"),
    "可待因糖浆": ("R05DA04", "糖浆剂", "10", "1"),
    "尼美舒利片": ("M01AX17", "片剂", "100", "1"),
    "布洛芬片": ("M01AE01", "片剂", "200", "1"),
    "丙戊酸钠片": ("N03AG01", "片剂", "200", "1"),
    "美罗培南注射剂": ("J01DH02", "注射剂", "500", "404"),
    "米索前列醇片": ("A02BB01", "片剂", "0.2", "1"),
    "达比加群酯胶囊": ("B01AE07", "胶囊剂", "110", "1"),
    "利伐沙班片": ("B01AF01", "片剂", "15", "1"),
    "依普利酮片": ("C03DA04", "片剂", "25", "1"),
    "普萘洛尔片": ("C07AA05", "片剂", "10", "1"),
    "吡格列酮片": ("A10BG03", "片剂", "15", "1"),
    "舒马普坦片": ("N02CC01", "片剂", "50", "1"),
    "安非他酮缓释片": ("N06AX12", "缓释片", "150", "1"),
    "苯海索片": ("N04AA01", "片剂", "2", "1"),
    "阿托品片": ("A03BA01", "片剂", "0.3", "1"),
    "雌二醇片": ("G03CA03", "片剂", "1", "1"),
    "度洛西汀胶囊": ("N06AX21", "胶囊剂", "30", "1"),
    "来氟米特片": ("L04AA13", "片剂", "10", "1"),
    "麦角胺片": ("N02CA02", "片剂", "1", "1"),
    "氯霉素片": ("J01BA01", "片剂", "250", "1"),
}

ADULT: dict[str, Any] = {}
CHILD: dict[str, Any] = {"years": 10, "weight_g": 30_000}
TODDLER: dict[str, Any] = {"years": 2, "weight_g": 12_000}
PREGNANT: dict[str, Any] = {"years": 28, "pregnant": True}


NURSING: dict[str, Any] = {"years": 28, "lactating": True}


def kidneys(egfr: int) -> dict[str, Any]:
    """An adult with this filtration in ml/min."""
    return {"egfr": egfr}


def liver(child_pugh: str) -> dict[str, Any]:
    """An adult with a liver of this class."""
    return {"liver": child_pugh}


def ill(*diagnoses: str) -> dict[str, Any]:
    """An adult with these diagnoses."""
    return {"diagnoses": diagnoses}


def has(said: str) -> dict[str, Any]:
    """An adult of whom this is written under allergies."""
    return {"allergies": said}


Case = tuple[dict[str, Any], tuple[str, ...], set[str]]
CASES: list[Case] = [
    # allergy
    (has("青霉素过敏"), ("阿莫西林胶囊 500mg tid 7",), {"rx.allergy"}),
    (has("对青霉素过敏"), ("阿莫西林克拉维酸钾片 457mg bid 7",), {"rx.allergy"}),
    (has("青霉素过敏"), ("头孢呋辛酯片 250mg bid 7",), {"rx.allergy_related"}),
    (has("青霉素过敏"), ("阿奇霉素片 500mg qd 3",), set()),
    (has("否认青霉素过敏"), ("阿莫西林胶囊 500mg tid 7",), set()),
    (has("无"), ("阿莫西林胶囊 500mg tid 7",), set()),
    (has("无食物过敏，青霉素过敏"), ("阿莫西林胶囊 500mg tid 7",), {"rx.allergy"}),
    (has("头孢过敏"), ("头孢拉定胶囊 250mg qid 5",), {"rx.allergy"}),
    (has("头孢过敏"), ("阿莫西林胶囊 500mg tid 7",), {"rx.allergy_related"}),
    (has("磺胺类过敏"), ("复方磺胺甲噁唑片 0.48g bid 5",), {"rx.allergy"}),
    (has("磺胺类过敏"), ("塞来昔布胶囊 200mg qd 5",), {"rx.allergy_related"}),
    (has("阿司匹林过敏"), ("阿司匹林肠溶片 100mg qd 7",), {"rx.allergy"}),
    (has("阿司匹林过敏"), ("布洛芬缓释胶囊 300mg bid 3",), {"rx.allergy_related"}),
    (has("左氧氟沙星过敏"), ("诺氟沙星胶囊 100mg bid 3",), {"rx.allergy"}),
    (has("蒙脱石过敏"), ("蒙脱石散 3g tid 3",), {"rx.allergy"}),
    (has("花粉过敏"), ("阿莫西林胶囊 500mg tid 7",), set()),
    # one group twice
    (ADULT, ("布洛芬缓释胶囊 300mg bid 3", "双氯芬酸钠缓释片 75mg qd 3"), {"rx.duplicate_group"}),
    (ADULT, ("阿托伐他汀钙片 20mg qn 7", "瑞舒伐他汀钙片 10mg qn 7"), {"rx.duplicate_group"}),
    (ADULT, ("奥美拉唑肠溶胶囊 20mg qd 7", "雷贝拉唑钠肠溶片 10mg qd 7"), {"rx.duplicate_group"}),
    (ADULT, ("氯雷他定片 10mg qd 7", "盐酸西替利嗪片 10mg qn 7"), {"rx.duplicate_group"}),
    (ADULT, ("布洛芬缓释胶囊 300mg bid 3", "双氯芬酸凝胶 10mg bid 3"), set()),
    (ADULT, ("阿莫西林胶囊 500mg tid 7", "阿莫西林胶囊 500mg tid 7"), {"rx.duplicate_medicine"}),
    (ADULT, ("奥美拉唑肠溶胶囊 20mg qd 7", "法莫替丁片 20mg bid 7"), set()),
    # interactions that forbid
    (ADULT, ("辛伐他汀片 20mg qn 7", "克拉霉素片 500mg bid 7"), {"rx.interaction"}),
    (ADULT, ("克拉霉素片 500mg bid 7", "辛伐他汀片 20mg qn 7"), {"rx.interaction"}),
    (ADULT, ("西地那非片 50mg qd 1", "硝酸异山梨酯片 5mg tid 7"), {"rx.interaction"}),
    (ADULT, ("单硝酸异山梨酯缓释片 40mg qd 7", "西地那非片 50mg qd 1"), {"rx.interaction"}),
    (ADULT, ("异卡波肼片 10mg bid 7", "盐酸舍曲林片 50mg qd 7"), {"rx.interaction"}),
    (ADULT, ("替扎尼定片 4mg tid 7", "环丙沙星片 250mg bid 5"), {"rx.interaction"}),
    (ADULT, ("替扎尼定片 4mg tid 7", "氟伏沙明片 50mg qn 7"), {"rx.interaction"}),
    (ADULT, ("多潘立酮片 10mg tid 3", "克拉霉素片 500mg bid 7"), {"rx.interaction"}),
    (ADULT, ("盐酸胺碘酮片 200mg qd 7", "多潘立酮片 10mg tid 3"), {"rx.interaction"}),
    (ADULT, ("别嘌醇片 100mg bid 7", "硫唑嘌呤片 50mg qd 7"), {"rx.interaction"}),
    (ADULT, ("甲氨蝶呤片 10mg qw 7", "复方磺胺甲噁唑片 0.48g bid 5"), {"rx.interaction"}),
    (ADULT, ("马来酸依那普利片 10mg qd 7", "沙库巴曲缬沙坦片 100mg bid 7"), {"rx.interaction"}),
    (ADULT, ("丙戊酸钠片 200mg tid 7", "美罗培南注射剂 500mg q8h 7"), {"rx.interaction"}),
    # interactions that need care
    (ADULT, ("华法林钠片 2.5mg qd 7", "布洛芬缓释胶囊 300mg bid 3"), {"rx.interaction_care"}),
    (ADULT, ("华法林钠片 2.5mg qd 7", "甲硝唑片 400mg tid 5"), {"rx.interaction_care"}),
    (ADULT, ("华法林钠片 2.5mg qd 7", "阿司匹林肠溶片 100mg qd 7"), {"rx.interaction_care"}),
    (ADULT, ("硫酸氢氯吡格雷片 75mg qd 7", "奥美拉唑肠溶胶囊 20mg qd 7"), {"rx.interaction_care"}),
    (ADULT, ("硫酸氢氯吡格雷片 75mg qd 7", "雷贝拉唑钠肠溶片 10mg qd 7"), set()),
    (ADULT, ("地高辛片 0.25mg qd 7", "盐酸胺碘酮片 200mg qd 7"), {"rx.interaction_care"}),
    (ADULT, ("马来酸依那普利片 10mg qd 7", "螺内酯片 20mg qd 7"), {"rx.interaction_care"}),
    (ADULT, ("氯化钾缓释片 500mg bid 7", "螺内酯片 20mg qd 7"), {"rx.interaction_care"}),
    (ADULT, ("碳酸锂片 250mg tid 7", "氢氯噻嗪片 25mg qd 7"), {"rx.interaction_care"}),
    (ADULT, ("酒石酸美托洛尔片 25mg bid 7", "维拉帕米片 40mg tid 7"), {"rx.interaction_care"}),
    (ADULT, ("茶碱缓释片 100mg bid 7", "环丙沙星片 250mg bid 5"), {"rx.interaction_care"}),
    (ADULT, ("格列美脲片 2mg qd 7", "氟康唑胶囊 150mg qw 7"), {"rx.interaction_care"}),
    # dose
    (ADULT, ("对乙酰氨基酚片 1000mg q6h 3",), set()),
    (ADULT, ("对乙酰氨基酚片 1001mg q6h 3",), {"rx.overdose"}),
    (ADULT, ("盐酸二甲双胍片 850mg tid 7",), set()),
    (ADULT, ("盐酸二甲双胍片 1g tid 7",), {"rx.overdose"}),
    (ADULT, ("苯磺酸氨氯地平片 10mg qd 7",), set()),
    (ADULT, ("苯磺酸氨氯地平片 3片 qd 7",), {"rx.overdose"}),
    (
        {"reason_for_overdose": "难治性高血压"},
        ("苯磺酸氨氯地平片 15mg qd 7",),
        {"rx.overdose_reasoned"},
    ),
    (CHILD, ("阿莫西林胶囊 1000mg tid 5",), set()),
    (CHILD, ("阿莫西林胶囊 1010mg tid 5",), {"rx.overdose"}),
    (CHILD, ("阿奇霉素片 300mg qd 3",), set()),
    (CHILD, ("阿奇霉素片 500mg qd 3",), {"rx.overdose"}),
    (TODDLER, ("布洛芬片 120mg qid 2",), set()),
    (TODDLER, ("布洛芬片 130mg qid 2",), {"rx.overdose"}),
    ({"years": 10}, ("阿奇霉素片 250mg qd 3",), {"rx.child_weight"}),
    # age
    (CHILD, ("左氧氟沙星片 250mg qd 3",), {"rx.child_excluded"}),
    ({"years": 18}, ("左氧氟沙星片 500mg qd 3",), set()),
    (CHILD, ("左氧氟沙星滴眼液 1滴 tid 5",), set()),
    ({"years": 7, "weight_g": 22_000}, ("多西环素片 50mg bid 5",), {"rx.child_excluded"}),
    ({"years": 8, "weight_g": 25_000}, ("多西环素片 50mg bid 5",), set()),
    ({"years": 17}, ("可待因糖浆 10mg tid 3",), {"rx.child_excluded"}),
    ({"years": 11}, ("尼美舒利片 50mg bid 3",), {"rx.child_excluded"}),
    ({"years": 12}, ("尼美舒利片 50mg bid 3",), set()),
    ({"years": 15}, ("阿司匹林肠溶片 100mg qd 3",), {"rx.child_care"}),
    ({"years": 5, "weight_g": 18_000}, ("庆大霉素注射液 40mg bid 3",), {"rx.child_care"}),
    # pregnancy
    (PREGNANT, ("华法林钠片 2.5mg qd 7",), {"rx.pregnancy"}),
    (PREGNANT, ("缬沙坦胶囊 80mg qd 7",), {"rx.pregnancy"}),
    (PREGNANT, ("异维A酸软胶囊 10mg bid 7",), {"rx.pregnancy"}),
    (PREGNANT, ("丙戊酸钠缓释片 500mg bid 7",), {"rx.pregnancy"}),
    (PREGNANT, ("多西环素片 100mg bid 5",), {"rx.pregnancy"}),
    (PREGNANT, ("左氧氟沙星片 500mg qd 3",), {"rx.pregnancy"}),
    (PREGNANT, ("米索前列醇片 0.2mg qid 3",), {"rx.pregnancy"}),
    (PREGNANT, ("布洛芬缓释胶囊 300mg bid 3",), {"rx.pregnancy_care"}),
    (PREGNANT, ("左氧氟沙星滴眼液 1滴 tid 5",), set()),
    (PREGNANT, ("阿莫西林胶囊 500mg tid 7",), set()),
    ({"years": 28}, ("缬沙坦胶囊 80mg qd 7",), set()),
    # route
    ({"route": "404"}, ("阿莫西林胶囊 500mg tid 5",), {"rx.route"}),
    ({"route": "1"}, ("头孢曲松钠注射剂 1000mg qd 3",), {"rx.route"}),
    ({"route": "404"}, ("头孢曲松钠注射剂 1000mg qd 3",), set()),
    # kidneys, at both sides of each limit
    (kidneys(30), ("盐酸二甲双胍片 500mg bid 7",), {"rx.kidneys_care"}),
    (kidneys(29), ("盐酸二甲双胍片 500mg bid 7",), {"rx.kidneys", "rx.kidneys_care"}),
    (kidneys(45), ("盐酸二甲双胍片 850mg bid 7",), set()),
    (kidneys(44), ("盐酸二甲双胍片 850mg bid 7",), {"rx.kidneys_care", "rx.overdose"}),
    (
        {"egfr": 44, "reason_for_overdose": "会诊意见"},
        ("盐酸二甲双胍片 850mg bid 7",),
        {"rx.kidneys_care", "rx.overdose_reasoned"},
    ),
    (kidneys(45), ("呋喃妥因肠溶片 100mg tid 5",), set()),
    (kidneys(44), ("呋喃妥因肠溶片 100mg tid 5",), {"rx.kidneys"}),
    (kidneys(30), ("达比加群酯胶囊 110mg bid 7",), set()),
    (kidneys(29), ("达比加群酯胶囊 110mg bid 7",), {"rx.kidneys"}),
    (kidneys(15), ("利伐沙班片 15mg qd 7",), set()),
    (kidneys(14), ("利伐沙班片 15mg qd 7",), {"rx.kidneys"}),
    (kidneys(25), ("阿卡波糖片 50mg tid 7",), set()),
    (kidneys(24), ("阿卡波糖片 50mg tid 7",), {"rx.kidneys"}),
    (kidneys(30), ("布洛芬缓释胶囊 300mg bid 3",), set()),
    (kidneys(29), ("布洛芬缓释胶囊 300mg bid 3",), {"rx.kidneys"}),
    (kidneys(29), ("双氯芬酸凝胶 10mg bid 3",), set()),
    (kidneys(30), ("依普利酮片 25mg qd 7",), set()),
    (kidneys(29), ("依普利酮片 25mg qd 7",), {"rx.kidneys"}),
    (kidneys(35), ("阿仑膦酸钠片 70mg qw 7",), set()),
    (kidneys(34), ("阿仑膦酸钠片 70mg qw 7",), {"rx.kidneys_care"}),
    (kidneys(30), ("碳酸锂片 250mg tid 7",), set()),
    (kidneys(29), ("碳酸锂片 250mg tid 7",), {"rx.kidneys"}),
    (kidneys(29), ("瑞舒伐他汀钙片 10mg qn 7",), {"rx.kidneys_care"}),
    (kidneys(29), ("瑞舒伐他汀钙片 20mg qn 7",), {"rx.kidneys_care", "rx.overdose"}),
    (kidneys(50), ("左乙拉西坦片 1000mg bid 7",), set()),
    (kidneys(49), ("左乙拉西坦片 750mg bid 7",), set()),
    (kidneys(49), ("左乙拉西坦片 1000mg bid 7",), {"rx.overdose"}),
    (kidneys(29), ("左乙拉西坦片 750mg bid 7",), {"rx.overdose"}),
    (kidneys(60), ("法莫替丁片 20mg bid 7",), set()),
    (kidneys(59), ("法莫替丁片 20mg bid 7",), {"rx.overdose"}),
    (kidneys(49), ("盐酸西替利嗪片 10mg qn 7",), {"rx.overdose"}),
    (kidneys(49), ("盐酸西替利嗪片 5mg qn 7",), set()),
    (ADULT, ("盐酸二甲双胍片 850mg bid 7",), set()),
    # liver
    (liver("a"), ("阿托伐他汀钙片 20mg qn 7",), set()),
    (liver("b"), ("阿托伐他汀钙片 20mg qn 7",), {"rx.liver"}),
    (liver("c"), ("丙戊酸钠片 200mg tid 7",), {"rx.liver"}),
    (liver("a"), ("多潘立酮片 10mg tid 3",), set()),
    (liver("b"), ("多潘立酮片 10mg tid 3",), {"rx.liver"}),
    (liver("a"), ("来氟米特片 10mg qd 7",), {"rx.liver"}),
    (liver("a"), ("度洛西汀胶囊 30mg qd 7",), {"rx.liver"}),
    (liver("b"), ("双氯芬酸钠缓释片 75mg qd 3",), {"rx.liver_care"}),
    (liver("c"), ("双氯芬酸钠缓释片 75mg qd 3",), {"rx.liver", "rx.liver_care"}),
    (liver("a"), ("对乙酰氨基酚片 500mg tid 3",), set()),
    (liver("b"), ("对乙酰氨基酚片 500mg tid 3",), {"rx.liver_care"}),
    (ADULT, ("来氟米特片 10mg qd 7",), set()),
    # lactation
    (NURSING, ("可待因糖浆 10mg tid 3",), {"rx.lactation"}),
    (NURSING, ("左氧氟沙星片 500mg qd 3",), {"rx.lactation"}),
    (NURSING, ("左氧氟沙星滴眼液 1滴 tid 5",), set()),
    (NURSING, ("盐酸胺碘酮片 200mg qd 7",), {"rx.lactation"}),
    (NURSING, ("麦角胺片 1mg qd 1",), {"rx.lactation"}),
    (NURSING, ("氯霉素片 250mg qid 3",), {"rx.lactation"}),
    (NURSING, ("甲硝唑片 400mg tid 5",), {"rx.lactation_care"}),
    (NURSING, ("阿托伐他汀钙片 20mg qn 7",), {"rx.lactation_care"}),
    (NURSING, ("阿莫西林胶囊 500mg tid 7",), set()),
    (ADULT, ("可待因糖浆 10mg tid 3",), set()),
    # diagnoses that forbid, or ask for care
    (ill("K25.400"), ("布洛芬缓释胶囊 300mg bid 3",), {"rx.disease"}),
    (ill("K29.500"), ("布洛芬缓释胶囊 300mg bid 3",), set()),
    (ill("K26.900"), ("阿司匹林肠溶片 100mg qd 7",), {"rx.disease"}),
    (ill("K25.400"), ("双氯芬酸凝胶 10mg bid 3",), set()),
    (ill("K27.900"), ("醋酸泼尼松片 5mg tid 7",), {"rx.disease_care"}),
    (ill("J45.900"), ("普萘洛尔片 10mg tid 7",), {"rx.disease"}),
    (ill("J45.900"), ("酒石酸美托洛尔片 25mg bid 7",), {"rx.disease_care"}),
    (ill("J44.900"), ("普萘洛尔片 10mg tid 7",), set()),
    (ill("I44.200"), ("酒石酸美托洛尔片 25mg bid 7",), {"rx.disease"}),
    (ill("I44.000"), ("酒石酸美托洛尔片 25mg bid 7",), set()),
    (ill("E11.900", "N18.500"), ("盐酸二甲双胍片 500mg bid 7",), {"rx.disease"}),
    (ill("E11.900", "N18.300"), ("盐酸二甲双胍片 500mg bid 7",), set()),
    (ill("E11.900", "I50.900"), ("吡格列酮片 15mg qd 7",), {"rx.disease"}),
    (ill("E11.900"), ("吡格列酮片 15mg qd 7",), set()),
    (ill("E10.900"), ("格列美脲片 2mg qd 7",), {"rx.disease"}),
    (ill("E11.900"), ("格列美脲片 2mg qd 7",), set()),
    (ill("I25.100"), ("塞来昔布胶囊 200mg qd 5",), {"rx.disease"}),
    (ill("I50.900"), ("塞来昔布胶囊 200mg qd 5",), {"rx.disease_care"}),
    (ill("E87.500"), ("螺内酯片 20mg qd 7",), {"rx.disease"}),
    (ill("E87.600"), ("螺内酯片 20mg qd 7",), set()),
    (ill("K56.700"), ("乳果糖口服溶液 10g qd 3",), {"rx.disease"}),
    (ill("K92.200"), ("多潘立酮片 10mg tid 3",), {"rx.disease"}),
    (ill("I61.900"), ("华法林钠片 2.5mg qd 7",), {"rx.disease"}),
    (ill("I48.x01"), ("华法林钠片 2.5mg qd 7",), set()),
    (ill("I21.900"), ("舒马普坦片 50mg qd 1",), {"rx.disease"}),
    (ill("G43.900"), ("舒马普坦片 50mg qd 1",), set()),
    (ill("G40.900"), ("安非他酮缓释片 150mg qd 7",), {"rx.disease"}),
    (ill("G40.900"), ("盐酸曲马多缓释片 100mg q12h 7",), {"rx.disease_care"}),
    (ill("H40.200"), ("苯海索片 2mg bid 7",), {"rx.disease"}),
    (ill("H40.100"), ("苯海索片 2mg bid 7",), set()),
    (ill("N40.x00"), ("马来酸氯苯那敏片 4mg tid 3",), {"rx.disease_care"}),
    (ill("G70.000"), ("地西泮片 2.5mg tid 7",), {"rx.disease"}),
    (ill("E05.900"), ("左甲状腺素钠片 50μg qd 7",), {"rx.disease"}),
    (ill("E03.900"), ("左甲状腺素钠片 50μg qd 7",), set()),
    (ill("C50.900"), ("雌二醇片 1mg qd 7",), {"rx.disease"}),
    (ill("M10.900"), ("氢氯噻嗪片 25mg qd 7",), {"rx.disease_care"}),
    # what the diagnoses do not speak for
    (ill("I10.x00"), ("非布司他片 40mg qd 7",), {"rx.indication"}),
    (ill("M10.900"), ("非布司他片 40mg qd 7",), set()),
    (ill("I10.x00"), ("盐酸二甲双胍片 500mg bid 7",), {"rx.indication"}),
    (ill("I10.x00", "E11.900"), ("盐酸二甲双胍片 500mg bid 7",), set()),
    (ill("J06.900"), ("恩替卡韦分散片 0.5mg qd 7",), {"rx.indication"}),
    (ill("B18.100"), ("恩替卡韦分散片 0.5mg qd 7",), set()),
    (ill("J10.100"), ("磷酸奥司他韦胶囊 75mg bid 5",), set()),
    (ill("K30.x00"), ("磷酸奥司他韦胶囊 75mg bid 5",), {"rx.indication"}),
    (ill("J06.900"), ("阿莫西林胶囊 500mg tid 7",), {"rx.viral_antibiotic"}),
    (ill("j06.9"), ("头孢呋辛酯片 250mg bid 5",), {"rx.viral_antibiotic"}),
    (ill("J06.900", "J15.900"), ("阿莫西林胶囊 500mg tid 7",), set()),
    (ill("B02.900"), ("阿昔洛韦片 200mg tid 7",), set()),
    (ill("B30.900"), ("左氧氟沙星滴眼液 1滴 tid 5",), set()),
    # skin test
    ({"skin_test": ""}, ("阿莫西林胶囊 500mg tid 7",), {"rx.skin_test"}),
    ({"skin_test": ""}, ("注射用青霉素钠 0.96g bid 3",), {"rx.skin_test"}),
    ({"skin_test": "exempt"}, ("注射用青霉素钠 0.96g bid 3",), set()),
    ({"skin_test": "positive"}, ("注射用青霉素钠 0.96g bid 3",), {"rx.skin_test_positive"}),
    ({"skin_test": ""}, ("头孢呋辛酯片 250mg bid 5",), set()),
    ({"skin_test": "positive"}, ("头孢曲松钠注射剂 1000mg qd 3",), {"rx.skin_test_positive"}),
]
