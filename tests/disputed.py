"""What holds of every correction at a quiet moment: its state, its words, the record it amends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hospital.corrections import lifecycle
from hospital.corrections.models import START, Correction
from ledger.entry import Statement

MOVES = {move.name: move for move in lifecycle.MOVES}
COMMITS = {"ask": "request", "accept": "answer", "refuse": "answer", "appeal": "appeal"}
"""Move → the column of what its entry commits to."""


def faults(ways: Mapping[str, Sequence[Statement]]) -> Iterator[str]:
    """Each has gone a lawful way, stands where its last entry says, and says what was signed."""
    strangers = {subject for subject in ways if subject.startswith("correction/")}
    for row in Correction.objects.select_related("of", "request", "answer", "appeal"):
        strangers.discard(row.subject)
        state: str = START
        for statement in ways.get(row.subject, ()):
            move = MOVES[statement.facts["move"]]
            if state not in move.sources:
                yield f"{row.subject}: {move.name} from {state}"
            state = move.target
            words = getattr(row, COMMITS.get(move.name, ""), None)
            if move.name in COMMITS and (
                words is None or bytes(words.commitment) != statement.commitment
            ):
                yield f"{row.subject}: what {move.name} commits to is not there"
            named = statement.facts.get("record", bytes(row.of.commitment).hex())
            if named != bytes(row.of.commitment).hex():
                yield f"{row.subject}: {move.name} is about another record"
        if row.state != state:
            yield f"{row.subject} is {row.state}, its last entry says {state}"
    yield from (f"{subject} has entries and no row" for subject in strangers)
