"""What can be asked about statements and differences."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import Exists, F, Min, OuterRef, QuerySet

from hospital import calendar
from insurance.models import Payment
from insurance.reconciliation.models import Difference, Kind, Source, Statement


def first_day_of_money() -> date | None:
    """The legal day on which the first payment came in that we know the moment of."""
    first = Payment.objects.filter(paid_at__isnull=False).aggregate(at=Min("paid_at"))["at"]
    return calendar.legal_day(first) if first else None


def days_read(*, since: date) -> set[tuple[str, date]]:
    """WeChat Pay's bills that were read."""
    rows = Statement.objects.filter(day__gte=since).exclude(source=Source.PAYER)
    return set(rows.values_list("source", "day"))


def to_be_worked_off(*, before: datetime) -> Statement | None:
    """The bill of WeChat Pay's in which something differs that was read longest ago."""
    differing = Difference.objects.filter(statement=OuterRef("id"), ending="")
    rows = Statement.objects.exclude(source=Source.PAYER).filter(read_at__lte=before)
    return rows.filter(Exists(differing)).order_by("read_at").first()


def to_be_asked(statement: Statement) -> QuerySet[Difference]:
    """What somebody can be asked about, what was asked longest ago first."""
    rows = statement.differences.filter(ending="", kind=Kind.STATE)
    return rows.order_by(F("asked_at").asc(nulls_first=True), "created_at")


def open_differences(*, payer: int | None = None) -> QuerySet[Difference]:
    """What still differs: in a payer's statements, or without one in all."""
    rows = Difference.objects.filter(ending="").select_related("statement__payer")
    return rows.filter(statement__payer_id=payer) if payer else rows
