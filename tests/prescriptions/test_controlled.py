"""Medicines under the state's watch, at both sides of every limit."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from prescriptions import rules
from prescriptions.facts import Control
from prescriptions.rules import controlled
from tests.prescriptions.test_rules import LONG_AGO, NOON, TABLETS, a_draft, a_line

OURS = {rule.id for rule in controlled.RULES}
RIGHT = rules.Prescriber(controlled=True)
NARCOTIC = replace(TABLETS, control=Control.NARCOTIC, atc="N02AA01")
SLOW = replace(NARCOTIC, form="缓释片")
INJECTION = replace(NARCOTIC, form="注射剂", route="403")
ATTENTION = replace(TABLETS, control=Control.PSYCHOTROPIC_1, atc="N06BA04", form="片剂")


def broken(*lines, **changes) -> list[str]:
    draft = a_draft(*lines, **{"prescriber": RIGHT, "reason_for_longer": "病情需要"} | changes)
    return [one.rule for one in rules.check(draft, NOON) if one.rule in OURS]


@pytest.mark.parametrize("control", controlled.STRICTEST)
@pytest.mark.parametrize(
    ("form", "pain", "allowed"),
    [
        ("片剂", False, 3),
        ("缓释片", False, 7),
        ("控释片", False, 7),
        ("片剂", True, 7),
        ("缓释片", True, 15),
        ("注射剂", True, 3),
    ],
)
def test_days_of_narcotics_by_form_and_illness(control, form, pain, allowed):
    """Order 53, art. 23 and 24; the day of the limit is allowed, the next is not."""
    medicine = replace(NARCOTIC, control=control, form=form)
    assert broken(a_line(medicine, days=allowed), severe_pain=pain) == []
    assert broken(a_line(medicine, days=allowed + 1), severe_pain=pain) == ["rx.controlled_days"]


@pytest.mark.parametrize(
    ("days", "per_day", "allowed"),
    [
        (1, Fraction(1), True),
        (1, Fraction(2), False),
        (2, Fraction(1), False),
        (2, Fraction(1, 2), False),
        (1, None, False),
    ],
)
def test_an_injection_is_one_dose(days, per_day, allowed):
    said = broken(a_line(INJECTION, days=days, per_day=per_day))
    assert said == ([] if allowed else ["rx.controlled_days"])


@pytest.mark.parametrize("days", [15, 16])
@pytest.mark.parametrize("diagnosis", ["F90.000", "f90.0", "F32.900"])
def test_methylphenidate_has_fifteen_days_for_attention_deficit_alone(days, diagnosis):
    lawful = days <= 15 and diagnosis.upper().startswith("F90")
    said = broken(a_line(ATTENTION, days=days), diagnoses=(diagnosis,))
    assert said == ([] if lawful else ["rx.controlled_days"])


@pytest.mark.parametrize("atc", [controlled.PETHIDINE, controlled.DIHYDROETORPHINE])
def test_single_use_medicines_are_so_in_every_illness(atc):
    """Order 53, art. 26."""
    medicine = replace(INJECTION, atc=atc)
    once, twice = a_line(medicine, days=1, per_day=Fraction(1)), a_line(medicine, days=2)
    assert broken(once) == broken(once, severe_pain=True) == []
    assert "rx.single_use" in broken(twice, severe_pain=True)
    assert "rx.single_use" in broken(twice)


@pytest.mark.parametrize(
    ("days", "reason", "allowed"),
    [(7, "", True), (8, "", False), (8, " ", False), (8, "失眠", True)],
)
def test_class_two_psychotropics_have_seven_days_without_a_reason(days, reason, allowed):
    medicine = replace(TABLETS, control=Control.PSYCHOTROPIC_2)
    said = broken(a_line(medicine, days=days), reason_for_longer=reason)
    assert said == ([] if allowed else ["rx.psychotropic_2_days"])


@pytest.mark.parametrize(("days", "allowed"), [(2, True), (3, False)])
def test_toxic_medicines_have_two_days(days, allowed):
    """医疗用毒性药品管理办法, art. 9; no reason lengthens it."""
    said = broken(a_line(replace(TABLETS, control=Control.TOXIC), days=days))
    assert said == ([] if allowed else ["rx.toxic_days"])


@pytest.mark.parametrize("control", Control)
def test_nobody_prescribes_the_strictest_for_himself(control):
    said = broken(a_line(replace(TABLETS, control=control), days=1), for_oneself=True)
    assert said == ["rx.controlled_oneself"] * (control in controlled.STRICTEST)


def test_the_strictest_have_a_form_of_their_own():
    other = replace(TABLETS, generic_name="别的片")
    assert broken(a_line(NARCOTIC), a_line(other)) == ["rx.controlled_form"]
    assert broken(a_line(NARCOTIC), a_line(replace(SLOW, generic_name="缓释"))) == []
    assert broken(a_line(other)) == []


def test_the_right_to_prescribe_and_the_internet_are_asked_first():
    plain = rules.Prescriber(practising_since=LONG_AGO)
    said = broken(a_line(NARCOTIC), prescriber=plain, online=True)
    assert said == ["rx.controlled_online", "rx.controlled_right"]


def test_every_rule_has_been_broken_here():
    tested = Path(__file__).read_text()
    assert all(f'"{name}"' in tested for name in OURS)
