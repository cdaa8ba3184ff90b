"""
What is known of substances, by ATC code: the tables that ``suitability`` looks into.

A code of fewer than seven characters stands for the whole group. Sources, named in each row:

    CN     the instructions approved by the NMPA (说明书) for the medicine
    FDA    the boxed warning, contraindication or warning of the United States' label
    EMA    the European summary of product characteristics
    NMPA   an announcement of the NMPA

The rows are well-documented severe cases, chosen for what primary care prescribes; they are no
complete reference, and what is not here may still harm. They are from memory of those sources.
"""

from dataclasses import dataclass
from decimal import Decimal

from prescriptions.rules.atc import indexed
from prescriptions.rules.terms import Severity

BLOCK, WARN = Severity.BLOCK, Severity.WARN


@dataclass(frozen=True, slots=True)
class Interaction:
    """Two groups that harm together; ``harm`` is Chinese, without its full stop."""

    atc: str
    other: str
    severity: Severity
    harm: str
    source: str


@dataclass(frozen=True, slots=True)
class Allergen:
    """What people write of an allergy, the groups it rules out, and those that may cross-react."""

    words: tuple[str, ...]
    groups: tuple[str, ...]
    related: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ceiling:
    """
    The most of a substance in a day, in mg: for adults, and per kg of body weight below 18 years.

    Source: the approved instructions (说明书); a specialist may have reasons for more.
    """

    atc: str
    adult_mg: Decimal
    child_mg_per_kg: Decimal | None = None


@dataclass(frozen=True, slots=True)
class KidneyCeiling:
    """The most in a day, in mg, when the kidneys' filtration is below so many ml/min."""

    atc: str
    below_ml_min: int
    most_mg: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class Youngest:
    """Not below so many completed years."""

    atc: str
    years: int
    severity: Severity
    why: str
    source: str


@dataclass(frozen=True, slots=True)
class InPregnancy:
    """What an unborn child is not to meet."""

    atc: str
    severity: Severity
    source: str


@dataclass(frozen=True, slots=True)
class Alike:
    """A group of which two at once are one too many, and its Chinese name."""

    atc: str
    name: str


# fmt: off
INTERACTIONS = (
    Interaction("C10AA01", "J01FA09", BLOCK, "辛伐他汀血药浓度剧增，可致横纹肌溶解",       "FDA"),
    Interaction("C10AA01", "J02AC02", BLOCK, "辛伐他汀血药浓度剧增，可致横纹肌溶解",       "FDA"),
    Interaction("C10AA02", "J01FA09", BLOCK, "洛伐他汀血药浓度剧增，可致横纹肌溶解",       "FDA"),
    Interaction("C10AA05", "J01FA09", WARN,  "阿托伐他汀血药浓度升高，肌病风险增加",       "FDA"),
    Interaction("C10AA",   "C10AB04", WARN,  "他汀与吉非罗齐合用，横纹肌溶解风险增加",     "FDA"),
    Interaction("C10AA01", "C08CA01", WARN,  "与氨氯地平合用，辛伐他汀每日不宜超过20mg",   "FDA"),
    Interaction("C01DA",   "G04BE03", BLOCK, "严重低血压",                                 "FDA"),
    Interaction("C01DA",   "G04BE08", BLOCK, "严重低血压",                                 "FDA"),
    Interaction("C01DA",   "G04BE09", BLOCK, "严重低血压",                                 "FDA"),
    Interaction("N06AF",   "N06AB",   BLOCK, "5-羟色胺综合征",                             "FDA"),
    Interaction("N06AG",   "N06AB",   BLOCK, "5-羟色胺综合征",                             "FDA"),
    Interaction("N06AB",   "N02AX02", WARN,  "5-羟色胺综合征及惊厥风险",                   "FDA"),
    Interaction("M03BX02", "J01MA02", BLOCK, "替扎尼定血药浓度剧增，严重低血压",           "FDA"),
    Interaction("M03BX02", "N06AB08", BLOCK, "替扎尼定血药浓度剧增，严重低血压",           "FDA"),
    Interaction("N02CA",   "J01FA",   BLOCK, "麦角中毒，肢端缺血",                         "FDA"),
    Interaction("A03FA03", "J01FA09", BLOCK, "QT间期延长，严重心律失常",                   "EMA"),
    Interaction("A03FA03", "J02AC01", BLOCK, "QT间期延长，严重心律失常",                   "EMA"),
    Interaction("A03FA03", "C01BD01", BLOCK, "QT间期延长，严重心律失常",                   "EMA"),
    Interaction("C01BD01", "J01MA12", WARN,  "QT间期延长",                                 "FDA"),
    Interaction("C01BD01", "J01FA",   WARN,  "QT间期延长",                                 "FDA"),
    Interaction("C01BD01", "C01AA05", WARN,  "地高辛血药浓度升高，地高辛应减量",           "FDA"),
    Interaction("C01AA05", "J01FA09", WARN,  "地高辛中毒",                                 "FDA"),
    Interaction("C01AA05", "C08DA01", WARN,  "地高辛血药浓度升高，心动过缓",               "FDA"),
    Interaction("C07A",    "C08DA01", WARN,  "心动过缓、传导阻滞",                         "FDA"),
    Interaction("B01AA03", "M01A",    WARN,  "出血风险增加",                               "FDA"),
    Interaction("B01AA03", "B01AC",   WARN,  "出血风险增加",                               "FDA"),
    Interaction("B01AA03", "P01AB01", WARN,  "华法林作用增强，出血风险增加",               "FDA"),
    Interaction("B01AA03", "J02AC01", WARN,  "华法林作用增强，出血风险增加",               "FDA"),
    Interaction("B01AA03", "J01EE01", WARN,  "华法林作用增强，出血风险增加",               "FDA"),
    Interaction("B01AA03", "C01BD01", WARN,  "华法林作用增强，出血风险增加",               "FDA"),
    Interaction("B01AC04", "A02BC01", WARN,  "奥美拉唑降低氯吡格雷的活化",                 "FDA"),
    Interaction("B01AC04", "A02BC05", WARN,  "艾司奥美拉唑降低氯吡格雷的活化",             "FDA"),
    Interaction("C09A",    "C09C",    WARN,  "肾素-血管紧张素系统双重阻断：高钾、肾损害",  "FDA"),
    Interaction("C09A",    "C09DX04", BLOCK, "血管性水肿",                                 "FDA"),
    Interaction("C09",     "C03DA",   WARN,  "高钾血症，须监测血钾",                       "FDA"),
    Interaction("C09",     "A12BA",   WARN,  "高钾血症，须监测血钾",                       "FDA"),
    Interaction("C03DA",   "A12BA",   WARN,  "高钾血症",                                   "FDA"),
    Interaction("N05AN01", "M01A",    WARN,  "锂中毒",                                     "FDA"),
    Interaction("N05AN01", "C03A",    WARN,  "锂中毒",                                     "FDA"),
    Interaction("N05AN01", "C09",     WARN,  "锂中毒",                                     "FDA"),
    Interaction("L01BA01", "J01EE01", BLOCK, "骨髓抑制",                                   "FDA"),
    Interaction("L04AX03", "J01EE01", BLOCK, "骨髓抑制",                                   "FDA"),
    Interaction("L04AX03", "M01A",    WARN,  "甲氨蝶呤毒性增加",                           "FDA"),
    Interaction("M04AA01", "L04AX01", BLOCK, "硫唑嘌呤蓄积，骨髓抑制",                     "FDA"),
    Interaction("M04AA03", "L04AX01", BLOCK, "硫唑嘌呤蓄积，骨髓抑制",                     "FDA"),
    Interaction("M04AC01", "J01FA09", WARN,  "秋水仙碱中毒",                               "FDA"),
    Interaction("N02A",    "N05BA",   WARN,  "呼吸抑制、过度镇静",                         "FDA"),
    Interaction("N02A",    "N05CD",   WARN,  "呼吸抑制、过度镇静",                         "FDA"),
    Interaction("N03AF01", "J01FA09", WARN,  "卡马西平中毒",                               "FDA"),
    Interaction("N03AG01", "J01DH",   BLOCK, "丙戊酸血药浓度骤降，癫痫发作",               "FDA"),
    Interaction("R03DA04", "J01MA02", WARN,  "茶碱中毒",                                   "FDA"),
    Interaction("R03DA04", "J01FA09", WARN,  "茶碱中毒",                                   "FDA"),
    Interaction("M01A",    "H02AB",   WARN,  "消化道溃疡、出血",                           "FDA"),
    Interaction("A10BB",   "J02AC01", WARN,  "低血糖",                                     "FDA"),
    Interaction("A10BB",   "J01MA12", WARN,  "血糖异常",                                   "FDA"),
)

ALLERGENS = (
    Allergen(("青霉素", "阿莫西林", "氨苄西林"),       ("J01C",),                        ("J01D",)),
    Allergen(("头孢",),                                ("J01DB", "J01DC", "J01DD", "J01DE"), ("J01C",)),
    Allergen(("磺胺",),                                ("J01E", "J01RA02"),              ("M01AH01",)),
    Allergen(("阿司匹林", "水杨酸"),                   ("B01AC06", "N02BA"),             ("M01A",)),
    Allergen(("布洛芬", "非甾体", "解热镇痛药"),       ("M01A",),                        ("B01AC06", "N02BA")),
    Allergen(("对乙酰氨基酚", "扑热息痛"),             ("N02BE01", "N02BE51"),           ()),
    Allergen(("红霉素", "阿奇霉素", "大环内酯"),       ("J01FA",),                       ()),
    Allergen(("沙星", "喹诺酮"),                       ("J01MA",),                       ()),
    Allergen(("四环素", "多西环素"),                   ("J01AA",),                       ()),
    Allergen(("甲硝唑", "硝基咪唑"),                   ("P01AB", "J01XD"),               ()),
    Allergen(("卡马西平",),                            ("N03AF",),                       ("N03AB",)),
    Allergen(("别嘌醇",),                              ("M04AA01",),                     ()),
    Allergen(("普利",),                                ("C09A", "C09B"),                 ()),
)

CEILINGS = (
    Ceiling("N02BE01", Decimal(4000), Decimal(75)),
    Ceiling("M01AE01", Decimal(2400), Decimal(40)),
    Ceiling("M01AB05", Decimal(150)),
    Ceiling("M01AH01", Decimal(400)),
    Ceiling("J01CA04", Decimal(4000), Decimal(100)),
    Ceiling("J01FA10", Decimal(500), Decimal(10)),
    Ceiling("J01FA09", Decimal(1000), Decimal(15)),
    Ceiling("J01MA12", Decimal(750)),
    Ceiling("A10BA02", Decimal(2550)),
    Ceiling("A10BB12", Decimal(6)),
    Ceiling("C08CA01", Decimal(10)),
    Ceiling("C09CA03", Decimal(320)),
    Ceiling("C09CA04", Decimal(300)),
    Ceiling("C09AA02", Decimal(40)),
    Ceiling("C10AA01", Decimal(40)),
    Ceiling("C10AA05", Decimal(80)),
    Ceiling("C10AA07", Decimal(20)),
    Ceiling("C01AA05", Decimal("0.5")),
    Ceiling("B01AC04", Decimal(300)),
    Ceiling("N06AB06", Decimal(200)),
    Ceiling("N06AB10", Decimal(20)),
    Ceiling("R06AE07", Decimal(10)),
    Ceiling("R06AX13", Decimal(10)),
    Ceiling("A03FA03", Decimal(30)),
    Ceiling("M04AA03", Decimal(80)),
)

KIDNEY_CEILINGS = (
    KidneyCeiling("A10BA02", 45, Decimal(1000), "FDA"),
    KidneyCeiling("C10AA07", 30, Decimal(10),   "FDA"),
    KidneyCeiling("C10AA01", 30, Decimal(10),   "EMA"),
    KidneyCeiling("N03AX14", 50, Decimal(1500), "FDA"),
    KidneyCeiling("N03AX14", 30, Decimal(1000), "FDA"),
    KidneyCeiling("A02BA03", 60, Decimal(20),   "FDA 2018"),
    KidneyCeiling("A02BA03", 30, Decimal(10),   "FDA 2018"),
    KidneyCeiling("R06AE07", 50, Decimal(5),    "EMA"),
    KidneyCeiling("J01MA12", 50, Decimal(500),  "CN"),
    KidneyCeiling("M04AA01", 30, Decimal(100),  "CN"),
)

YOUNGEST = (
    Youngest("J01AA",   8,  BLOCK, "影响牙齿和骨骼发育",       "CN"),
    Youngest("J01MA",   18, BLOCK, "可能损害软骨",             "CN"),
    Youngest("R05DA04", 18, BLOCK, "可待因禁用于18岁以下青少年儿童", "NMPA 2018"),
    Youngest("M01AX17", 12, BLOCK, "尼美舒利禁用于12岁以下儿童",     "NMPA 2011"),
    Youngest("N02BA",   16, WARN,  "病毒感染时有瑞氏综合征风险",     "CN"),
    Youngest("B01AC06", 16, WARN,  "病毒感染时有瑞氏综合征风险",     "CN"),
    Youngest("J01G",    6,  WARN,  "耳毒性、肾毒性",           "CN"),
    Youngest("A03FA03", 12, WARN,  "心脏不良反应",             "EMA"),
)

IN_PREGNANCY = (
    InPregnancy("B01AA03", BLOCK, "FDA"),
    InPregnancy("C09",     BLOCK, "FDA"),
    InPregnancy("C10AA",   WARN,  "FDA 2021"),
    InPregnancy("D10BA01", BLOCK, "FDA"),
    InPregnancy("D05BB02", BLOCK, "FDA"),
    InPregnancy("G02AD06", BLOCK, "FDA"),
    InPregnancy("A02BB01", BLOCK, "FDA"),
    InPregnancy("L01BA01", BLOCK, "FDA"),
    InPregnancy("L04AX03", BLOCK, "FDA"),
    InPregnancy("L04AA13", BLOCK, "FDA"),
    InPregnancy("N03AG01", BLOCK, "EMA"),
    InPregnancy("N03AF01", WARN,  "FDA"),
    InPregnancy("J01AA",   BLOCK, "FDA"),
    InPregnancy("J01MA",   BLOCK, "CN"),
    InPregnancy("J01G",    WARN,  "FDA"),
    InPregnancy("J05AP01", BLOCK, "FDA"),
    InPregnancy("M01A",    WARN,  "FDA 2020"),
    InPregnancy("N05BA",   WARN,  "FDA"),
    InPregnancy("H03BB02", WARN,  "FDA"),
)

ALIKE = (
    Alike("M01A",  "非甾体抗炎药"),
    Alike("C10AA", "他汀类药物"),
    Alike("A02BC", "质子泵抑制剂"),
    Alike("C09A",  "血管紧张素转换酶抑制剂"),
    Alike("C09C",  "血管紧张素Ⅱ受体拮抗剂"),
    Alike("C08CA", "二氢吡啶类钙拮抗剂"),
    Alike("C07A",  "β受体阻滞剂"),
    Alike("A10BB", "磺酰脲类降糖药"),
    Alike("N05BA", "苯二氮䓬类药物"),
    Alike("N06AB", "选择性5-羟色胺再摄取抑制剂"),
    Alike("R06A",  "抗组胺药"),
    Alike("J01FA", "大环内酯类抗菌药"),
    Alike("J01MA", "喹诺酮类抗菌药"),
    Alike("J01D",  "头孢菌素类抗菌药"),
)
# fmt: on

interactions = indexed(INTERACTIONS)
ceilings = indexed(CEILINGS)
kidney_ceilings = indexed(KIDNEY_CEILINGS)
youngest = indexed(YOUNGEST)
in_pregnancy = indexed(IN_PREGNANCY)
alike = indexed(ALIKE)
