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
}

ADULT: dict[str, Any] = {}
CHILD: dict[str, Any] = {"years": 10, "weight_g": 30_000}
TODDLER: dict[str, Any] = {"years": 2, "weight_g": 12_000}
PREGNANT: dict[str, Any] = {"years": 28, "pregnant": True}


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
]
