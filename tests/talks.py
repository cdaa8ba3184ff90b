"""What holds of every consultation at a quiet moment: its state, its numbers, its transcript."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hospital.consultations import lifecycle, queries
from hospital.consultations.models import Consultation, State
from ledger.entry import Statement

MOVES = {move.name: move for move in lifecycle.MOVES}


def faults(ways: Mapping[str, Sequence[Statement]]) -> Iterator[str]:
    """Each has gone a lawful way, stands where its last entry says, and says what was said."""
    strangers = {subject for subject in ways if subject.startswith("consultation/")}
    for consultation in Consultation.objects.all():
        strangers.discard(consultation.subject)
        way = ways.get(consultation.subject, ())
        state: str = State.DRAFT
        for statement in way:
            move = MOVES[statement.facts["move"]]
            if state != move.source:
                yield f"{consultation.subject}: {move.name} from {state}"
            state = move.target
        if consultation.state != state:
            yield f"{consultation.subject} is {consultation.state}, its last entry says {state}"
        said = queries.transcript(consultation)
        numbers = list(consultation.messages.order_by("number").values_list("number", flat=True))
        if numbers != list(range(1, consultation.messages_count + 1)):
            yield f"{consultation.subject}: messages {numbers} of {consultation.messages_count}"
        ended = way[-1].facts if way else {}
        if "transcript" in ended and ended["transcript"] != said.digest:
            yield f"{consultation.subject}: its transcript is not what was signed"
    yield from (f"{subject} has entries and no row" for subject in strangers)
