"""Clinical cases with the findings that must come, each of them and no other."""

import re
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from config.sample import loader
from hospital.units import SHANGHAI
from prescriptions import facts, rules
from prescriptions.rules import illness, suitability
from prescriptions.rules.terms import SkinTest
from tests.prescriptions.clinical_cases import CASES, MADE

NOON = datetime(2026, 11, 23, 12, tzinfo=SHANGHAI)
SAMPLE = {one.generic_name: one for one in loader.medicines().values()}
LINE = re.compile(r"(\S+) ([0-9.]+)(\S+) (\S+) (\d+)")
REVIEW = (*suitability.RULES, *illness.RULES)
OURS = {rule.id for rule in REVIEW} | {"rx.duplicate_medicine"}
UNSPECIFIC = ("Z00.000",)
"""Speaks for any medicine, and against none."""


def medicine(name: str) -> facts.MedicineFacts:
    if name in SAMPLE:
        return SAMPLE[name]
    atc, form, strength, route = MADE[name]
    usual = SAMPLE["阿莫西林胶囊"]
    return replace(
        usual,
        code=name,
        generic_name=name,
        atc=atc,
        form=form,
        strength=Decimal(strength),
        strength_unit="mg",
        route=route,
    )


def line(text: str, route: str = "", skin_test: str = "negative") -> rules.DraftLine:
    read = LINE.fullmatch(text)
    assert read, text
    name, dose, unit, often, days = read.groups()
    return rules.DraftLine(
        medicine=medicine(name),
        dose=Decimal(dose),
        dose_unit=unit,
        per_day=facts.FREQUENCIES[often].per_day,
        days=int(days),
        quantity=1,
        route=route,
        skin_test=SkinTest(skin_test),
    )


def found(who, lines) -> list[rules.Finding]:
    who = dict(who)
    route, years = who.pop("route", ""), who.pop("years", 45)
    skin_test = who.pop("skin_test", "negative")
    draft = rules.Draft(
        online=False,
        patient_born=date(2026 - years, 11, 23),
        lines=tuple(line(text, route, skin_test) for text in lines),
        **{"diagnoses": UNSPECIFIC, **who},
    )
    return [one for one in rules.check(draft, NOON) if one.rule in OURS]


def named(value: object) -> str:
    """The same in every process: the order of a set is not."""
    return str(sorted(value) if isinstance(value, set) else value)[:60]


@pytest.mark.parametrize(("who", "lines", "expected"), CASES, ids=named)
def test_a_clinical_case(who, lines, expected):
    findings = found(who, lines)
    assert {one.rule for one in findings} == expected
    assert rules.blocked(tuple(findings)) is any(
        rule.severity is rules.Severity.BLOCK for rule in rules.RULES if rule.id in expected
    )


def test_every_rule_of_the_review_has_cases_on_both_sides():
    assert len(CASES) >= 140
    expected = [names for _, _, names in CASES]
    for rule in REVIEW:
        assert any(rule.id in names for names in expected), rule.id
    assert sum(not names for names in expected) >= 50


def test_a_text_names_medicine_reason_and_source():
    (one,) = found({}, ("辛伐他汀片 20mg qn 7", "克拉霉素片 500mg bid 7"))
    assert one.text == (
        "辛伐他汀片与克拉霉素片相互作用：辛伐他汀血药浓度剧增，可致横纹肌溶解（FDA）。"
    )
    assert one.field == "lines[1].medicine"


def test_the_day_of_the_birthday_decides():
    """To the day: 18 years are complete when the birthday begins."""
    for born, allowed in ((date(2008, 11, 23), True), (date(2008, 11, 24), False)):
        draft = rules.Draft(
            online=False,
            patient_born=born,
            diagnoses=("J20",),
            lines=(line("左氧氟沙星片 500mg qd 3"),),
        )
        names = {one.rule for one in rules.check(draft, NOON)}
        assert ("rx.child_excluded" not in names) is allowed
