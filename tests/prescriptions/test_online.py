"""What is prescribed over the internet, each rule at both sides of its limit."""

from datetime import UTC, date, datetime

import pytest

from hospital.units import SHANGHAI
from prescriptions import rules
from tests.prescriptions.test_rules import LONG_AGO, NOON, a_draft, broken

CHILDRENS = rules.Prescriber(practising_since=LONG_AGO, paediatric=True)
FIRST, NEW = "rx.online_first_visit", "rx.online_new_diagnosis"
YEARS, CHILD = "rx.online_doctor_years", "rx.child_needs_guardian"


def severities(draft, at=NOON):
    return {found.rule: found.severity for found in rules.check(draft, at)}


class TestFirstVisit:
    """Article 16: no first visit over the internet."""

    @pytest.mark.parametrize("consulted", [None, rules.Consulted(follow_up=False)])
    def test_never_ends_in_an_online_prescription(self, consulted):
        found = severities(a_draft(online=True, consulted=consulted))

        assert found[FIRST] is rules.Severity.BLOCK
        assert rules.blocked(rules.check(a_draft(online=True, consulted=consulted), NOON))

    def test_may_be_prescribed_for_in_person(self):
        assert broken(a_draft(online=False, consulted=None)) == []

    def test_a_follow_up_may_be_prescribed_for(self):
        assert broken(a_draft(online=True)) == []


class TestNewDiagnosis:
    def test_only_warns_and_names_the_diagnosis(self):
        seen = rules.Consulted(follow_up=True, known=frozenset({"I10.x00"}))
        draft = a_draft(online=True, consulted=seen, diagnoses=("I10.x00", "E11.900"))

        (found,) = rules.check(draft, NOON)

        assert (found.rule, found.severity) == (NEW, rules.Severity.WARN)
        assert found.field == "diagnoses[1].code"
        assert "E11.900" in found.text

    def test_is_nothing_to_say_in_person(self):
        assert broken(a_draft(online=False, diagnoses=("I10.x00", "E11.900"))) == []


class TestYearsOfPractice:
    """Article 25: three years, complete when the day begins in Shanghai."""

    @pytest.mark.parametrize(
        ("since", "at", "allowed"),
        [
            (date(2023, 11, 23), datetime(2026, 11, 22, 23, 59, 59, tzinfo=SHANGHAI), False),
            (date(2023, 11, 23), datetime(2026, 11, 23, tzinfo=SHANGHAI), True),
            (date(2023, 11, 23), datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC), False),
            (date(2023, 11, 23), datetime(2026, 11, 22, 16, tzinfo=UTC), True),
            (date(2024, 2, 29), datetime(2027, 2, 28, 23, 59, tzinfo=SHANGHAI), False),
            (date(2024, 2, 29), datetime(2027, 3, 1, tzinfo=SHANGHAI), True),
            (None, NOON, False),
        ],
    )
    def test_are_counted_to_the_day(self, since, at, allowed):
        doctor = rules.Prescriber(practising_since=since)

        assert broken(a_draft(online=True, prescriber=doctor), at) == ([] if allowed else [YEARS])
        assert broken(a_draft(online=False, prescriber=doctor), at) == []


class TestSmallChild:
    """Article 19: below six with a guardian and a specialist."""

    @pytest.mark.parametrize(
        ("born", "at", "small"),
        [
            (date(2020, 11, 23), datetime(2026, 11, 22, 23, 59, 59, tzinfo=SHANGHAI), True),
            (date(2020, 11, 23), datetime(2026, 11, 23, tzinfo=SHANGHAI), False),
            (date(2020, 11, 23), datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC), True),
            (date(2020, 11, 23), datetime(2026, 11, 22, 16, tzinfo=UTC), False),
            (date(2024, 2, 29), datetime(2030, 2, 28, 23, 59, tzinfo=SHANGHAI), True),
            (date(2024, 2, 29), datetime(2030, 3, 1, tzinfo=SHANGHAI), False),
        ],
    )
    def test_is_six_from_midnight_in_shanghai_on_the_sixth_birthday(self, born, at, small):
        draft = a_draft(online=True, patient_born=born, prescriber=CHILDRENS)

        assert broken(draft, at) == ([CHILD] if small else [])

    @pytest.mark.parametrize(
        ("changes", "missing"),
        [
            ({"guardian_present": True, "prescriber": CHILDRENS}, 0),
            ({"guardian_present": True}, 1),
            ({"prescriber": CHILDRENS}, 1),
            ({}, 2),
            ({"online": False}, 0),
        ],
    )
    def test_needs_both_a_guardian_and_a_specialist(self, changes, missing):
        small = {"online": True, "patient_born": date(2024, 1, 1), "weight_g": 13_000}
        draft = a_draft(**small | changes)

        assert broken(draft) == [CHILD] * missing
