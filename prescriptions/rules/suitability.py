"""
Whether the medicines suit the patient and each other: the points of the pharmacist's review.

Order 53 asks the pharmacist (art. 34 and 35, numbers unconfirmed); asked while the doctor writes,
the answer comes in time. The tables are in ``substances``.

Decisions: what is written of an allergy counts unless the same clause denies it (无, 否认, 不详). A
dose is judged by the substance and the day, over all lines with it. Below 18 years and without a
weight the adult's ceiling applies, which is the least that can be said.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import combinations

from prescriptions.facts import MASS_IN_UG, MedicineFacts, pack_units
from prescriptions.rules import substances
from prescriptions.rules.calendar import age
from prescriptions.rules.terms import Draft, DraftLine, Fault, Rule, Severity, lines_of

ADULT_YEARS = 18
UG_PER_MG = 1000
GRAMS_PER_KG = 1000
SIGN_AGAIN = "超剂量使用应当注明原因并再次签名。"
SYSTEMIC = ("1", "2", "3", "401", "402", "403", "404", "9")
"""Routes by which a substance reaches the whole body."""
INJECTED = ("401", "402", "403", "404")
_CLAUSE = re.compile(r"[，,。；;、\s]+")
_DENIAL = re.compile(r"^(无|没有|未发现|否认|不详)|否认")


def allergic(draft: Draft, on: date) -> Iterator[Fault]:
    """A medicine, or one of its group, to which the patient is said to be allergic."""
    for said in _allergies(draft):
        groups = _allergens(said, "groups")
        for field, medicine, _ in lines_of(draft):
            if medicine.atc.startswith(groups) or _is_named(medicine, said):
                yield f"{field}.medicine", f"患者过敏史“{said}”，不宜使用{medicine.generic_name}。"


def maybe_allergic(draft: Draft, on: date) -> Iterator[Fault]:
    """A medicine of a group that may cross-react with what the patient is allergic to."""
    for said in _allergies(draft):
        related = _allergens(said, "related")
        for field, medicine, _ in lines_of(draft):
            if medicine.atc.startswith(related):
                name = medicine.generic_name
                yield f"{field}.medicine", f"患者过敏史“{said}”，{name}可能交叉过敏，请核实。"


def of_one_group(draft: Draft, on: date) -> Iterator[Fault]:
    """Two different substances of one group whose members are not given together."""
    seen: dict[str, str] = {}
    for field, medicine, line in lines_of(draft):
        for group in substances.alike(medicine.atc) if is_systemic(line) else ():
            before = seen.setdefault(group.atc, medicine.atc)
            if before != medicine.atc:
                yield (
                    f"{field}.medicine",
                    f"重复给药：{medicine.generic_name}与前列药品同属{group.name}。",
                )


def interacting(draft: Draft, on: date) -> Iterator[Fault]:
    """Two medicines that must not be given together."""
    yield from _interactions(draft, Severity.BLOCK)


def interacting_perhaps(draft: Draft, on: date) -> Iterator[Fault]:
    """Two medicines that need care or a measurement when given together."""
    yield from _interactions(draft, Severity.WARN)


def too_strong(draft: Draft, on: date) -> Iterator[Fault]:
    """More of a substance in a day than its instructions allow, without a stated reason."""
    if draft.reason_for_overdose.strip():
        return
    for field, name, given, most in _above_ceiling(draft, on):
        yield (
            f"{field}.dose",
            f"{name}每日{_shown(given)}mg，超过每日最大量{_shown(most)}mg；{SIGN_AGAIN}",
        )


def too_strong_with_reason(draft: Draft, on: date) -> Iterator[Fault]:
    """More of a substance in a day than its instructions allow, with a reason."""
    if not draft.reason_for_overdose.strip():
        return
    for field, name, given, most in _above_ceiling(draft, on):
        yield (
            f"{field}.dose",
            f"{name}每日{_shown(given)}mg，超过每日最大量{_shown(most)}mg，医师已注明原因。",
        )


def too_young(draft: Draft, on: date) -> Iterator[Fault]:
    """A medicine that children of this age must not have."""
    yield from _too_young(draft, on, Severity.BLOCK)


def young(draft: Draft, on: date) -> Iterator[Fault]:
    """A medicine that children of this age should rather not have."""
    yield from _too_young(draft, on, Severity.WARN)


def weightless_child(draft: Draft, on: date) -> Iterator[Fault]:
    """A dose for a child under 18 that goes by weight, and no weight."""
    if draft.weight_g is not None or age(draft.patient_born, on) >= ADULT_YEARS:
        return
    for field, medicine, _ in lines_of(draft):
        if any(row.child_mg_per_kg for row in substances.ceilings(medicine.atc)):
            yield f"{field}.dose", f"{medicine.generic_name}儿童剂量按体重计算，请注明体重。"


def harms_the_unborn(draft: Draft, on: date) -> Iterator[Fault]:
    """A medicine that pregnant women must not have."""
    yield from _in_pregnancy(draft, Severity.BLOCK)


def may_harm_the_unborn(draft: Draft, on: date) -> Iterator[Fault]:
    """A medicine that pregnant women should rather not have."""
    yield from _in_pregnancy(draft, Severity.WARN)


def wrong_route(draft: Draft, on: date) -> Iterator[Fault]:
    """A form that is not made for the route: swallowed injections, injected tablets."""
    for field, medicine, line in lines_of(draft):
        injected, made = line.route in INJECTED, medicine.route in INJECTED
        if line.route and injected is not made:
            yield f"{field}.route", f"{medicine.generic_name}为{medicine.form}，不能以此途径给药。"


# --- looking up -----------------------------------------------------------------------------


def _allergies(draft: Draft) -> list[str]:
    """Each clause of the allergies that affirms one."""
    return [one for one in _CLAUSE.split(draft.allergies) if one and not _DENIAL.search(one)]


def _is_named(medicine: MedicineFacts, said: str) -> bool:
    name = said.removesuffix("过敏史").removesuffix("过敏").removeprefix("对")
    return len(name) > 1 and name in medicine.generic_name


def _allergens(said: str, kind: str) -> tuple[str, ...]:
    found: tuple[str, ...] = ()
    for allergen in substances.ALLERGENS:
        if any(word in said for word in allergen.words):
            found += getattr(allergen, kind)
    return found


def is_systemic(line: DraftLine) -> bool:
    """Whether the substance reaches the whole body by the line's route."""
    return (line.route or line.medicine.route) in SYSTEMIC


def _interactions(draft: Draft, severity: Severity) -> Iterator[Fault]:
    taken = [(field, line.medicine) for field, _, line in lines_of(draft) if is_systemic(line)]
    for (_, first), (field, second) in combinations(taken, 2):
        for one, other in ((first, second), (second, first)):
            for row in substances.interactions(one.atc):
                if row.severity is severity and other.atc.startswith(row.other):
                    pair = f"{first.generic_name}与{second.generic_name}"
                    yield f"{field}.medicine", f"{pair}相互作用：{row.harm}（{row.source}）。"


def _mg_per_day(line: DraftLine) -> Fraction | None:
    """Milligrams a day of one line; None if dose or frequency cannot be counted in them."""
    units = pack_units(line.medicine, line.dose, line.dose_unit)
    per_unit = MASS_IN_UG.get(line.medicine.strength_unit)
    if units is None or per_unit is None or line.per_day is None:
        return None
    each = units * Fraction(line.medicine.strength) * per_unit / UG_PER_MG
    return each * max(line.per_day, Fraction(1))  # a weekly dose is taken on one day


def _above_ceiling(draft: Draft, on: date) -> Iterator[tuple[str, str, Fraction, Decimal]]:
    """The last line of each substance that is above its ceiling, what is given, what may be."""
    given: dict[str, Fraction] = defaultdict(Fraction)
    last: dict[str, tuple[str, str]] = {}
    for field, medicine, line in lines_of(draft):
        amount = _mg_per_day(line)
        if amount is not None and is_systemic(line):
            given[medicine.atc] += amount
            last[medicine.atc] = (field, medicine.generic_name)
    for atc, amount in given.items():
        most = _ceiling(atc, draft, on)
        if most is not None and amount > Fraction(most):
            yield (*last[atc], amount, most)


def _ceiling(atc: str, draft: Draft, on: date) -> Decimal | None:
    """The least that the rows allow this patient: an adult, a child, somebody with weak kidneys."""
    child = age(draft.patient_born, on) < ADULT_YEARS
    allowed = []
    for row in substances.ceilings(atc):
        allowed.append(row.adult_mg)
        if child and row.child_mg_per_kg is not None and draft.weight_g is not None:
            allowed.append(row.child_mg_per_kg * draft.weight_g / GRAMS_PER_KG)
    if draft.egfr is not None:
        rows = substances.kidney_ceilings(atc)
        allowed += [row.most_mg for row in rows if draft.egfr < row.below_ml_min]
    return min(allowed, default=None)


def _too_young(draft: Draft, on: date, severity: Severity) -> Iterator[Fault]:
    years = age(draft.patient_born, on)
    for field, medicine, line in lines_of(draft):
        for row in substances.youngest(medicine.atc):
            if row.severity is severity and years < row.years and is_systemic(line):
                limit = f"{row.years}岁以下{'禁' if severity is Severity.BLOCK else '慎'}用"
                yield f"{field}.medicine", f"{medicine.generic_name}{limit}：{row.why}。"


def _in_pregnancy(draft: Draft, severity: Severity) -> Iterator[Fault]:
    if not draft.pregnant:
        return
    for field, medicine, line in lines_of(draft):
        rows = substances.in_pregnancy(medicine.atc)
        if any(row.severity is severity for row in rows) and is_systemic(line):
            word = "禁" if severity is Severity.BLOCK else "慎"
            yield f"{field}.medicine", f"妊娠期{word}用{medicine.generic_name}。"


def _shown(amount: Fraction | Decimal) -> str:
    return format(round(float(amount), 2), "g")


BLOCK, WARN = Severity.BLOCK, Severity.WARN
ORDER_53 = "处方管理办法"

# fmt: off
RULES: tuple[Rule, ...] = (
    Rule("rx.allergy",             BLOCK, ORDER_53, "第三十五条", False, allergic),
    Rule("rx.allergy_related",     WARN,  ORDER_53, "第三十五条", False, maybe_allergic),
    Rule("rx.duplicate_group",     WARN,  ORDER_53, "第三十五条", False, of_one_group),
    Rule("rx.interaction",         BLOCK, ORDER_53, "第三十五条", False, interacting),
    Rule("rx.interaction_care",    WARN,  ORDER_53, "第三十五条", False, interacting_perhaps),
    Rule("rx.overdose",            BLOCK, ORDER_53, "第六条",     False, too_strong),
    Rule("rx.overdose_reasoned",   WARN,  ORDER_53, "第六条",     False, too_strong_with_reason),
    Rule("rx.child_excluded",      BLOCK, ORDER_53, "第三十五条", False, too_young),
    Rule("rx.child_care",          WARN,  ORDER_53, "第三十五条", False, young),
    Rule("rx.child_weight",        WARN,  ORDER_53, "第六条",     False, weightless_child),
    Rule("rx.pregnancy",           BLOCK, ORDER_53, "第三十五条", False, harms_the_unborn),
    Rule("rx.pregnancy_care",      WARN,  ORDER_53, "第三十五条", False, may_harm_the_unborn),
    Rule("rx.route",               BLOCK, ORDER_53, "第三十五条", False, wrong_route),
)
# fmt: on
