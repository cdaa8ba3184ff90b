"""
Books and goods agree (账物相符): what the movements of narcotics' lots say, beside what was counted
and beside what the signed entries of the ledger say.

Source: regulation on narcotics and psychotropics (State Council order 442), ledgers of their own,
and order 53, art. 51; both from memory, unconfirmed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from hospital import calendar, errors
from hospital.models import Organisation
from hospital.roles import Actor, OrganisationKind, Role
from ledger import note
from ledger import queries as ledger
from ledger.entry import Statement
from pharmacy import queries_stock
from pharmacy.lots import Count, Lot
from prescriptions import lifecycle

PERIOD_MAX = timedelta(days=31)


class UnknownPharmacy(errors.NotFound):
    """There is no such pharmacy."""

    code = "stock.unknown_pharmacy"


class LongPeriod(errors.Invalid):
    """Ask for at most 31 days."""

    code = "stock.long_period"


@dataclass(frozen=True, slots=True)
class Balance:
    """
    One lot's units in a period: opening + received − dispensed + corrected + returned − destroyed
    = closing.

    ``entries``: units that signed entries say were given out of it. ``count``: the last one up to
    the end of the period.
    """

    lot: Lot
    opening: int
    received: int
    dispensed: int
    corrected: int
    returned: int
    destroyed: int
    entries: int
    count: Count | None

    @property
    def closing(self) -> int:
        came = self.opening + self.received + self.corrected + self.returned
        return came - self.dispensed - self.destroyed

    @property
    def differences(self) -> list[str]:
        """``entries``: they say another sum; ``count``: one waits for the second person."""
        waits = self.count is not None and self.count.state == Count.State.WAITING
        found = {"count": waits, "entries": self.entries != self.dispensed}
        return [name for name, differs in found.items() if differs]


@dataclass(frozen=True, slots=True)
class Reconciled:
    """
    ``unknown``: commitment → units, where entries name lots that the pharmacy does not have.

    ``dispensings``: how many prescriptions were given out.
    """

    balances: list[Balance]
    unknown: dict[str, int]
    dispensings: int

    @property
    def differences(self) -> list[str]:
        """All kinds of them, each once."""
        found = {name for one in self.balances for name in one.differences}
        return sorted(found | ({"unknown"} if self.unknown else set()))


def reconcile(pharmacy: str, days: tuple[date, date], *, by: Actor) -> Reconciled:
    """
    The narcotics' lots of a pharmacy in a period of legal days, its end exclusive.

    A pharmacist's is the own pharmacy; ``pharmacy`` names a regulator's. Four queries and the
    pharmacy, however many lots and entries there are.

    Raises ``UnknownPharmacy``, ``LongPeriod``.
    """
    if days[1] - days[0] > PERIOD_MAX:
        raise LongPeriod(field="until", days_max=PERIOD_MAX.days)
    at = _pharmacy(pharmacy, by)
    moments = calendar.begins(days[0]), calendar.begins(days[1])
    lots = queries_stock.narcotics_of(at, moments)
    counts = queries_stock.last_counts([one.id for one in lots], moments[1])
    subjects = queries_stock.given_out_by_two(at, moments)
    said = _said(subjects)
    balances = [_balance(one, said.pop(one.commitment, 0), counts.get(one.id)) for one in lots]
    moved = [one for one in balances if one.closing or one.opening or _moves(one)]
    return Reconciled(moved, dict(said), len(subjects))


def _pharmacy(slug: str, by: Actor) -> int:
    if by.role is Role.PHARMACIST and by.organisation_id is not None:
        return by.organisation_id
    found = Organisation.objects.filter(slug=slug, kind=OrganisationKind.PHARMACY).first()
    if found is None:
        raise UnknownPharmacy
    return found.id


def _said(subjects: list[str]) -> Counter[str]:
    """Lot's commitment → units, as the pharmacists have signed."""
    found: Counter[str] = Counter()
    for entry in ledger.entries_about_all(subjects, lifecycle.DISPENSE.kind):
        facts: dict[str, Any] = dict(Statement.parse(note.parse(entry.note).text).facts)
        found.update(facts.get("lots", {}))
    return found


def _balance(lot: Any, entries: int, count: Count | None) -> Balance:
    sums = {name: abs(getattr(lot, name) or 0) for name in queries_stock.SUMS}
    sums["corrected"] = lot.corrected or 0
    return Balance(lot=lot, **sums, entries=entries, count=count)


def _moves(one: Balance) -> bool:
    moved = (one.received, one.dispensed, one.corrected, one.returned, one.destroyed)
    return any((*moved, one.entries))
