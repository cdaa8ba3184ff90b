"""
What the sick must not have, by ATC code and ICD-10 category: the tables that ``illness`` reads.

Codes, sources and their limits are those of ``substances``: well-documented severe cases from
memory of the instructions named in each row, and no complete reference.
"""

from dataclasses import dataclass

from prescriptions.rules.atc import indexed
from prescriptions.rules.terms import Liver, Severity

BLOCK, WARN = Severity.BLOCK, Severity.WARN


@dataclass(frozen=True, slots=True)
class Kidneys:
    """Not, or with care, when the filtration is below so many ml/min."""

    atc: str
    below_ml_min: int
    severity: Severity
    source: str


@dataclass(frozen=True, slots=True)
class Weak:
    """Not, or with care, from this class of Child and Pugh on."""

    atc: str
    since: Liver
    severity: Severity
    source: str


@dataclass(frozen=True, slots=True)
class InLactation:
    """What a nursed child is not to meet."""

    atc: str
    severity: Severity
    source: str


@dataclass(frozen=True, slots=True)
class Illness:
    """Not, or with care, with a diagnosis of these categories, in Chinese ``illness``."""

    atc: str
    diagnoses: tuple[str, ...]
    severity: Severity
    illness: str
    source: str


@dataclass(frozen=True, slots=True)
class Indication:
    """A group that is given for these diagnoses and no others."""

    atc: str
    diagnoses: tuple[str, ...]


ULCER = ("K25", "K26", "K27", "K28")
HEART_FAILURE, ASTHMA = ("I50",), ("J45", "J46")
KIDNEY_FAILURE = ("N18.4", "N18.5", "N18.6")
BLEEDING = ("I60", "I61", "I62", "K92.0", "K92.1", "K92.2")
CORONARY = ("I20", "I21", "I22", "I23", "I24", "I25")
HIGH_POTASSIUM, OBSTRUCTION, MYASTHENIA = ("E87.5",), ("K56",), ("G70.0",)
BLOCK_OF_THE_HEART = ("I44.1", "I44.2", "I44.3", "I49.5")
NARROW_ANGLE, APNOEA, SEIZURES = ("H40.2",), ("G47.3",), ("G40", "G41")

# fmt: off
KIDNEYS = (
    Kidneys("A10BA02", 30, BLOCK, "FDA"),
    Kidneys("A10BA02", 45, WARN,  "FDA"),
    Kidneys("A10BF01", 25, BLOCK, "CN"),
    Kidneys("A10BK01", 25, WARN,  "FDA"),
    Kidneys("A10BB",   30, WARN,  "EMA"),
    Kidneys("J01XE01", 45, BLOCK, "EMA"),
    Kidneys("J01EE01", 15, BLOCK, "FDA"),
    Kidneys("J01EE01", 30, WARN,  "FDA"),
    Kidneys("J05AB01", 25, WARN,  "FDA"),
    Kidneys("J02AC01", 50, WARN,  "FDA"),
    Kidneys("J04AK02", 30, WARN,  "CN"),
    Kidneys("J01G",    60, WARN,  "FDA"),
    Kidneys("B01AE07", 30, BLOCK, "EMA"),
    Kidneys("B01AF01", 15, BLOCK, "EMA"),
    Kidneys("B01AF02", 15, WARN,  "EMA"),
    Kidneys("M01A",    30, BLOCK, "EMA"),
    Kidneys("M05BA04", 35, WARN,  "FDA"),
    Kidneys("M04AC01", 30, WARN,  "FDA"),
    Kidneys("M04AA01", 30, WARN,  "CN"),
    Kidneys("L01BA01", 30, BLOCK, "EMA"),
    Kidneys("L04AX03", 30, BLOCK, "EMA"),
    Kidneys("C03DA04", 30, BLOCK, "FDA"),
    Kidneys("C03DA01", 30, WARN,  "EMA"),
    Kidneys("A12BA",   30, WARN,  "EMA"),
    Kidneys("C10AA07", 30, WARN,  "FDA"),
    Kidneys("C01AA05", 50, WARN,  "FDA"),
    Kidneys("N05AN01", 30, BLOCK, "FDA"),
    Kidneys("N02AX02", 30, WARN,  "FDA"),
)

LIVER = (
    Weak("C10AA",   Liver.MODERATE, BLOCK, "FDA"),
    Weak("N03AG01", Liver.MODERATE, BLOCK, "FDA"),
    Weak("A03FA03", Liver.MODERATE, BLOCK, "EMA"),
    Weak("L01BA01", Liver.MODERATE, BLOCK, "EMA"),
    Weak("L04AX03", Liver.MODERATE, BLOCK, "EMA"),
    Weak("L04AA13", Liver.MILD,     BLOCK, "FDA"),
    Weak("M01AX17", Liver.MILD,     BLOCK, "EMA"),
    Weak("M01AB05", Liver.SEVERE,   BLOCK, "EMA"),
    Weak("M01AH01", Liver.SEVERE,   BLOCK, "EMA"),
    Weak("M03BX02", Liver.MODERATE, BLOCK, "EMA"),
    Weak("J04AC01", Liver.MODERATE, BLOCK, "FDA"),
    Weak("B01AF01", Liver.MODERATE, BLOCK, "EMA"),
    Weak("N06AX21", Liver.MILD,     BLOCK, "EMA"),
    Weak("A10BA02", Liver.MODERATE, WARN,  "FDA"),
    Weak("N02BE01", Liver.MODERATE, WARN,  "FDA"),
    Weak("M01A",    Liver.MODERATE, WARN,  "EMA"),
    Weak("N05BA",   Liver.SEVERE,   BLOCK, "EMA"),
)

LACTATION = (
    InLactation("R05DA04", BLOCK, "FDA 2017"),
    InLactation("N02AX02", WARN,  "FDA 2017"),
    InLactation("C01BD01", BLOCK, "EMA"),
    InLactation("L01",     BLOCK, "FDA"),
    InLactation("L04AX03", BLOCK, "FDA"),
    InLactation("L04AA13", BLOCK, "FDA"),
    InLactation("D10BA01", BLOCK, "EMA"),
    InLactation("V10X",    BLOCK, "FDA"),
    InLactation("N02CA",   BLOCK, "FDA"),
    InLactation("J01MA",   BLOCK, "CN"),
    InLactation("J01AA",   BLOCK, "CN"),
    InLactation("J01BA",   BLOCK, "CN"),
    InLactation("N05AN01", BLOCK, "EMA"),
    InLactation("C10AA",   WARN,  "FDA 2021"),
    InLactation("N05BA",   WARN,  "EMA"),
    InLactation("P01AB01", WARN,  "CN"),
    InLactation("N03AG01", WARN,  "EMA"),
    InLactation("B01AC06", WARN,  "CN"),
    InLactation("C07AB02", WARN,  "CN"),
)

DIAGNOSES = (
    Illness("M01A",    ULCER,              BLOCK, "活动性消化性溃疡",     "CN"),
    Illness("M01A",    BLEEDING,           BLOCK, "活动性出血",           "CN"),
    Illness("M01A",    KIDNEY_FAILURE,     BLOCK, "重度肾功能不全",       "EMA"),
    Illness("M01A",    HEART_FAILURE,      WARN,  "心力衰竭",             "EMA"),
    Illness("M01AH01", CORONARY,           BLOCK, "缺血性心脏病",         "EMA"),
    Illness("M01AB05", CORONARY,           BLOCK, "缺血性心脏病",         "EMA 2013"),
    Illness("H02AB",   ULCER,              WARN,  "活动性消化性溃疡",     "CN"),
    Illness("B01AC06", ULCER,              BLOCK, "活动性消化性溃疡",     "CN"),
    Illness("B01A",    BLEEDING,           BLOCK, "活动性出血",           "FDA"),
    Illness("C07AA",   ASTHMA,             BLOCK, "支气管哮喘",           "FDA"),
    Illness("C07AB",   ASTHMA,             WARN,  "支气管哮喘",           "CN"),
    Illness("C07A",    BLOCK_OF_THE_HEART, BLOCK, "二度以上房室传导阻滞或病态窦房结综合征", "FDA"),
    Illness("C08D",    BLOCK_OF_THE_HEART, BLOCK, "二度以上房室传导阻滞或病态窦房结综合征", "FDA"),
    Illness("C08D",    HEART_FAILURE,      WARN,  "心力衰竭",             "FDA"),
    Illness("A10BG",   HEART_FAILURE,      BLOCK, "心力衰竭",             "FDA"),
    Illness("A10BA02", KIDNEY_FAILURE,     BLOCK, "重度肾功能不全",       "FDA"),
    Illness("A10BA02", ("E87.2", "E10.1", "E11.1"), BLOCK, "酸中毒",      "FDA"),
    Illness("A10BB",   ("E10",),           BLOCK, "1型糖尿病",            "CN"),
    Illness("A10BK",   ("E10",),           WARN,  "1型糖尿病",            "EMA"),
    Illness("A10BF01", OBSTRUCTION,        BLOCK, "肠梗阻",               "CN"),
    Illness("A06A",    OBSTRUCTION,        BLOCK, "肠梗阻",               "EMA"),
    Illness("A03FA",   OBSTRUCTION + BLEEDING, BLOCK, "肠梗阻或消化道出血", "CN"),
    Illness("C03DA",   HIGH_POTASSIUM,     BLOCK, "高钾血症",             "FDA"),
    Illness("A12BA",   HIGH_POTASSIUM,     BLOCK, "高钾血症",             "FDA"),
    Illness("C09",     HIGH_POTASSIUM,     WARN,  "高钾血症",             "CN"),
    Illness("C03AA",   ("M10",),           WARN,  "痛风",                 "CN"),
    Illness("N02CC",   CORONARY,           BLOCK, "缺血性心脏病",         "FDA"),
    Illness("G04BE",   ("I20.0", "I21"),   WARN,  "急性冠脉综合征",       "FDA"),
    Illness("N06AX12", SEIZURES,           BLOCK, "癫痫",                 "FDA"),
    Illness("N02AX02", SEIZURES,           WARN,  "癫痫",                 "FDA"),
    Illness("J01MA",   SEIZURES,           WARN,  "癫痫",                 "CN"),
    Illness("J01MA",   MYASTHENIA,         WARN,  "重症肌无力",           "FDA"),
    Illness("N05BA",   MYASTHENIA,         BLOCK, "重症肌无力",           "EMA"),
    Illness("N05BA",   APNOEA,             BLOCK, "睡眠呼吸暂停",         "EMA"),
    Illness("A03BA",   NARROW_ANGLE,       BLOCK, "闭角型青光眼",         "CN"),
    Illness("N04AA",   NARROW_ANGLE,       BLOCK, "闭角型青光眼",         "CN"),
    Illness("R06AB",   ("H40.2", "N40"),   WARN,  "闭角型青光眼或前列腺增生", "CN"),
    Illness("H03AA",   ("E05",),           BLOCK, "甲状腺功能亢进",       "CN"),
    Illness("G03C",    ("C50",),           BLOCK, "乳腺癌",               "FDA"),
    Illness("N03AG01", ("K72",),           BLOCK, "肝衰竭",               "FDA"),
)

INDICATIONS = (
    Indication("A10",     ("E10", "E11", "E12", "E13", "E14", "O24", "E28.2")),
    Indication("H03A",    ("E0", "E89.0", "C73")),
    Indication("H03B",    ("E05", "E06")),
    Indication("J04A",    ("A15", "A16", "A17", "A18", "A19", "A31", "J65", "B90")),
    Indication("J05AH",   ("J09", "J10", "J11")),
    Indication("J05AF10", ("B16", "B18.0", "B18.1", "B19")),
    Indication("M04A",    ("M10", "E79", "N20", "M11", "D7", "C8", "C9")),
    Indication("M05BA",   ("M80", "M81", "M82", "M85", "M88", "C79", "E21", "E83")),
    Indication("C10A",    ("E78", "E11", "E13", "E14", "I", "G45", "G46")),
    Indication("N04B",    ("G2", "F0")),
    Indication("N05AH",   ("F",)),
    Indication("G04CB01", ("N40", "L64")),
    Indication("G04CA02", ("N40", "N13", "N20", "N39", "N41")),
    Indication("R03AK",   ("J4",)),
)

VIRAL = ("J00", "J06", "J09", "J10", "J11", "J12", "A08.0", "A08.1", "A08.2", "A08.3", "A08.4",
         "B00", "B01", "B02", "B05", "B06", "B08", "B09", "B15", "B16", "B26", "B27", "B34")
SKIN_TESTED = ("J01C",)
# fmt: on
"""Penicillins; of others only some products are tested, as their instructions say."""

kidneys = indexed(KIDNEYS)
liver = indexed(LIVER)
lactation = indexed(LACTATION)
diagnoses = indexed(DIAGNOSES)
indications = indexed(INDICATIONS)
