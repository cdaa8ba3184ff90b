"""What judgements come to, and from which number on the law wants something."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from prescriptions.appraisal import codes, statistics
from prescriptions.appraisal.codes import EVERY_PROBLEM, PROBLEMS, UNREASONABLE, Verdict
from prescriptions.appraisal.statistics import Consequence, Judged

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR, MOMENT = timedelta(hours=1), timedelta(microseconds=1)
DOCTOR, OTHER = UUID(int=1), UUID(int=2)
GOOD, BAD, WORST = Verdict.REASONABLE, Verdict.IRREGULAR, Verdict.ABNORMAL
CODE = {GOOD: (), BAD: ("1-10",), Verdict.UNSUITABLE: ("2-5",), WORST: ("3-1",)}


def judged(
    verdict: Verdict, number: int, *, doctor: UUID = DOCTOR, after: timedelta = HOUR / 2
) -> Judged:
    """The one issued in this hour and judged so long afterwards."""
    issued_at = NOON + number * HOUR
    return Judged(doctor, issued_at, verdict, CODE[verdict], issued_at + after)


def found(*verdicts: Verdict) -> list[Consequence]:
    made = statistics.findings(judged(one, number) for number, one in enumerate(verdicts))
    return [one.consequence for one in made]


def test_the_rules_of_2010_have_fifteen_nine_and_four():
    assert [len(PROBLEMS[one]) for one in UNREASONABLE] == [15, 9, 4]
    for family, verdict in enumerate(UNREASONABLE, 1):
        numbers = [code.split("-") for code in PROBLEMS[verdict]]
        assert numbers == [[str(family), str(one)] for one in range(1, len(numbers) + 1)]
    assert len(EVERY_PROBLEM) == 28


@pytest.mark.parametrize(
    ("problems", "verdict"),
    [
        ((), GOOD),
        (("1-1", "1-15"), BAD),
        (("1-1", "2-9"), Verdict.UNSUITABLE),
        (("3-4", "1-1", "2-9"), WORST),
        (("3-1",), WORST),
    ],
)
def test_the_gravest_problem_decides(problems, verdict):
    assert codes.verdict_of(problems) is verdict


def test_they_are_counted():
    some = [judged(GOOD, 1), judged(GOOD, 2), judged(BAD, 3)]
    both = Judged(OTHER, NOON, WORST, ("1-10", "3-1"), NOON)
    tally = statistics.tally([*some, both])
    assert tally.judged == 4
    assert tally.verdicts == {GOOD: 2, BAD: 1, WORST: 1}
    assert tally.problems == {"1-10": 2, "3-1": 1}
    assert tally.reasonable_bp == 5_000
    assert statistics.tally(some).reasonable_bp == 6_666
    assert statistics.tally([]).reasonable_bp is None
    assert statistics.by_doctor([*some, both]) == {DOCTOR: some, OTHER: [both]}


@pytest.mark.parametrize(
    ("verdicts", "consequences"),
    [
        ((WORST,) * 2, []),
        ((WORST,) * 3, [Consequence.WARN_AND_LIMIT]),
        ((WORST, GOOD, WORST, BAD, WORST), [Consequence.WARN_AND_LIMIT]),
        ((WORST,) * 4, [Consequence.WARN_AND_LIMIT]),
        ((WORST,) * 3 + (GOOD, WORST, GOOD, WORST), ["warn_and_limit", "fail_assessment"]),
        ((WORST,) * 3 + (GOOD, WORST, WORST), ["warn_and_limit", "remove", "fail_assessment"]),
        ((BAD,) * 4, []),
        ((BAD,) * 5, [Consequence.FAIL_ASSESSMENT]),
        ((GOOD,) * 50, []),
    ],
)
def test_what_the_law_wants(verdicts, consequences):
    """处方管理办法 art. 45: three, then two in a row; 2010: five unreasonable ones."""
    assert found(*verdicts) == consequences


@pytest.mark.parametrize(("late", "removed"), [(timedelta(0), False), (MOMENT, True)])
def test_only_what_was_issued_after_the_limit_counts_for_the_removal(late, removed):
    """To the microsecond: the third judgement is when the hospital could know."""
    three = [judged(WORST, number, after=HOUR * 10) for number in range(3)]
    limit = max(one.judged_at for one in three)
    more = [
        Judged(DOCTOR, limit + late, WORST, ("3-1",), limit + 9 * HOUR),
        Judged(DOCTOR, limit + HOUR, WORST, ("3-1",), limit + 8 * HOUR),
    ]
    made = {one.consequence: one for one in statistics.findings([*more, *three])}
    assert (Consequence.REMOVE in made) is removed
    assert made[Consequence.WARN_AND_LIMIT].since == limit
    assert made[Consequence.WARN_AND_LIMIT].prescriptions == 5
    if removed:
        assert made[Consequence.REMOVE].since == limit + 9 * HOUR
        assert made[Consequence.REMOVE].prescriptions == 2


def test_each_doctor_answers_for_the_own_ones():
    mixed = [judged(WORST, number, doctor=UUID(int=1 + number % 2)) for number in range(5)]
    (one,) = statistics.findings(mixed)
    assert (one.doctor, one.prescriptions) == (DOCTOR, 3)
