"""Grants, emergencies, guardianships, reading keys stand, at rest, where their entries say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hospital import consents, guardianlaw, readingkeylaw
from hospital.guardians.models import Guardianship
from hospital.models import Emergency, Grant
from hospital.readingkeys.models import ReadingKey
from ledger.entry import Statement

WAYS = {
    **{move.kind: ([move.source], move.target) for move in consents.MOVES},
    guardianlaw.REGISTER: ([consents.NEW], guardianlaw.LIVE),
    guardianlaw.APPOINT: ([consents.NEW], guardianlaw.LIVE),
    guardianlaw.END: ([guardianlaw.LIVE], guardianlaw.ENDED),
    **{move.kind: (move.sources, move.target) for move in readingkeylaw.MOVES},
}


def faults(ways: Mapping[str, Sequence[Statement]]) -> Iterator[str]:
    """Each has gone a lawful way to the state of its row; none has entries without a row."""
    rows: list[Grant | Emergency | Guardianship | ReadingKey] = [
        *Grant.objects.all(),
        *Emergency.objects.all(),
        *Guardianship.objects.all(),
        *ReadingKey.objects.select_related("organisation"),
    ]
    others = (f"{one.FAMILY}/" for one in (guardianlaw, readingkeylaw))
    families = (*others, *(f"{move.family}/" for move in consents.MOVES))
    strangers = {subject for subject in ways if subject.startswith(families)}
    for row in rows:
        strangers.discard(row.subject)
        state = consents.NEW
        for statement in ways.get(row.subject, ()):
            sources, target = WAYS[statement.kind]
            if state not in sources:
                yield f"{row.subject}: {statement.kind} from {state}"
            state = target or state
        if row.state != state:
            yield f"{row.subject} is {row.state}, its last entry says {state}"
    yield from (f"{subject} has entries and no row" for subject in strangers)
