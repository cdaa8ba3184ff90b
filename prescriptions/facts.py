"""
What is known about a medicine before anybody prescribes it, and the codes a dose is written in.

Pure: no Django, no clock. ``MedicineFacts`` travels between the catalogue, the reader of the
national shape (``prescriptions.national``) and the rules (``prescriptions.rules``).

Sources:
    Frequencies: the insurance administration's list ``used_frqu``, as published HIS code carries
    it; the health standard's own list (WS/T 364.12, CV06.00.228) is another numbering and lacks
    common ones, so it is not used here.
    Routes: WS/T 364.12, CV06.00.102. Both lists are from memory and secondary sources.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import ceil

from hospital.rights import Antimicrobials


class Control(StrEnum):
    """Why the state watches a medicine; NONE for nearly all of them."""

    NONE = "none"
    NARCOTIC = "narcotic"
    PSYCHOTROPIC_1 = "psychotropic_1"
    PSYCHOTROPIC_2 = "psychotropic_2"
    TOXIC = "toxic"
    PRECURSOR = "precursor"
    RADIOACTIVE = "radioactive"


class Form(StrEnum):
    """
    The form on which a prescription is written (处方笺); it decides who reviews, dispenses and
    keeps it, and how long.

    Source: order 53, annex 1, has the colours of all but the toxic ones, which its article 50 keeps
    apart.
    """

    ORDINARY = "ordinary"
    EMERGENCY = "emergency"
    PAEDIATRIC = "paediatric"
    NARCOTIC = "narcotic"
    PSYCHOTROPIC_2 = "psychotropic_2"
    TOXIC = "toxic"


TWO_REVIEWERS = (Form.NARCOTIC, Form.TOXIC)
"""What is written on these is approved by two: narcotics, psychotropics of class I, toxic ones."""
TWO_PHARMACISTS = (Form.NARCOTIC,)
"""What is written on these is given out by one pharmacist and checked by another (双人复核)."""


class InsuranceClass(StrEnum):
    """The class of the national insurance list; C is not on it and not reimbursed."""

    A = "甲"
    B = "乙"
    C = "丙"


@dataclass(frozen=True, slots=True)
class MedicineFacts:
    """
    One package of one medicine, as the catalogue describes it.

    A dispensing unit (``unit``, 盒) holds ``pack_size`` of ``pack_unit`` (24 片), each of
    ``strength`` ``strength_unit`` (0.5 g). A dose may be written in either of the two.

    ``antimicrobial`` is wider than ``antimicrobial_grade``: it counts what acts against viruses,
    parasites and tuberculosis too, which are in no grade (order 84, art. 2, unconfirmed).
    """

    code: str
    generic_name: str
    form: str
    specification: str
    unit: str
    pack_size: int
    pack_unit: str
    strength: Decimal
    strength_unit: str
    route: str
    route_name: str
    frequency: str
    atc: str
    insurance_class: InsuranceClass
    control: Control
    antimicrobial: bool
    antimicrobial_grade: Antimicrobials
    otc: bool
    price_fen: int


HERBAL_PIECES = ("饮片", "中药饮片")


def is_injection(medicine: MedicineFacts) -> bool:
    return "注射" in medicine.form


def is_herbal_piece(medicine: MedicineFacts) -> bool:
    """A piece of Chinese herbal medicine, of which decoctions are made."""
    return medicine.form in HERBAL_PIECES


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often: ``per_day`` doses a day, None when nobody can say beforehand (prn)."""

    code: str
    national: str
    name: str
    per_day: Fraction | None


# fmt: off
_FREQUENCIES = (
    Frequency("qd",   "11", "每天一次",     Fraction(1)),
    Frequency("bid",  "12", "每天二次",     Fraction(2)),
    Frequency("tid",  "13", "每天三次",     Fraction(3)),
    Frequency("qid",  "14", "每天四次",     Fraction(4)),
    Frequency("qw",   "21", "每周一次",     Fraction(1, 7)),
    Frequency("biw",  "22", "每周二次",     Fraction(2, 7)),
    Frequency("tiw",  "23", "每周三次",     Fraction(3, 7)),
    Frequency("q2w",  "24", "每两周一次",   Fraction(1, 14)),
    Frequency("q4h",  "33", "每4小时一次",  Fraction(6)),
    Frequency("q6h",  "35", "每6小时一次",  Fraction(4)),
    Frequency("q8h",  "36", "每8小时一次",  Fraction(3)),
    Frequency("q12h", "37", "每12小时一次", Fraction(2)),
    Frequency("qn",   "41", "每晚一次",     Fraction(1)),
    Frequency("qod",  "42", "隔天一次",     Fraction(1, 2)),
    Frequency("st",   "61", "立即",         Fraction(1)),
    Frequency("prn",  "62", "必要时使用",   None),
)
# fmt: on

FREQUENCIES: Mapping[str, Frequency] = {one.code: one for one in _FREQUENCIES}
_BY_NATIONAL_CODE = {one.national: one for one in _FREQUENCIES}

ROUTES: Mapping[str, str] = {
    "1": "口服",
    "2": "直肠给药",
    "3": "舌下给药",
    "401": "皮下注射",
    "402": "皮内注射",
    "403": "肌肉注射",
    "404": "静脉注射或静脉滴注",
    "5": "吸入给药",
    "605": "阴道用药",
    "607": "滴眼",
    "608": "滴鼻",
    "609": "喷喉",
    "610": "含化",
    "611": "敷伤口",
    "612": "擦皮肤",
    "699": "其他局部用药途径",
    "9": "其他用药途径",
}

MASS_IN_UG = {"μg": 1, "ug": 1, "mcg": 1, "mg": 1_000, "g": 1_000_000}


def frequency(code: str) -> Frequency | None:
    """The frequency of a national number ("13") or an abbreviation ("tid", any case)."""
    return _BY_NATIONAL_CODE.get(code) or FREQUENCIES.get(code.lower())


def pack_units(medicine: MedicineFacts, dose: Decimal, dose_unit: str) -> Fraction | None:
    """
    This function will say how many tablets, vials, … a dose is; None if the units do not fit.

    ``dose_unit`` is the medicine's pack unit, its strength unit, or another unit of mass if the
    strength is a mass.
    """
    if dose_unit == medicine.pack_unit:
        return Fraction(dose)
    if dose_unit == medicine.strength_unit:
        return Fraction(dose) / Fraction(medicine.strength)
    if dose_unit in MASS_IN_UG and medicine.strength_unit in MASS_IN_UG:
        scale = Fraction(MASS_IN_UG[dose_unit], MASS_IN_UG[medicine.strength_unit])
        return Fraction(dose) * scale / Fraction(medicine.strength)
    return None


def packs_needed(
    medicine: MedicineFacts, dose: Decimal, dose_unit: str, per_day: Fraction | None, days: int
) -> int | None:
    """
    This function will say how many dispensing units ``days`` days take, rounded up.

    Doses are rounded up to whole doses first (every other day for 7 days is 4), then to whole
    packages. None if the frequency is "as needed" or the dose's unit is not the medicine's.
    """
    each = pack_units(medicine, dose, dose_unit)
    if each is None or per_day is None:
        return None
    return ceil(each * ceil(per_day * days) / medicine.pack_size)
