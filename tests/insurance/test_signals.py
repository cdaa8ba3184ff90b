"""What a payer's program shows to a person; each threshold from both sides. No database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from hospital.sphere import Place
from insurance import signals
from insurance.looks import History
from insurance.signals import LIMITS, Seen
from tests.insurance.test_ruling import WAY, told

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NEW = Seen("rx/new", "patient", "doctor", "here", NOON, boxes=frozenset({"box"}))
PLACES = {
    "here": Place(Decimal("116.40"), Decimal("39.90")),
    "near": Place(Decimal("116.50"), Decimal("39.95")),
    "shanghai": Place(Decimal("121.47"), Decimal("31.23")),
}
KM = 1_067
"""From Beijing to Shanghai, as the crow flies."""


def reasons(*before: Seen, new: Seen = NEW) -> list[str]:
    return [one.reason for one in signals.of(new, before, PLACES)]


def other(**changes: Any) -> Seen:
    plain = replace(NEW, subject="rx/old", patient="other", boxes=frozenset())
    return replace(plain, **changes)


def test_nothing_is_said_of_an_ordinary_claim_or_of_the_claim_itself():
    """C1"""
    assert reasons() == []
    assert reasons(other(), other(subject="rx/older")) == []
    assert reasons(replace(NEW, at=NOON - timedelta(hours=1), pharmacy="shanghai")) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ["same_code"]),
        ({"patient": "patient", "pharmacy": "near"}, ["same_code"]),
        ({"patient": "patient"}, []),
        ({"boxes": frozenset({"another"})}, []),
    ],
)
def test_the_same_code_twice(changes, said):
    """C1: to another patient or elsewhere; one patient may get the rest of an opened box."""
    assert reasons(other(**{"boxes": frozenset({"box"}), **changes})) == said


HOURS = timedelta(hours=KM / LIMITS.travel_kmh)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"at": NOON - HOURS + timedelta(minutes=5)}, ["impossible_travel"]),
        ({"at": NOON + HOURS - timedelta(minutes=5)}, ["impossible_travel"]),
        ({"at": NOON - HOURS - timedelta(minutes=5)}, []),
        ({"collected": False}, []),
        ({"patient": "other"}, []),
        ({"pharmacy": "near"}, []),
        ({"pharmacy": "nobody knows where"}, []),
    ],
)
def test_impossible_travel(changes, said):
    """C1: at two counters, in either order; what a courier brings needs no travel."""
    before = other(**{"patient": "patient", "pharmacy": "shanghai", "at": NOON, **changes})
    assert reasons(before) == said


@pytest.mark.parametrize(
    ("days_ago", "medicine", "said"),
    [(20, "A", ["early_refill"]), (23, "A", []), (20, "B", []), (-1, "A", [])],
)
def test_an_early_refill(days_ago, medicine, said):
    """C1: three quarters of thirty days are over after 22.5."""
    new = replace(NEW, supplies={"A": 30})
    last = other(
        patient="patient", at=NOON - timedelta(days=days_ago), supplies={medicine: 30, "C": 90}
    )
    assert reasons(last, new=new) == said


def many(who: str, count: int, **changes: Any) -> list[Seen]:
    return [other(subject=f"rx/{who}{n}", **{"at": NOON, **changes}) for n in range(count)]


@pytest.mark.parametrize("role", ["doctor", "pharmacy"])
def test_an_outlier_among_peers(role):
    """C1: beside five peers at least, with thirty claims at least, above four times the median."""
    plain: dict[str, Any] = {"doctor": {"pharmacy": ""}, "pharmacy": {"doctor": ""}}[role]
    new = replace(NEW, **plain)
    mine = getattr(NEW, role)

    def said(own: int, peers: int = 5, each: int = 8, **changes: Any) -> list[str]:
        others = [
            one for n in range(peers) for one in many(f"{n}-", each, **{role: f"p{n}"}, **plain)
        ]
        return reasons(*others, *many("own", own - 1, **{role: mine, **plain, **changes}), new=new)

    assert said(33) == [f"{role}_outlier"]
    assert said(32) == []
    assert said(33, peers=4) == []
    assert said(29, each=1) == []
    assert said(33, at=NOON - LIMITS.window) == []


def test_what_entries_tell():
    """C1: patient, doctor, pharmacy, when, how, which boxes; of nothing given out, nothing."""
    said = told(*WAY)
    said[4] = replace(said[4], facts={**said[4].facts, "boxes": {"b0" * 32: 1}}, patient="tag")
    found = signals.seen(said)
    assert found is not None
    assert (found.patient, found.doctor, found.pharmacy) == ("tag", "somebody", "pharmacy")
    assert (found.at, found.collected, found.boxes) == (said[4].at, True, frozenset({"b0" * 32}))
    assert signals.seen(said[:4]) is None


def test_what_was_seen_is_read_again_from_its_file(tmp_path):
    """C1: a program that starts anew knows the claims of before."""
    path = tmp_path / "seen"
    kept = History.read(path)
    for one in (NEW, NEW, other(supplies={"A": 30})):
        kept.add(one)
    assert len(path.read_text().splitlines()) == 2
    assert History.read(path).seen == kept.seen
