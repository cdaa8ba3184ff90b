"""What a payer makes of signed events: the last content counts, and only if all steps follow it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from insurance import evidence
from ledger.entry import Statement
from prescriptions.lifecycle import MOVES
from tests.ledger.lawful import facts_of

WAY = ("issue", "approve", "authorize", "pay", "dispense", "receive")
MOVE = {one.name: one for one in MOVES}
CHANGED = facts_of("change")["lines"]


def told(*moves: str, dispensed: dict[str, int] | None = None) -> list[Statement]:
    """These moves as events, one version after the other."""
    return [
        Statement(
            log="example/log",
            subject="rx/" + "1" * 32,
            version=number,
            prev=b"" if number == 1 else bytes(32),
            kind=MOVE[name].kind,
            by="somebody",
            at=datetime(2026, 11, 23, 12, tzinfo=UTC),
            patient="",
            commitment=b"",
            facts={
                **facts_of(name),
                "move": name,
                "to": MOVE[name].target or "",
                **({"lines": dispensed} if dispensed and name == "dispense" else {}),
            },
        )
        for number, name in enumerate(moves, 1)
    ]


def ruling(statements: list[Statement]) -> tuple[str, str]:
    verdict = evidence.rule(statements, "fund", ceiling_fen=10**6)
    return verdict.decision, verdict.reason


def test_what_was_issued_and_dispensed_is_paid():
    assert ruling(told(*WAY)) == ("approve", "none")
    asked = (*WAY[:4], "ask_change", "keep", "extend", *WAY[4:])
    assert ruling(told(*asked)) == ("approve", "none")


def test_after_a_change_the_new_content_counts():
    """C1: what is dispensed is compared with what the doctor said last."""
    way = (*WAY[:4], "change", *WAY[1:])
    assert ruling(told(*way, dispensed=CHANGED)) == ("approve", "none")
    assert ruling(told(*way)) == ("refuse", "quantity_differs")


@pytest.mark.parametrize("missing", WAY[1:])
def test_every_step_follows_the_change(missing):
    """C1, R7: a review, a choice, a payment of the old content prove nothing of the new one."""
    after = tuple(name for name in WAY[1:] if name != missing)
    assert ruling(told(*WAY, "change", *after, dispensed=CHANGED)) == ("refuse", "evidence_missing")


@pytest.mark.parametrize("missing", WAY)
def test_without_a_step_nothing_is_paid(missing):
    """C1"""
    way = [name for name in WAY if name != missing]
    assert ruling(told(*way)) == ("refuse", "evidence_missing")


def test_whoever_wrote_and_reviewed_it():
    """C1: assistants' with a countersignature, narcotics by two reviewers, uploaded ones."""
    rest = WAY[2:]
    assert ruling(told("submit", "countersign", "approve", *rest)) == ("approve", "none")
    assert ruling(told("issue", "check", "confirm", *rest)) == ("approve", "none")
    uploaded = facts_of("upload")["lines"]
    told_uploaded = told("upload", "approve", *rest, dispensed=uploaded)
    assert ruling(told_uploaded) == ("approve", "none")
    assert ruling(told("upload_reviewed", *rest, dispensed=uploaded)) == ("approve", "none")


@pytest.mark.parametrize(
    "way",
    [
        ("submit", "approve"),
        ("issue", "check"),
        ("upload",),
        ("submit", "refuse", "approve"),
        ("upload_reviewed", "change"),
        ("countersign", "submit", "approve"),
    ],
)
def test_one_signature_does_not_stand_for_two(way):
    """C1, R7"""
    uploaded = facts_of("upload")["lines"] if "upload" in way[0] and len(way) == 1 else None
    said = told(*way, *WAY[2:], dispensed=uploaded)
    assert ruling(said) == ("refuse", "evidence_missing")


def test_of_a_part_its_own_share_is_paid():
    """C1: what its entry bills, not what the patient had authorized for all of it."""
    part = ("dispense_part", "receive")
    verdict = evidence.rule(told(*WAY[:4], *part), "fund", ceiling_fen=10**6)
    assert (verdict.decision, verdict.approved_fen) == ("approve", 420)
    capped = evidence.rule(told(*WAY[:4], *part), "fund", ceiling_fen=400)
    assert (capped.decision, capped.approved_fen, capped.reason) == ("part", 400, "above_ceiling")


@pytest.mark.parametrize("given", [{"2": 4}, {"3": 1}, {"1": 1, "2": 3}])
def test_a_part_is_less_than_all_and_of_no_line_more(given):
    """C1"""
    said = told(*WAY[:4], "dispense_part", "receive")
    said[4] = replace(said[4], facts={**said[4].facts, "lines": given})
    assert ruling(said) == ("refuse", "quantity_differs")


def test_what_was_left_is_paid_like_what_was_issued():
    """C1: it begins approved, with the units that were left."""
    way = ("owe", *WAY[2:])
    left = facts_of("owe")["lines"]
    assert ruling(told(*way, dispensed=left)) == ("approve", "none")
    assert ruling(told(*way)) == ("refuse", "quantity_differs")


def test_another_medicine_is_paid_as_the_patient_agreed():
    """C1: by the bill of the agreement, if that was paid."""
    way = (*WAY[:4], "substitute", "agree", *WAY[3:])
    assert ruling(told(*way)) == ("approve", "none")
    unpaid = (*WAY[:4], "substitute", "agree", *WAY[4:])
    assert ruling(told(*unpaid)) == ("refuse", "evidence_missing")
