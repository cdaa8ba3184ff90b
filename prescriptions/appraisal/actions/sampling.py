"""Draw what is to be appraised: each month once, for all hospitals, when the logs closed it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from hospital.models import Organisation
from ledger import queries as ledger
from ledger import tiles
from prescriptions.appraisal import drawing, months, population
from prescriptions.appraisal.models import Case, Draw, Sample
from prescriptions.appraisal.months import Month
from prescriptions.appraisal.population import Part

MONTHS_BACK = 3
"""So long the clock may have stood still, and nothing is left out."""


def draw_due(*, at: datetime) -> int:
    """
    Draw the months that are over, closed in every log and not drawn yet; how many were.

    Whoever is interrupted has drawn whole months or none, and draws the same again.
    """
    drawn = set(Draw.objects.values_list("month", flat=True))
    ended = [months.of(at).before(back) for back in range(MONTHS_BACK, 0, -1)]
    return sum(_draw(month, at) for month in ended if month.first not in drawn)


def _draw(month: Month, at: datetime) -> bool:
    try:
        found = [population.read(reader, head, month) for head, reader in ledger.final_logs()]
    except (population.StillOpen, ledger.NotYetPublished, tiles.Missing):
        return False  # a crash may leave a final head before its files; the exporter goes on
    parts = [part for part in found if part is not None]
    return bool(parts) and keep(month, parts, at=at)


def keep(month: Month, parts: Sequence[Part], *, at: datetime) -> bool:
    """Store what is drawn of a month; False if somebody else did so just before."""
    try:
        with transaction.atomic():
            heads = sorted((part.head for part in parts), key=lambda head: head.origin)
            draw = Draw.objects.create(
                month=month.first,
                seed=drawing.seed(month, parts),
                heads=[
                    {"log": head.origin, "size": head.size, "root": head.root.hex()}
                    for head in heads
                ],
                drawn_at=at,
            )
            _keep_samples(draw, month, parts)
    except IntegrityError:
        if Draw.objects.filter(month=month.first).exists():
            return False
        raise
    return True


def _keep_samples(draw: Draw, month: Month, parts: Sequence[Part]) -> None:
    """Three statements, however many hospitals there are."""
    slugs = {hospital for part in parts for hospital in part.issued}
    hospitals = Organisation.objects.filter(slug__in=slugs).order_by("slug")
    drawn = {one: drawing.draw(one.slug, month, parts) for one in hospitals}
    samples = Sample.objects.bulk_create(
        Sample(draw=draw, hospital=one, population=found.population) for one, found in drawn.items()
    )
    Case.objects.bulk_create(
        Case(
            sample=sample,
            number=number,
            prescription_id=UUID(hex=one.subject.partition("/")[2]),
            issued_at=one.at,
        )
        for sample, found in zip(samples, drawn.values(), strict=True)
        for number, one in enumerate(found.sample, 1)
    )
