"""
The patient looks for a pharmacy: which has it, how far, when, how it comes, and the own share.

Each page is a look of the patient's at the own prescription: the lines are opened for it, after its
entry is committed. What is answered names lines by their numbers alone. Where the patient is stays
in the request, and in the cursor, which is sealed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any
from uuid import UUID

from django.db import transaction

from hospital import access, calendar, errors, sphere
from hospital.roles import Actor
from insurance.actions import billing
from insurance.policies import promised
from insurance.policies.terms import Medicine
from pharmacy import hours, queries_serving
from pharmacy import queries_near as near
from pharmacy.actions import stock
from prescriptions import content, permissions, queries
from prescriptions.models import OPEN, Prescription

PURPOSE = "find"
FIELDS = (content.LINES, "coverage/")


class NothingToFetch(errors.Conflict):
    """Nothing of this prescription can be fetched any more, or it is not signed yet."""

    code = "find.nothing_to_fetch"


@dataclass(frozen=True, slots=True)
class Asked:
    """
    Around which place, how far, from where on; ``payers`` as a checkout takes them.

    ``cheapest``: by the own share, among the nearest ``near.LOOKED_AT`` pharmacies within the
    distance, of those that have all of it; else the nearest first.
    """

    place: sphere.Place
    within_m: int
    partly: bool = False
    cheapest: bool = False
    payers: Sequence[str] | None = None
    after: near.Behind | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """
    What one pharmacy has: the numbers of the lines, what these cost, and who would pay.

    ``pharmacy.fares``: by which courier companies it would come, and for how much. That fee is no
    part of ``quote``.
    """

    pharmacy: queries_serving.Service
    distance_m: int | None
    lines: tuple[str, ...]
    whole: bool
    quote: billing.Quote
    standing: hours.Standing


@dataclass(frozen=True, slots=True)
class Page:
    """
    ``searched_m``: no pharmacy within this distance was left out, on this page or those before it.
    ``promised``: that the payers' terms hold for a while.
    """

    offers: list[Offer]
    searched_m: int
    following: near.Behind | None
    promised: promised.Promised


@dataclass(frozen=True, slots=True)
class _Priced:
    shelf: near.Shelf
    lines: tuple[str, ...]
    quote: billing.Quote


def find(prescription_id: UUID, asked: Asked, size: int, *, by: Actor, at: datetime) -> Page:
    """
    A page of up to ``size`` pharmacies that can give out an own prescription now.

    Stock is looked at and not kept; what a pharmacy has left is told again when the patient
    authorizes it. The number of queries does not depend on what is found.

    Raises:
        lifecycle.UnknownPrescription, permissions.WrongPatient, permissions.NotYours,
        NothingToFetch, billing.NotCovered, records.RecordErased: see each.
    """
    with transaction.atomic():
        prescription = queries.with_record(prescription_id)
        basis = permissions.basis_to_view(prescription, by)
        if prescription.status not in OPEN or at >= prescription.valid_until:
            raise NothingToFetch(status=prescription.status)
        found = billing.in_force(prescription, asked.payers, at=at)
        looked = access.view(
            by=by,
            at=at,
            purpose=PURPOSE,
            basis=basis,
            of=[prescription.record],
            about=prescription.subject,
            fields=(*FIELDS, content.DIAGNOSES) if billing.ask_for_diagnoses(found) else FIELDS,
            patient=prescription.patient.person,
        )
    opened = access.opened(prescription.record, looked)
    terms = billing.promises(prescription, found, opened, at=at)
    lines = content.lines_of(opened)
    left = prescription.quantities
    wants = {line: (said["code"], left[line]) for line, said in lines.items() if line in left}
    most = near.LOOKED_AT if asked.cheapest else size
    search = _search(prescription, wants, asked)
    shelves, following = near.nearest(search, most, on=calendar.legal_day(at))
    medicines = billing.medicines_of(wants)
    priced = [_priced(shelf, wants, medicines, terms) for shelf in shelves]
    searched_m = int(sphere.metres(following.away)) if following else asked.within_m
    if asked.cheapest:
        priced, following = sorted(priced, key=_own_share)[:size], None
    kept = promised.make(prescription.patient_id, found, at=at)
    return Page(_served(priced, wants, search, at), searched_m, following, kept)


def _search(prescription: Prescription, wants: stock.Wanted, asked: Asked) -> near.Search:
    units: dict[str, int] = {}
    for code, quantity in wants.values():
        units[code] = units.get(code, 0) + quantity
    return near.Search(
        units=units,
        place=asked.place,
        within_m=asked.within_m,
        partly=asked.partly,
        only=prescription.dispenser_id,
        after=asked.after,
    )


def _priced(
    shelf: near.Shelf,
    wants: stock.Wanted,
    medicines: Mapping[str, Medicine],
    terms: billing.Promises,
) -> _Priced:
    lines = tuple(number for number, (code, _) in wants.items() if code in shelf.free)
    units = {number: wants[number][1] for number in lines}
    quoted = terms.quote(
        [
            billing.Priced(number, medicines[wants[number][0]], _price(shelf, wants[number]))
            for number in lines
        ],
        units,
    )
    return _Priced(shelf, lines, quoted)


def _price(shelf: near.Shelf, wanted: tuple[str, int]) -> int:
    code, units = wanted
    return shelf.free[code][1] * units


def _own_share(one: _Priced) -> tuple[int, Any]:
    """The cheapest first; of two that cost the same the nearer."""
    return one.quote.patient_fen, one.shelf.rank


def _served(
    priced: Sequence[_Priced], wants: stock.Wanted, search: near.Search, at: datetime
) -> list[Offer]:
    """Hours are reckoned once for all that have the same."""
    metres = {one.shelf.pharmacy: None if search.only else one.shelf.distance_m for one in priced}
    known = queries_serving.services(metres, on=calendar.legal_day(at))
    standing = cache(partial(hours.standing, at=at))
    return [
        Offer(
            pharmacy=(service := known[one.shelf.pharmacy]),
            distance_m=one.shelf.distance_m,
            lines=one.lines,
            whole=len(one.lines) == len(wants),
            quote=one.quote,
            standing=standing(service.week, service.closed),
        )
        for one in priced
    ]
