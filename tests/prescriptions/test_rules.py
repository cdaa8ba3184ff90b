"""Each rule at its boundary; the law's own figures, not the code's."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospital.rights import Antimicrobials
from hospital.units import SHANGHAI
from prescriptions import facts, rules
from prescriptions.facts import Control, InsuranceClass, MedicineFacts

NOON = datetime(2026, 11, 23, 12, tzinfo=SHANGHAI)

LONG_AGO = date(2010, 7, 1)
TABLETS = MedicineFacts(
    code="XA01",
    generic_name="试验片",
    form="片剂",
    specification="0.5g×24片",
    unit="盒",
    pack_size=24,
    pack_unit="片",
    strength=Decimal("0.5"),
    strength_unit="g",
    route="1",
    route_name="口服",
    frequency="tid",
    atc="",
    insurance_class=InsuranceClass.A,
    control=Control.NONE,
    antimicrobial=False,
    antimicrobial_grade=Antimicrobials.NONE,
    otc=False,
    price_fen=980,
)


def a_line(medicine=TABLETS, *, days=3, quantity=1, per_day=Fraction(3), dose="1", unit="片"):
    return rules.DraftLine(medicine, Decimal(dose), unit, per_day, days, quantity)


def a_draft(*lines, **changes):
    plain: dict[str, Any] = {
        "online": False,
        "patient_born": date(1980, 1, 1),
        "diagnoses": ("I10.x00",),
        "lines": lines or (a_line(),),
        "prescriber": rules.Prescriber(practising_since=LONG_AGO),
    }
    given = plain | changes
    if given["online"]:
        known = frozenset(given["diagnoses"])
        given = {"consulted": rules.Consulted(follow_up=True, known=known), **given}
    return rules.Draft(**given)


def broken(draft, at=NOON):
    return [finding.rule for finding in rules.check(draft, at)]


def medicines(count):
    return [replace(TABLETS, generic_name=f"试验片{n}", code=f"X{n}") for n in range(count)]


def test_a_plain_prescription_breaks_no_rule():
    assert rules.check(a_draft(), NOON) == ()


def test_a_finding_says_all_that_a_refusal_needs():
    (finding,) = rules.check(a_draft(diagnoses=()), NOON)

    assert finding == rules.Finding(
        rule="rx.diagnosis_missing",
        instrument="处方管理办法",
        article="第六条 unconfirmed",
        confirmed=False,
        severity=rules.Severity.BLOCK,
        field="diagnoses",
        text="除特殊情况外，处方应当注明临床诊断。",
    )
    assert rules.blocked((finding,))


def test_reports_every_broken_rule_and_every_line_that_breaks_it():
    draft = a_draft(a_line(days=8), a_line(days=9), diagnoses=())

    assert sorted(broken(draft)) == [
        "rx.days_supply",
        "rx.days_supply",
        "rx.diagnosis_missing",
        "rx.duplicate_medicine",
    ]


class TestTable:
    def test_ids_are_unique_and_keep_their_form(self):
        ids = [rule.id for rule in rules.RULES]

        assert len(set(ids)) == len(ids)
        assert all(name.startswith("rx.") and name == name.lower() for name in ids)

    def test_says_unconfirmed_wherever_the_article_is(self):
        for rule in rules.RULES:
            assert ("unconfirmed" in rule.cited()) is not rule.confirmed

    def test_every_rule_says_what_it_looks_for(self):
        assert all(rule.faults.__doc__ for rule in rules.RULES)

    def test_refuses_a_moment_without_a_zone(self):
        with pytest.raises(ValueError, match="time zone"):
            rules.check(a_draft(), datetime(2026, 11, 23))  # noqa: DTZ001


class TestFiveDrugs:
    @pytest.mark.parametrize(("count", "expected"), [(5, []), (6, ["rx.five_drugs"])])
    def test_allows_five_and_not_six(self, count, expected):
        assert broken(a_draft(*map(a_line, medicines(count)))) == expected

    def test_counts_kinds_not_lines(self):
        lines = [a_line(medicine) for medicine in [*medicines(5), medicines(1)[0]]]

        assert broken(a_draft(*lines)) == ["rx.duplicate_medicine"]


class TestDays:
    @pytest.mark.parametrize(
        ("days", "emergency", "reason", "lawful"),
        [
            (7, False, "", True),
            (8, False, "", False),
            (8, False, "  ", False),
            (3, True, "", True),
            (4, True, "", False),
            (8, False, "慢性病", True),
            (28, False, "慢性病", True),
            (29, False, "慢性病", False),
            (28, True, "慢性病", True),
        ],
    )
    def test_ordinary_and_emergency(self, days, emergency, reason, lawful):
        draft = a_draft(a_line(days=days), emergency=emergency, reason_for_longer=reason)

        assert broken(draft) == ([] if lawful else ["rx.days_supply"])

    @pytest.mark.parametrize(
        ("days", "reason", "lawful"),
        [(28, "", True), (29, "", False), (84, "病情稳定", True), (85, "病情稳定", False)],
    )
    def test_long_term(self, days, reason, lawful):
        draft = a_draft(a_line(days=days), long_term=True, reason_for_longer=reason)

        assert broken(draft) == ([] if lawful else ["rx.long_term_days"])

    def test_names_the_line(self):
        first, second = medicines(2)
        (finding,) = rules.check(a_draft(a_line(first), a_line(second, days=8)), NOON)

        assert finding.field == "lines[1].days"
        assert "试验片1" in finding.text


class TestLongTerm:
    @pytest.mark.parametrize("control", [one for one in Control if one is not Control.NONE])
    def test_excludes_every_controlled_class(self, control):
        draft = a_draft(
            a_line(replace(TABLETS, control=control), days=2),
            long_term=True,
            prescriber=rules.Prescriber(controlled=True),
        )

        assert broken(draft) == ["rx.long_term_excluded"]

    @pytest.mark.parametrize(("atc", "lawful"), [("J01MA06", False), ("J04AC01", True)])
    def test_excludes_antimicrobials_but_those_against_tuberculosis(self, atc, lawful):
        medicine = replace(TABLETS, antimicrobial=True, atc=atc)
        draft = a_draft(a_line(medicine), long_term=True, diagnoses=("A15.000",))

        assert broken(draft) == ([] if lawful else ["rx.long_term_excluded"])

    def test_does_not_excuse_a_controlled_one_for_its_atc(self):
        medicine = replace(TABLETS, control=Control.TOXIC, antimicrobial=True, atc="J04AC01")

        draft = a_draft(a_line(medicine, days=2), long_term=True, diagnoses=("A15.000",))

        assert broken(draft) == ["rx.long_term_excluded"]

    def test_has_nothing_against_an_antimicrobial_for_a_week(self):
        medicine = replace(TABLETS, antimicrobial=True, atc="J01MA06")

        assert broken(a_draft(a_line(medicine, days=7))) == []


class TestControlled:
    @pytest.mark.parametrize("control", [one for one in Control if one is not Control.NONE])
    def test_no_controlled_class_is_prescribed_online(self, control):
        lines = (a_line(replace(TABLETS, control=control), days=2),)
        right = rules.Prescriber(controlled=True, practising_since=LONG_AGO)

        assert broken(a_draft(*lines, online=True, prescriber=right)) == ["rx.controlled_online"]
        assert broken(a_draft(*lines, online=False, prescriber=right)) == []

    @pytest.mark.parametrize("control", Control)
    def test_the_two_strictest_classes_need_the_right(self, control):
        strictest = control in (Control.NARCOTIC, Control.PSYCHOTROPIC_1)
        draft = a_draft(a_line(replace(TABLETS, control=control), days=2))

        assert broken(draft) == (["rx.controlled_right"] if strictest else [])


@pytest.mark.parametrize("codes", [(), ("",), (" ",)])
def test_a_diagnosis_is_needed(codes):
    assert broken(a_draft(diagnoses=codes)) == ["rx.diagnosis_missing"]


class TestDuplicates:
    @pytest.mark.parametrize(
        ("first", "second", "same"),
        [
            (("甲片", "A03AX13"), ("甲混悬液", "A03AX13"), True),
            (("甲片", ""), ("甲片", ""), True),
            (("甲片", "A03AX13"), ("乙片", "A03AX12"), False),
            (("甲丸", ""), ("乙丸", ""), False),
            (("甲散", "A07CA"), ("乙散", "A07CA"), False),
        ],
    )
    def test_goes_by_name_and_by_substance(self, first, second, same):
        lines = [
            a_line(replace(TABLETS, generic_name=name, atc=atc)) for name, atc in (first, second)
        ]

        assert broken(a_draft(*lines)) == (["rx.duplicate_medicine"] if same else [])

    def test_points_at_the_later_lines(self):
        found = rules.check(a_draft(a_line(), a_line(), a_line()), NOON)

        assert [finding.field for finding in found] == ["lines[1].medicine", "lines[2].medicine"]


class TestQuantity:
    @pytest.mark.parametrize(
        ("days", "quantity", "warned"),
        [(8, 1, False), (8, 2, True), (9, 2, False), (9, 3, True), (3, 1, False)],
    )
    def test_warns_above_what_is_needed_in_whole_packages(self, days, quantity, warned):
        draft = a_draft(a_line(days=days, quantity=quantity), long_term=True)
        found = rules.check(draft, NOON)

        assert [finding.rule for finding in found] == ["rx.quantity_above_need"] * warned
        assert not rules.blocked(found)

    @pytest.mark.parametrize(
        "line", [a_line(per_day=None, quantity=99), a_line(unit="滴", quantity=99)]
    )
    def test_says_nothing_when_the_need_cannot_be_known(self, line):
        assert broken(a_draft(line)) == []

    @pytest.mark.parametrize(
        ("dose", "unit", "need"),
        [("1", "片", 1), ("0.5", "g", 1), ("500", "mg", 1), ("2", "片", 2), ("1001", "mg", 3)],
    )
    def test_knows_a_dose_in_any_of_its_units(self, dose, unit, need):
        assert facts.packs_needed(TABLETS, Decimal(dose), unit, Fraction(3), 8) == need

    @pytest.mark.parametrize(
        ("code", "days", "doses"),
        [("qod", 7, 4), ("qw", 7, 1), ("qw", 8, 2), ("biw", 7, 2), ("q8h", 2, 6), ("st", 1, 1)],
    )
    def test_counts_whole_doses(self, code, days, doses):
        one_a_package = replace(TABLETS, pack_size=1)
        per_day = facts.FREQUENCIES[code].per_day

        assert facts.packs_needed(one_a_package, Decimal(1), "片", per_day, days) == doses


def test_a_frequency_is_found_by_number_and_by_abbreviation():
    assert facts.frequency("13") is facts.frequency("TID") is facts.FREQUENCIES["tid"]
    assert facts.frequency("99") is None


class TestValidity:
    @pytest.mark.parametrize("days", [1, 2, 3])
    @pytest.mark.parametrize(
        "issued_at",
        [
            datetime(2026, 11, 23, tzinfo=SHANGHAI),
            datetime(2026, 11, 23, 23, 59, 59, 999_999, tzinfo=SHANGHAI),
            datetime(2026, 11, 22, 16, tzinfo=UTC),
        ],
    )
    def test_ends_at_the_midnight_after_its_last_day(self, issued_at, days):
        end = rules.valid_until(issued_at, days)

        assert end == datetime(2026, 11, 23 + days, tzinfo=SHANGHAI)
        assert end.tzinfo is UTC

    def test_a_second_before_midnight_in_london_is_the_next_day_in_shanghai(self):
        assert rules.valid_until(datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC), 1) == datetime(
            2026, 11, 25, tzinfo=SHANGHAI
        )

    @pytest.mark.parametrize("days", [-1, 0, 4])
    def test_refuses_more_than_three_days_or_none(self, days):
        with pytest.raises(ValueError, match="1 to 3"):
            rules.valid_until(NOON, days)

    def test_refuses_a_moment_without_a_zone(self):
        with pytest.raises(ValueError, match="time zone"):
            rules.valid_until(datetime(2026, 11, 23), 1)  # noqa: DTZ001

    @given(
        st.integers(0, 3_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC)),
        st.integers(1, 3),
    )
    def test_lasts_more_than_the_days_before_and_no_longer_than_its_days(self, issued_at, days):
        left = rules.valid_until(issued_at, days) - issued_at

        assert timedelta(days=days - 1) < left <= timedelta(days=days)


class TestAge:
    @pytest.mark.parametrize(
        ("born", "on", "years"),
        [
            (date(2020, 11, 23), date(2026, 11, 22), 5),
            (date(2020, 11, 23), date(2026, 11, 23), 6),
            (date(2012, 11, 23), date(2026, 11, 22), 13),
            (date(2012, 11, 23), date(2026, 11, 23), 14),
            (date(2020, 2, 29), date(2026, 2, 28), 5),
            (date(2020, 2, 29), date(2026, 3, 1), 6),
            (date(2020, 2, 29), date(2024, 2, 29), 4),
            (date(2026, 11, 23), date(2026, 11, 23), 0),
            (date(2026, 11, 24), date(2026, 11, 23), -1),
        ],
    )
    def test_counts_completed_years(self, born, on, years):
        assert rules.age(born, on) == years

    def test_a_legal_day_begins_at_midnight_in_shanghai(self):
        elsewhere = timezone(timedelta(hours=-10))

        assert rules.legal_day(datetime(2026, 11, 22, 15, 59, tzinfo=UTC)) == date(2026, 11, 22)
        assert rules.legal_day(datetime(2026, 11, 22, 16, tzinfo=UTC)) == date(2026, 11, 23)
        assert rules.legal_day(datetime(2026, 11, 22, 6, tzinfo=elsewhere)) == date(2026, 11, 23)
