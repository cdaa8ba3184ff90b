"""
What entries add to the figures: by organisation and at all, by kind and by stage.

Two spans are kept: minutes for the last hour, hours for the last day. A question reads the cells of
one organisation and one window, whose number is bounded, however long the logs are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from hospital.live import frames
from insurance.board import figures
from insurance.board.figures import STAGES, Figure
from insurance.board.models import Cell
from ledger import tailing
from ledger.entry import Statement
from ledger.tailing import Chains, Read

SPANS_S = {300: timedelta(hours=2), 3_600: timedelta(hours=26)}
"""Span of a cell → how long it is kept: the window that it serves, and a little."""
ALL = ""
Key = tuple[int, datetime, str, str]
_BY_END = {one.ends: one for one in STAGES}


def chains(entries: Iterable[Read]) -> Chains:
    """What came before the entries that end a stage; one query."""
    subjects = [one.statement.subject for one in entries if one.statement.kind in _BY_END]
    return tailing.earlier(subjects, [kind for one in STAGES for kind in one.begins])


def figures_of(entries: Iterable[Read], before: Chains) -> dict[Key, Figure]:
    """What these entries count, by cell."""
    found: dict[Key, Figure] = {}
    for entry in entries:
        for organisation, what, wait_s in _counts(entry, before):
            for span_s in SPANS_S:
                begins = figures.bucket(entry.stored_at, span_s)
                for place in {ALL, organisation}:
                    figure = found.setdefault((span_s, begins, place, what), Figure())
                    figure.count(entry.statement.patient, wait_s)
    return found


def _counts(entry: Read, before: Chains) -> Iterator[tuple[str, str, float | None]]:
    """Organisation, what is counted, and how long it took."""
    said = entry.statement
    organisation = where(said)
    yield organisation, said.kind, None
    stage = _BY_END.get(said.kind)
    if stage is None:
        return
    began = _last(before.get((entry.log_id, said.subject), ()), stage.begins, said.version)
    if began is not None:
        yield organisation or where(began), stage.name, (said.at - began.at).total_seconds()


def where(statement: Statement) -> str:
    """The organisation that acts, or the pharmacy that the entry names; else none."""
    organisation, _ = frames.who(statement)
    return (organisation or str(statement.facts.get("pharmacy", "")))[:40]


def _last(chain: Sequence[Statement], kinds: Sequence[str], below: int) -> Statement | None:
    earlier = (one for one in reversed(chain) if one.kind in kinds and one.version < below)
    return next(earlier, None)


def add(more: dict[Key, Figure]) -> None:
    """
    Add figures to the cells that are stored: two queries. The caller holds the board's row.
    """
    spans, begins, places, whats = (set(values) for values in zip(*more, strict=True))
    stored = Cell.objects.filter(
        span_s__in=spans, begins__in=begins, organisation__in=places, what__in=whats
    )
    for cell in stored:
        key = (cell.span_s, cell.begins, cell.organisation, cell.what)
        if key in more:
            more[key].add(figure_of(cell))
    Cell.objects.bulk_create(
        [_cell(key, figure) for key, figure in sorted(more.items())],
        update_conflicts=True,
        unique_fields=["organisation", "span_s", "begins", "what"],
        update_fields=["number", "people", "waits"],
    )


def figure_of(cell: Cell) -> Figure:
    return Figure(cell.number, set(cell.people), list(cell.waits))


def _cell(key: Key, figure: Figure) -> Cell:
    span_s, begins, organisation, what = key
    return Cell(
        span_s=span_s,
        begins=begins,
        organisation=organisation,
        what=what,
        number=figure.number,
        people=sorted(figure.people),
        waits=figure.waits,
    )


def forget(at: datetime) -> int:
    """Delete the cells that no question reaches any more."""
    rows = (
        Cell.objects.filter(span_s=span_s, begins__lt=at - kept) for span_s, kept in SPANS_S.items()
    )
    return sum(one.delete()[0] for one in rows)
