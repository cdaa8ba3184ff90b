"""
Judging a claim from signed entries alone: pure, offline, no trust in the server.

What a payer fetches are the receipt files (``ledger.receiptfile``) of all entries about one
prescription. ``proven`` verifies them by the consortium's policy; ``rule`` says what the payer
makes of them. That every entry was lawful when it was made, its key not revoked, the validators
vouch for who cosigned.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ledger.entry import Statement
from ledger.policy import Policy
from ledger.proven import BadEvidence as BadEvidence
from ledger.proven import entries

ISSUE, UPLOAD, CHANGE = "prescription.issue", "prescription.upload", "prescription.change"
OWE = "prescription.owe"
RETURN, REVERSE = "pharmacy.return", "insurance.reverse"
CONTENT = {ISSUE, UPLOAD, CHANGE, OWE}
STEPS = (
    ("issued", {*CONTENT, "prescription.countersign"}),
    ("approved", {"prescription.review"}),
    ("authorized", {"prescription.authorize", "prescription.agree"}),
    ("paid", {"insurance.pay"}),
    ("dispensed", {"pharmacy.dispense"}),
    ("delivered", {"pharmacy.deliver"}),
)
"""The state that each step leads to, and the kinds of entries that take it."""
REVIEWED_THERE = "approved"
"""The state of what a hospital's system uploaded after its own review, and of what was left."""
PART = "dispense_part"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``decision`` approve, part or refuse; ``approved_fen``; ``reason`` none if approved."""

    decision: str
    approved_fen: int
    reason: str


def proven(files: Iterable[bytes], subject: str, policy: Policy) -> list[Statement]:
    """
    Give the statements about ``subject`` that the receipt files prove, the first one first.

    Raises:
        BadEvidence: see ``ledger.proven.entries``.
    """
    return [one.statement for one in entries(files, subject, policy)]


def rule(statements: Sequence[Statement], payer: str, *, ceiling_fen: int) -> Verdict:
    """
    What ``payer`` decides: its authorized share, up to ``ceiling_fen`` for one claim, provided
    that all steps were taken after the last content and exactly what was prescribed was dispensed;
    of a part, and of what is kept after a return, its share of the bill that this entry states.
    """
    steps = _steps(statements)
    if steps is None:
        return Verdict("refuse", 0, "evidence_missing")
    content, *_, authorized, _, dispensed, _ = steps
    is_part = dispensed.facts.get("move") == PART
    if not _fits(dispensed.facts["lines"], content.facts["lines"], is_part=is_part):
        return Verdict("refuse", 0, "quantity_differs")
    share = _bill(statements, dispensed if is_part else authorized).get(payer, 0)
    if share <= 0:
        return Verdict("refuse", 0, "not_covered")
    if share > ceiling_fen:
        return Verdict("part" if ceiling_fen else "refuse", ceiling_fen, "above_ceiling")
    return Verdict("approve", share, "none")


def _fits(given: Mapping[str, int], prescribed: Mapping[str, int], *, is_part: bool) -> bool:
    """A part is less than all, and of no line more; whatever is none is all."""
    if not is_part:
        return given == prescribed
    within = all(units <= prescribed.get(line, 0) for line, units in given.items())
    return within and given != prescribed


def comes_back(statements: Sequence[Statement], payer: str) -> int:
    """Fen that returns give back to ``payer`` and it has not accepted yet."""
    given = (one.facts["back"].get(payer, 0) for one in statements if one.kind == RETURN)
    accepted = (
        one.facts["reversed_fen"]
        for one in statements
        if one.kind == REVERSE and one.facts["payer"] == payer
    )
    return int(sum(given) - sum(accepted))


def _bill(statements: Sequence[Statement], billed: Statement) -> Mapping[str, int]:
    """Who pays what by the last return, or by ``billed`` if nothing came back."""
    returned = [one for one in statements if one.kind == RETURN]
    payers: Mapping[str, int] = [billed, *returned][-1].facts["bill"]["payers"]
    return payers


def _steps(statements: Sequence[Statement]) -> list[Statement] | None:
    """The last content and the last entry of each step, if they follow each other."""
    content = next((one for one in reversed(statements) if one.kind in CONTENT), None)
    if content is None:
        return None
    taken = {(one.kind, one.facts["to"]): one for one in statements}
    found = [content]
    for state, kinds in STEPS:
        if content.facts["to"] == REVIEWED_THERE and state in ("issued", "approved"):
            continue
        last = [taken[kind, state] for kind in kinds if (kind, state) in taken]
        if not last:
            return None
        found.append(max(last, key=lambda one: one.version))
    found = [content, *(one for one in found if one is not content)]
    is_rising = all(a.version < b.version for a, b in itertools.pairwise(found))
    return found if is_rising else None
