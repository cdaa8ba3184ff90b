"""
Signals of fraud in what a payer lawfully sees: the signed entries of its own claims. Pure.

A signal refuses nothing: it says what a person should look at, and why. ``LIMITS`` has every
threshold. What entries do not tell (which medicine it was, where a pharmacy is), a payer that knows
it may add; without it the signals that need it stay silent, and say nothing of the claim.

Source: 医疗保障基金使用监督管理条例 (2021), art. 20, 38, 40: dispensing again what was given out,
false prescriptions, buying for others. The thresholds are ours; no law states any.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import dist

from hospital import sphere
from ledger.entry import Statement

AUTHORIZE, DISPENSE = "prescription.authorize", "pharmacy.dispense"
CONTENTS = ("prescription.issue", "prescription.upload", "prescription.change", "prescription.owe")


@dataclass(frozen=True, slots=True)
class Limits:
    """
    ``travel_kmh``: faster than a train on the fastest line, over ``travel_least_m`` at least.

    ``peers``, ``claims_least``, ``times_median``, ``window``: whoever has in this time more claims
    than so many times the median of so many others. ``early``: of the days that the last supply
    lasts, the part that must be over.
    """

    travel_kmh: int = 350
    travel_least_m: int = 20_000
    window: timedelta = timedelta(days=30)
    peers: int = 5
    claims_least: int = 30
    times_median: int = 4
    early_bp: int = 7_500


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Seen:
    """
    One dispensing, as its entries tell it.

    ``doctor``: empty for what was left of another prescription, which no doctor's entry begins.
    ``collected``: at the counter, by whoever had to be there. ``boxes``: commitments to the
    traceability codes that left. ``supplies``: medicine's insurance code → days that it lasts.
    """

    subject: str
    patient: str
    doctor: str
    pharmacy: str
    at: datetime
    collected: bool = True
    boxes: frozenset[str] = frozenset()
    supplies: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Signal:
    """``reason`` is a stable word; ``others`` are the subjects beside which it stands out."""

    reason: str
    others: tuple[str, ...] = ()


Places = Mapping[str, sphere.Place]
"""Pharmacy's slug → where it is, as its licence says."""


def seen(statements: Sequence[Statement]) -> Seen | None:
    """What the entries of one prescription tell; None if nothing was dispensed by them."""
    last = {one.kind: one for one in statements}
    given, chosen = last.get(DISPENSE), last.get(AUTHORIZE)
    written = [last[kind] for kind in CONTENTS if kind in last]
    if given is None or chosen is None or not written:
        return None
    first = min(written, key=lambda one: one.version)
    return Seen(
        given.subject,
        given.patient,
        "" if "of" in first.facts else str(first.facts.get("doctor", first.by)),
        str(given.facts["pharmacy"]),
        given.at,
        chosen.facts["way"] == "collect",
        frozenset(given.facts.get("boxes", ())),
    )


def of(new: Seen, before: Sequence[Seen], places: Places, limits: Limits = LIMITS) -> list[Signal]:
    """All signals of ``new``, beside what was seen ``before``; in the order of ``CHECKS``."""
    others = [one for one in before if one.subject != new.subject]
    found = (check(new, others, places, limits) for check in CHECKS)
    return [one for one in found if one is not None]


def _same_code(new: Seen, before: Sequence[Seen], places: Places, limits: Limits) -> Signal | None:
    """A box was given out before, and to somebody else or by another pharmacy."""
    again = [
        one.subject
        for one in before
        if one.boxes & new.boxes and (one.pharmacy, one.patient) != (new.pharmacy, new.patient)
    ]
    return Signal("same_code", tuple(again)) if again else None


def _travel(new: Seen, before: Sequence[Seen], places: Places, limits: Limits) -> Signal | None:
    """The same patient at two counters, too far from each other for the time between."""
    there = [
        one.subject
        for one in before
        if one.patient == new.patient
        and one.collected
        and new.collected
        and _too_far(one, new, places, limits)
    ]
    return Signal("impossible_travel", tuple(there)) if there else None


def _too_far(one: Seen, other: Seen, places: Places, limits: Limits) -> bool:
    here, there = places.get(one.pharmacy), places.get(other.pharmacy)
    if here is None or there is None:
        return False
    metres = sphere.metres(dist(here.point, there.point))
    seconds = abs((one.at - other.at).total_seconds())
    return metres > limits.travel_least_m and metres * 3_600 > limits.travel_kmh * 1_000 * seconds


def _early(new: Seen, before: Sequence[Seen], places: Places, limits: Limits) -> Signal | None:
    """The same medicine again while most of the last supply should still be there."""
    left = [
        one.subject
        for one in before
        if one.patient == new.patient
        and one.at <= new.at
        and any(
            new.at - one.at < timedelta(days=days) * limits.early_bp / 10_000
            for medicine, days in one.supplies.items()
            if medicine in new.supplies
        )
    ]
    return Signal("early_refill", tuple(left)) if left else None


def _outlier(reason: str, who: Callable[[Seen], str]) -> Check:
    def check(new: Seen, before: Sequence[Seen], places: Places, limits: Limits) -> Signal | None:
        """Many times as many claims as half of the others have at least."""
        lately = [one for one in before if new.at - limits.window < one.at <= new.at]
        counted = Counter(who(one) for one in (*lately, new))
        mine = counted.pop(who(new))
        if not who(new) or len(counted) < limits.peers or mine < limits.claims_least:
            return None
        usual = statistics.median(counted.values())
        return Signal(reason) if mine > limits.times_median * usual else None

    return check


Check = Callable[[Seen, Sequence[Seen], Places, Limits], Signal | None]
CHECKS: tuple[Check, ...] = (
    _same_code,
    _travel,
    _early,
    _outlier("doctor_outlier", lambda one: one.doctor),
    _outlier("pharmacy_outlier", lambda one: one.pharmacy),
)
