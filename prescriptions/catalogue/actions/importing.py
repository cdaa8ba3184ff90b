"""
The catalogue taken from a file: what can be read is taken, what cannot is told row by row.

Medicines are never taken away here, since prescriptions and shelves name them; a row with a known
code says how the medicine is from now on. What was issued keeps what it says (sealed contents).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import islice

from django.db import connection, transaction

from prescriptions.catalogue import reading
from prescriptions.catalogue.models import Term
from prescriptions.catalogue.reading import Bad, Listed, Problem
from prescriptions.catalogue.terms import terms_of
from prescriptions.models import Medicine

BATCH = 1000
_LOCK = "LOCK TABLE prescriptions_medicine IN SHARE ROW EXCLUSIVE MODE"
_CHANGING = [one.name for one in Medicine._meta.fields if not one.primary_key]


@dataclass(slots=True)
class Report:
    """What became of the rows of a file: how many were ``new``, ``changed`` and ``same``."""

    new: int = 0
    changed: int = 0
    same: int = 0
    bad: list[Bad] = field(default_factory=list)


@transaction.atomic
def take(rows: Iterable[tuple[int, Mapping[str, str]]], *, strict: bool = False) -> Report:
    """
    Take the medicines of ``rows``, all in one transaction; with ``strict`` none if one is bad.

    A code that comes a second time is bad, whatever the second row says: which of the two would
    be true? Two imports at once come one after the other.
    """
    report, seen, good = Report(), set[str](), list[Listed]()
    for number, row in rows:
        found = reading.read(number, row)
        if isinstance(found, list):
            report.bad += found
        elif found.facts.code in seen:
            report.bad.append(Bad(number, "code", Problem.TWICE, found.facts.code))
        else:
            seen.add(found.facts.code)
            good.append(found)
    if strict and report.bad:
        return report
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
    remaining = iter(good)
    while batch := list(islice(remaining, BATCH)):
        _store([_medicine(one) for one in batch], report)
    return report


def _medicine(listed: Listed) -> Medicine:
    maker = {"manufacturer": listed.manufacturer, "approval_number": listed.approval_number}
    return Medicine(**asdict(listed.facts), **maker)


def _store(medicines: list[Medicine], report: Report) -> None:
    known = Medicine.objects.in_bulk([one.code for one in medicines])
    changed = [one for one in medicines if _differs(one, known.get(one.code))]
    former = {one.generic_name for one in known.values()}
    report.new += len(medicines) - len(known)
    report.changed += len(changed) - (len(medicines) - len(known))
    report.same += len(medicines) - len(changed)
    Medicine.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=["code"], update_fields=_CHANGING
    )
    _name({one.generic_name for one in medicines})
    _forget(former)


def _differs(one: Medicine, known: Medicine | None) -> bool:
    return known is None or any(getattr(one, name) != getattr(known, name) for name in _CHANGING)


def _name(names: set[str]) -> None:
    """Terms of the names that have none yet."""
    known = set(
        Term.objects.filter(generic_name__in=names)
        .values_list("generic_name", flat=True)
        .distinct()
    )
    Term.objects.bulk_create(
        [
            Term(term=term, generic_name=name, rank=rank)
            for name in sorted(names - known)
            for term, rank in terms_of(name).items()
        ],
        batch_size=BATCH,
    )


def _forget(names: set[str]) -> None:
    """Terms lead to medicines: a name that the last of them has lost is found no more."""
    used = Medicine.objects.filter(generic_name__in=names).values_list("generic_name", flat=True)
    Term.objects.filter(generic_name__in=names - set(used.distinct())).delete()
