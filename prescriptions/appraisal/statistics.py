"""
What the judgements of a hospital come to: shares, counts, and what the law makes of a doctor's.

Findings are for people: nothing here, and nothing that uses it, takes a right away.

Pure: no Django, no clock.

Sources:
    处方管理办法 (MoH Order 53, 2007), art. 45 (unconfirmed): who wrote abnormal prescriptions three
    times or more without a good reason is warned, and the right to prescribe is limited; who then
    does so twice or more in a row loses it.
    医院处方点评管理规范（试行）, 2010, art. 24 (unconfirmed): five unreasonable ones or more in one
    period of assessment, and the doctor has not passed it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from uuid import UUID

from hospital.units import BasisPoints
from prescriptions.appraisal.codes import Verdict

ABNORMAL_TO_LIMIT = 3
ABNORMAL_TO_REMOVE = 2
UNREASONABLE_TO_FAIL = 5
CYCLE_MONTHS = 24
"""A doctor's period of assessment; Order 53 names none, so abnormal ones are counted in it too."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One judgement: whose prescription, when it was issued, how and when it was judged."""

    doctor: UUID
    issued_at: datetime
    verdict: Verdict
    problems: tuple[str, ...]
    judged_at: datetime


@dataclass(frozen=True, slots=True)
class Tally:
    """How many were judged, how many of each class, and how often each problem was found."""

    judged: int
    verdicts: Mapping[Verdict, int]
    problems: Mapping[str, int]

    @property
    def reasonable_bp(self) -> BasisPoints | None:
        """The share of reasonable ones, rounded down; None while nothing is judged."""
        if not self.judged:
            return None
        return BasisPoints(10_000 * self.verdicts.get(Verdict.REASONABLE, 0) // self.judged)


class Consequence(StrEnum):
    """What the law wants of the hospital."""

    WARN_AND_LIMIT = "warn_and_limit"
    REMOVE = "remove"
    FAIL_ASSESSMENT = "fail_assessment"


@dataclass(frozen=True, slots=True)
class Finding:
    """A consequence for a doctor, the number of prescriptions that it rests on, and since when."""

    doctor: UUID
    consequence: Consequence
    prescriptions: int
    since: datetime


def tally(judged: Sequence[Judged]) -> Tally:
    """Count them."""
    return Tally(
        len(judged),
        Counter(one.verdict for one in judged),
        Counter(code for one in judged for code in one.problems),
    )


def by_doctor(judged: Iterable[Judged]) -> dict[UUID, list[Judged]]:
    """Doctor → the judgements on the own prescriptions."""
    found: dict[UUID, list[Judged]] = defaultdict(list)
    for one in judged:
        found[one.doctor].append(one)
    return dict(sorted(found.items()))


def findings(judged: Iterable[Judged]) -> list[Finding]:
    """What follows for each doctor from the judgements of one period of assessment."""
    return [one for found in by_doctor(judged).values() for one in _of_doctor(found)]


def _of_doctor(judged: Sequence[Judged]) -> list[Finding]:
    doctor, made = judged[0].doctor, list[Finding]()
    abnormal = _in_order(one for one in judged if one.verdict is Verdict.ABNORMAL)
    if len(abnormal) >= ABNORMAL_TO_LIMIT:
        since = abnormal[ABNORMAL_TO_LIMIT - 1].judged_at
        made.append(Finding(doctor, Consequence.WARN_AND_LIMIT, len(abnormal), since))
        if again := _in_a_row([one for one in judged if one.issued_at > since]):
            last = max(one.judged_at for one in again[:ABNORMAL_TO_REMOVE])
            made.append(Finding(doctor, Consequence.REMOVE, len(again), last))
    bad = _in_order(one for one in judged if one.verdict is not Verdict.REASONABLE)
    if len(bad) >= UNREASONABLE_TO_FAIL:
        since = bad[UNREASONABLE_TO_FAIL - 1].judged_at
        made.append(Finding(doctor, Consequence.FAIL_ASSESSMENT, len(bad), since))
    return made


def _in_order(judged: Iterable[Judged]) -> list[Judged]:
    return sorted(judged, key=lambda one: one.judged_at)


def _in_a_row(judged: Sequence[Judged]) -> list[Judged]:
    """Abnormal ones that follow each other among the sampled, in the order of issue; or none."""
    ordered = sorted(judged, key=lambda one: one.issued_at)
    again: list[Judged] = []
    for one, following in pairwise(ordered):
        if one.verdict is following.verdict is Verdict.ABNORMAL:
            again += [following] if again and again[-1] is one else [one, following]
    return again
