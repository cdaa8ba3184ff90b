"""
Every rule at its limit: the last draft that it lets pass, and the first that it does not.

What needs a whole patient, a medicine and an illness stands in ``clinical_cases``. The figures are
the law's own, written by hand.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest

from hospital.rights import Antimicrobials, Title
from hospital.units import SHANGHAI
from prescriptions import rules
from prescriptions.facts import Control, Form
from tests.prescriptions.clinical_cases import CASES
from tests.prescriptions.test_rules import LONG_AGO, NOON, TABLETS, a_draft, a_line, medicines

TODAY, TOMORROW = date(2026, 11, 23), date(2026, 11, 24)
MIDNIGHT = datetime(2026, 11, 23, tzinfo=SHANGHAI)
BEFORE_MIDNIGHT = MIDNIGHT - timedelta(microseconds=1)
GRADE, CONTROL = Antimicrobials, Control
NARCOTIC = replace(TABLETS, control=CONTROL.NARCOTIC, atc="N02AA01")
INJECTION = replace(NARCOTIC, form="注射剂", route="403")
PIECE = replace(TABLETS, generic_name="当归(饮片)", form="饮片")
INSULIN = replace(TABLETS, form="注射剂", route="401", atc="A10AE04")
OTHERS = medicines(6)


@dataclass(frozen=True)
class Limit:
    """``lawful`` as of ``at`` is the last that passes; ``unlawful``, as of ``then``, does not."""

    rule: str
    lawful: rules.Draft
    unlawful: rules.Draft
    at: datetime = NOON
    then: datetime = NOON


def doctor(**changes):
    return rules.Prescriber(**{"practising_since": LONG_AGO, "controlled": True, **changes})


def draft(*lines, **changes):
    """By a doctor with every right but the grades of antimicrobials."""
    return a_draft(*lines, **{"prescriber": doctor(), **changes})


def of(medicine=TABLETS, /, **changes):
    return replace(medicine, **changes)


def graded(grade, days=1):
    return a_line(of(antimicrobial_grade=grade), days=days)


def days(count: int, medicine=TABLETS, **changes):
    return draft(a_line(medicine, days=count), **changes)


def parts(issues, interval, count, medicine=TABLETS, **changes):
    """A long-term draft of so many issues, each of ``count`` days."""
    plan = {"issues": issues, "interval_days": interval, "long_term": True}
    return days(count, medicine, **{**plan, "reason_for_longer": "病情稳定", **changes})


def born(day: date, medicine=TABLETS, **changes):
    return draft(a_line(medicine), patient_born=day, **changes)


def online(medicine=TABLETS, **changes):
    return draft(a_line(medicine), online=True, **changes)


def small(day: date, **changes):
    """A child's online draft; ``day`` is the birthday."""
    changes = {"prescriber": doctor(paediatric=True), "weight_g": 20_000, **changes}
    return born(day, online=True, **changes)


def single(per_day: int, **changes):
    return draft(a_line(of(INJECTION, **changes), days=1, per_day=Fraction(per_day)))


FOLLOW_UP = rules.Consulted(follow_up=True, known=frozenset({"I10.x00"}))
FIRST = rules.Consulted(follow_up=False, known=frozenset({"I10.x00"}))
SPECIAL = doctor(antimicrobials=GRADE.SPECIAL)
ATTENTION = {"control": CONTROL.PSYCHOTROPIC_1, "atc": "N06BA04"}
PSYCHOTROPIC_2, TOXIC = of(control=CONTROL.PSYCHOTROPIC_2), of(control=CONTROL.TOXIC)
# fmt: off
LIMITS = [
    # who
    Limit("rx.prescriber_registered", draft(), draft(prescriber=doctor(registered=False))),
    Limit("rx.countersignature", draft(prescriber=doctor(title=Title.RESIDENT)),
          draft(prescriber=doctor(title=Title.ASSISTANT))),
    Limit("rx.countersignature", draft(), draft(prescriber=doctor(trainee=True))),
    Limit("rx.antimicrobial_grade", draft(graded(GRADE.UNRESTRICTED, 7)),
          draft(graded(GRADE.RESTRICTED))),
    Limit("rx.antimicrobial_grade", draft(graded(GRADE.RESTRICTED),
                                          prescriber=doctor(antimicrobials=GRADE.RESTRICTED)),
          draft(graded(GRADE.UNRESTRICTED), prescriber=doctor(antimicrobials=GRADE.NONE))),
    Limit("rx.antimicrobial_grade", draft(graded(GRADE.RESTRICTED, 1), emergency=True),
          draft(graded(GRADE.RESTRICTED, 2), emergency=True)),
    Limit("rx.antimicrobial_emergency", draft(graded(GRADE.UNRESTRICTED), emergency=True),
          draft(graded(GRADE.RESTRICTED), emergency=True)),
    Limit("rx.antimicrobial_outpatient", draft(graded(GRADE.RESTRICTED), prescriber=SPECIAL),
          draft(graded(GRADE.SPECIAL), prescriber=SPECIAL)),
    Limit("rx.antimicrobial_outpatient",
          draft(graded(GRADE.SPECIAL), prescriber=SPECIAL, emergency=True),
          draft(graded(GRADE.SPECIAL), prescriber=SPECIAL, emergency=True, online=True)),
    # how much, of what, how it is written
    Limit("rx.five_drugs", draft(*map(a_line, OTHERS[:5])), draft(*map(a_line, OTHERS))),
    Limit("rx.five_drugs",
          draft(*[a_line(of(PIECE, generic_name=f"饮片{n}")) for n in range(12)]),
          draft(*map(a_line, OTHERS))),
    Limit("rx.days_supply", days(7), days(8)),
    Limit("rx.days_supply", days(3, emergency=True), days(4, emergency=True)),
    Limit("rx.days_supply", days(28, reason_for_longer="慢性病"),
          days(29, reason_for_longer="慢性病")),
    Limit("rx.long_term_days", days(28, long_term=True), days(29, long_term=True)),
    Limit("rx.long_term_days", days(84, long_term=True, reason_for_longer="病情稳定"),
          days(85, long_term=True, reason_for_longer="病情稳定")),
    Limit("rx.long_term_days", parts(2, 14, 14, reason_for_longer=""),
          parts(2, 14, 15, reason_for_longer="")),
    Limit("rx.long_term_days", parts(4, 21, 21), parts(4, 21, 22)),
    Limit("rx.long_term_days", parts(3, 28, 28), parts(3, 28, 29)),
    Limit("rx.long_term_issues", parts(4, 7, 7), parts(5, 7, 7)),
    Limit("rx.long_term_issues", parts(1, None, 7, long_term=False),
          parts(2, 7, 7, long_term=False)),
    Limit("rx.long_term_interval", parts(2, 7, 7), parts(2, 6, 7)),
    Limit("rx.long_term_interval", parts(2, 28, 28), parts(2, 29, 28)),
    Limit("rx.long_term_interval", parts(2, 28, 28), parts(2, None, 28)),
    Limit("rx.long_term_interval", parts(1, None, 28), parts(1, 28, 28)),
    Limit("rx.long_term_each", parts(2, 14, 16), parts(2, 14, 17)),
    Limit("rx.long_term_each", parts(2, 7, 9), parts(2, 7, 10)),
    Limit("rx.long_term_in_all", parts(3, 28, 20), parts(4, 28, 20)),
    Limit("rx.long_term_in_all", parts(4, 21, 20), parts(4, 22, 20)),
    Limit("rx.long_term_excluded", parts(2, 7, 7), parts(2, 7, 7, of(antimicrobial=True))),
    Limit("rx.long_term_excluded", days(3, long_term=True),
          days(3, of(antimicrobial=True), long_term=True)),
    Limit("rx.diagnosis_missing", draft(), draft(diagnoses=(" ",))),
    Limit("rx.herbal_pieces_alone", draft(a_line(PIECE), a_line(of(PIECE, generic_name="黄芪"))),
          draft(a_line(PIECE), a_line())),
    Limit("rx.vague_use", draft(replace(a_line(), note="饭后半小时服用")),
          draft(replace(a_line(), note="外出时自用"))),
    Limit("rx.vague_use", draft(replace(a_line(), note="医嘱：饭后服用")),
          draft(replace(a_line(), note="遵医嘱"))),
    Limit("rx.infant_weight", born(date(2023, 11, 23)), born(date(2023, 11, 24))),
    Limit("rx.infant_weight", born(TODAY, weight_g=3_200), born(TODAY)),
    Limit("rx.duplicate_medicine", draft(a_line(), a_line(OTHERS[0])), draft(a_line(), a_line())),
    Limit("rx.quantity_above_need", draft(a_line(days=7, quantity=1)),
          draft(a_line(days=7, quantity=2))),
    # online
    Limit("rx.online_first_visit", online(consulted=FOLLOW_UP), online(consulted=FIRST)),
    Limit("rx.online_first_visit", draft(consulted=None), online(consulted=None)),
    Limit("rx.online_new_diagnosis", online(consulted=FOLLOW_UP),
          online(consulted=FOLLOW_UP, diagnoses=("I10.x00", "I11.900"))),
    Limit("rx.online_doctor_years", online(prescriber=doctor(practising_since=date(2023, 11, 23))),
          online(prescriber=doctor(practising_since=date(2023, 11, 24)))),
    Limit("rx.child_needs_guardian", small(date(2020, 11, 23)), small(date(2020, 11, 24))),
    Limit("rx.child_needs_guardian", small(date(2020, 11, 23)), small(date(2020, 11, 23)),
          at=MIDNIGHT, then=BEFORE_MIDNIGHT),
    Limit("rx.child_needs_guardian", small(date(2020, 2, 29)), small(date(2020, 2, 29)),
          at=datetime(2026, 3, 1, tzinfo=SHANGHAI),
          then=datetime(2026, 2, 28, 23, 59, 59, tzinfo=SHANGHAI)),
    Limit("rx.child_needs_guardian", small(date(2024, 1, 1), guardian_present=True),
          small(date(2024, 1, 1))),
    # sale
    Limit("rx.not_sold_online", online(of(atc="B05BA03")), online(of(atc="B05AA01"))),
    Limit("rx.not_sold_online", draft(a_line(of(atc="J07BB02"))), online(of(atc="J07BB02"))),
    Limit("rx.fetched_in_person", online(INSULIN), online(of(INSULIN, atc="B03XA01"))),
    Limit("rx.fetched_in_person", online(of(atc="B01AF02")), online(of(atc="B01AE07"))),
    Limit("rx.psychotropic_minor", born(date(2008, 11, 23), PSYCHOTROPIC_2),
          born(date(2008, 11, 24), PSYCHOTROPIC_2)),
    Limit("rx.psychotropic_minor", born(date(2008, 2, 29), PSYCHOTROPIC_2),
          born(date(2008, 2, 29), PSYCHOTROPIC_2),
          at=datetime(2026, 2, 28, 16, tzinfo=UTC),
          then=datetime(2026, 2, 28, 15, 59, 59, tzinfo=UTC)),
    # controlled
    Limit("rx.controlled_online", online(), online(PSYCHOTROPIC_2)),
    Limit("rx.controlled_right", draft(a_line(NARCOTIC)),
          draft(a_line(NARCOTIC), prescriber=doctor(controlled=False))),
    Limit("rx.controlled_oneself", draft(a_line(PSYCHOTROPIC_2), for_oneself=True),
          draft(a_line(NARCOTIC), for_oneself=True)),
    Limit("rx.controlled_days", days(3, NARCOTIC), days(4, NARCOTIC)),
    Limit("rx.controlled_days", days(7, of(NARCOTIC, form="缓释片")),
          days(8, of(NARCOTIC, form="缓释片"), reason_for_longer="病情需要")),
    Limit("rx.controlled_days", days(7, NARCOTIC, severe_pain=True),
          days(8, NARCOTIC, severe_pain=True, reason_for_longer="癌痛")),
    Limit("rx.controlled_days",
          days(15, of(NARCOTIC, form="缓释片"), severe_pain=True, reason_for_longer="癌痛"),
          days(16, of(NARCOTIC, form="缓释片"), severe_pain=True, reason_for_longer="癌痛")),
    Limit("rx.controlled_days", days(3, INJECTION, severe_pain=True),
          days(4, INJECTION, severe_pain=True)),
    Limit("rx.controlled_days",
          days(15, of(**ATTENTION), diagnoses=("F90.000",), reason_for_longer="多动症"),
          days(16, of(**ATTENTION), diagnoses=("F90.000",), reason_for_longer="多动症")),
    Limit("rx.controlled_days", single(1), single(2)),
    Limit("rx.single_use", single(1, atc="N02AB02"), single(2, atc="N02AB02")),
    Limit("rx.psychotropic_2_days", days(7, PSYCHOTROPIC_2), days(8, PSYCHOTROPIC_2)),
    Limit("rx.toxic_days", days(2, TOXIC), days(3, TOXIC)),
    Limit("rx.controlled_form", draft(a_line(NARCOTIC)),
          draft(a_line(NARCOTIC), a_line(OTHERS[0]))),
]
# fmt: on
BY_ID = {rule.id: rule for rule in rules.RULES}
MORE_THAN_ONE = {"rx.days_supply", "rx.controlled_days"}
"""A limit of these may be a limit of another rule as well, and is then broken together with it."""


def of_rule(limit: Limit, *, lawful: bool) -> list[rules.Finding]:
    judged = (limit.lawful, limit.at) if lawful else (limit.unlawful, limit.then)
    return [finding for finding in rules.check(*judged) if finding.rule == limit.rule]


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.rule)
class TestLimit:
    def test_lets_the_last_lawful_draft_pass(self, limit):
        assert of_rule(limit, lawful=True) == []
        assert not rules.blocked(rules.check(limit.lawful, limit.at))

    def test_finds_the_first_unlawful_draft_and_names_the_article(self, limit):
        found = of_rule(limit, lawful=False)

        assert found
        rule = BY_ID[limit.rule]
        for finding in found:
            assert (finding.instrument, finding.article) == (rule.instrument, rule.cited())
            assert finding.article.startswith(("第", "条"))
            assert finding.severity is rule.severity
            assert finding.field
            assert finding.text.endswith("。")

    def test_finds_nothing_else_that_forbids_it(self, limit):
        blocking = {
            finding.rule
            for finding in rules.check(limit.unlawful, limit.then)
            if finding.severity is rules.Severity.BLOCK
        }
        alone = {limit.rule} if BY_ID[limit.rule].severity is rules.Severity.BLOCK else set()
        assert blocking - MORE_THAN_ONE <= alone
        assert alone <= blocking


def test_every_rule_has_a_limit_or_a_clinical_case():
    """A new rule without a test fails here."""
    tested = {limit.rule for limit in LIMITS} | {name for _, _, names in CASES for name in names}

    assert tested == set(BY_ID)


def test_every_warning_has_a_name_in_chinese():
    """K9: a doctor reads above the signature what the entry states by a rule's id."""
    warning = [rule.id for rule in rules.RULES if rule.severity is rules.Severity.WARN]

    assert [rules.in_words([rule]) for rule in warning if not rules.in_words([rule])] == []
    assert rules.in_words(["rx.skin_test", "rx.overdose_reasoned"]) == (
        "未注明皮试结果；超剂量用药，已注明理由，本次签名即为再次签名"
    )


class TestForm:
    """Which form; a child's below fourteen, to the day."""

    @pytest.mark.parametrize(
        ("day", "on", "form"),
        [
            (date(2012, 11, 23), date(2026, 11, 22), Form.PAEDIATRIC),
            (date(2012, 11, 23), date(2026, 11, 23), Form.ORDINARY),
            (date(2012, 2, 29), date(2026, 2, 28), Form.PAEDIATRIC),
            (date(2012, 2, 29), date(2026, 3, 1), Form.ORDINARY),
        ],
    )
    def test_is_a_childs_below_fourteen(self, day, on, form):
        assert rules.form_of(born(day), on) is form
        assert rules.form_of(born(day, emergency=True), on) is Form.EMERGENCY


class TestKept:
    """Order 53, art. 50: one, two or three years by form; fifteen of what is online."""

    @pytest.mark.parametrize(
        ("form", "years"),
        [
            (Form.ORDINARY, 1),
            (Form.EMERGENCY, 1),
            (Form.PAEDIATRIC, 1),
            (Form.TOXIC, 2),
            (Form.PSYCHOTROPIC_2, 2),
            (Form.NARCOTIC, 3),
        ],
    )
    @pytest.mark.parametrize("at", [MIDNIGHT, MIDNIGHT + timedelta(days=1, microseconds=-1)])
    def test_goes_by_the_form_and_the_longest_time_wins(self, form, years, at):
        kept = rules.kept_until(form, at, online=False)

        assert kept == datetime(2026 + years, 11, 23, tzinfo=SHANGHAI)
        assert kept.tzinfo is UTC
        assert rules.kept_until(form, at, online=True) == datetime(2041, 11, 23, tzinfo=SHANGHAI)

    def test_goes_from_a_leap_day_to_the_first_of_march(self):
        leap = datetime(2028, 2, 29, 12, tzinfo=SHANGHAI)

        assert rules.kept_until(Form.ORDINARY, leap, online=False) == datetime(
            2029, 3, 1, tzinfo=SHANGHAI
        )

    def test_is_known_of_every_form(self):
        assert all(rules.kept_until(form, NOON, online=False) > NOON for form in Form)


@pytest.mark.parametrize(
    ("day", "on", "written"),
    [
        (date(2026, 11, 23), date(2026, 11, 23), "0日"),
        (date(2026, 11, 23), date(2026, 12, 22), "29日"),
        (date(2026, 11, 23), date(2026, 12, 23), "1月"),
        (date(2026, 1, 31), date(2026, 2, 28), "28日"),
        (date(2026, 1, 31), date(2026, 3, 1), "1月"),
        (date(2024, 2, 29), date(2027, 2, 28), "35月"),
        (date(2024, 2, 29), date(2027, 3, 1), "3岁"),
        (date(1960, 5, 17), date(2026, 5, 16), "65岁"),
        (date(1960, 5, 17), date(2026, 5, 17), "66岁"),
    ],
)
def test_an_age_is_written_in_days_months_or_years(day, on, written):
    assert rules.written_age(day, on) == written
