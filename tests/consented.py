"""What holds of every grant and emergency at a quiet moment: it stands where its entries say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hospital import consents
from hospital.models import Emergency, Grant
from ledger.entry import Statement

MOVES = {move.kind: move for move in consents.MOVES}


def faults(ways: Mapping[str, Sequence[Statement]]) -> Iterator[str]:
    """Each has gone a lawful way to the state of its row; none has entries without a row."""
    rows: list[Grant | Emergency] = [*Grant.objects.all(), *Emergency.objects.all()]
    families = tuple(f"{move.family}/" for move in consents.MOVES)
    strangers = {subject for subject in ways if subject.startswith(families)}
    for row in rows:
        strangers.discard(row.subject)
        state = consents.NEW
        for statement in ways.get(row.subject, ()):
            move = MOVES[statement.kind]
            if state != move.source:
                yield f"{row.subject}: {move.kind} from {state}"
            state = move.target
        if row.state != state:
            yield f"{row.subject} is {row.state}, its last entry says {state}"
    yield from (f"{subject} has entries and no row" for subject in strangers)
