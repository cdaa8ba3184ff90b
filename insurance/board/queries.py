"""What the board shows of its figures: of one organisation or all, the last hour or day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hospital.models import Organisation
from insurance.board import counting, figures
from insurance.board.figures import STAGES, Figure
from insurance.board.models import Cell


@dataclass(frozen=True, slots=True)
class Window:
    """``buckets`` spans that end with the one in which we are."""

    span_s: int
    buckets: int

    def begins(self, at: datetime) -> list[datetime]:
        """When the buckets begin, the oldest first."""
        last = figures.bucket(at, self.span_s)
        back = range(self.buckets - 1, -1, -1)
        return [last - timedelta(seconds=self.span_s * number) for number in back]


WINDOWS = {"hour": Window(300, 12), "day": Window(3_600, 24)}


@dataclass(frozen=True, slots=True)
class Row:
    """A kind or stage: its figure in each bucket and in all, None where it is withheld."""

    what: str
    parts: Sequence[Figure | None]
    whole: Figure | None


@dataclass(frozen=True, slots=True)
class Sum:
    """An organisation and what it counts in the window; what is of too few patients has no row."""

    organisation: Organisation
    whole: dict[str, Figure]
    withheld: frozenset[str]


def rows(organisation: str, window: Window, at: datetime) -> list[Row]:
    """
    What happened at an organisation (``counting.ALL``: at all), by kind and stage. One query; it
    reads the window's cells and no others.
    """
    begins = window.begins(at)
    cells = Cell.objects.filter(
        organisation=organisation, span_s=window.span_s, begins__gte=begins[0]
    )
    found: dict[str, dict[datetime, Figure]] = {}
    for cell in cells:
        found.setdefault(cell.what, {})[cell.begins] = counting.figure_of(cell)
    return [
        Row(what, *figures.withheld([by_time.get(one, Figure()) for one in begins]))
        for what, by_time in sorted(found.items())
    ]


def sums(after: str, size: int, window: Window, at: datetime) -> list[Sum]:
    """Up to ``size`` organisations with a slug above ``after``, in order. Two queries."""
    page = list(Organisation.objects.filter(slug__gt=after).order_by("slug")[:size])
    cells = Cell.objects.filter(
        organisation__in=[one.slug for one in page],
        span_s=window.span_s,
        begins__gte=window.begins(at)[0],
    )
    by_slug = _added(cells)
    return [_sum(one, by_slug.get(one.slug, {})) for one in page]


def _added(cells: Iterable[Cell]) -> dict[str, dict[str, Figure]]:
    found: dict[str, dict[str, Figure]] = {}
    for cell in cells:
        figure = found.setdefault(cell.organisation, {}).setdefault(cell.what, Figure())
        figure.add(counting.figure_of(cell))
    return found


def _sum(organisation: Organisation, found: dict[str, Figure]) -> Sum:
    shown = {what: figure for what, figure in sorted(found.items()) if figure.shown}
    return Sum(organisation, shown, frozenset(found) - frozenset(shown))


STAGE_NAMES = tuple(one.name for one in STAGES)
