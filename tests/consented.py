"""Each grant, emergency and guardianship stands, at a quiet moment, where its entries say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hospital import consents, guardianlaw
from hospital.guardians.models import Guardianship
from hospital.models import Emergency, Grant
from ledger.entry import Statement

WAYS = {
    **{move.kind: (move.source, move.target) for move in consents.MOVES},
    guardianlaw.REGISTER: (consents.NEW, guardianlaw.LIVE),
    guardianlaw.APPOINT: (consents.NEW, guardianlaw.LIVE),
    guardianlaw.END: (guardianlaw.LIVE, guardianlaw.ENDED),
}


def faults(ways: Mapping[str, Sequence[Statement]]) -> Iterator[str]:
    """Each has gone a lawful way to the state of its row; none has entries without a row."""
    rows: list[Grant | Emergency | Guardianship] = [
        *Grant.objects.all(),
        *Emergency.objects.all(),
        *Guardianship.objects.all(),
    ]
    families = (f"{guardianlaw.FAMILY}/", *(f"{move.family}/" for move in consents.MOVES))
    strangers = {subject for subject in ways if subject.startswith(families)}
    for row in rows:
        strangers.discard(row.subject)
        state = consents.NEW
        for statement in ways.get(row.subject, ()):
            source, target = WAYS[statement.kind]
            if state != source:
                yield f"{row.subject}: {statement.kind} from {state}"
            state = target
        if row.state != state:
            yield f"{row.subject} is {row.state}, its last entry says {state}"
    yield from (f"{subject} has entries and no row" for subject in strangers)
