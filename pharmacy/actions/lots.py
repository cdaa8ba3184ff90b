"""
Which lots a dispensing takes: what expires first goes first, unless the pharmacist says why not.

A lot that is quarantined or recalled or has expired is never given out. What two pharmacists give
out names its lots in what both sign, and they are named by who takes the boxes off the shelf; of
everything else lots may be named, and what is not named is taken as it expires.

Source: GSP, first-expired-first-out (近期先出), unconfirmed; regulation on narcotics and
psychotropics (State Council order 442): batches in ledgers of their own, unconfirmed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from hospital import calendar, errors
from hospital.roles import Actor
from ledger import chain
from pharmacy import queries_stock, recalls
from pharmacy.lots import Lot, Movement
from pharmacy.models import Reservation, Scan
from prescriptions.facts import TWO_PHARMACISTS
from prescriptions.models import Prescription
from prescriptions.rests import Units


class LotsMissing(errors.Invalid):
    """What two pharmacists give out names the lots from which it is taken."""

    code = "lot.missing"


class UnknownLot(errors.NotFound):
    """The pharmacy has no such lot of what was prescribed."""

    code = "lot.unknown"


class UnusableLot(errors.Conflict):
    """The lot has expired or is quarantined; nothing of it is given out."""

    code = "lot.unusable"


class RecalledLot(errors.Conflict):
    """The lot is recalled; it is neither given out nor received, sent or accepted."""

    code = "lot.recalled"


class CameBack(errors.Conflict):
    """What a patient has brought back is never given out again; it can be destroyed."""

    code = "lot.came_back"


class TooFewInLot(errors.Conflict):
    """The lot has not so many units left."""

    code = "lot.too_few"


class WrongUnits(errors.Invalid):
    """The lots of a medicine hold together exactly what is given out of it."""

    code = "lot.wrong_units"


class NotFirst(errors.Conflict):
    """Another lot expires sooner; give that out, or say why not."""

    code = "lot.not_first"


class OtherLots(errors.Conflict):
    """Other lots were checked by the colleague; these are checked again."""

    code = "lot.not_checked"


class NoUsableLot(errors.Conflict):
    """Too little lies there that has neither expired nor is quarantined."""

    code = "lot.none_usable"


@dataclass(frozen=True, slots=True)
class Choice:
    """
    Lot's id → units, as the pharmacist named them; ``reason``: why not what expires first.

    ``boxes``: traceability code → units, of what comes out of boxes that were scanned.
    """

    units: Mapping[UUID, int] = field(default_factory=dict)
    reason: str = ""
    boxes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Given:
    """
    What a pharmacist gives out, or checks: line number → units, and the lots. ``checks``: those of
    the list that were made (``checklist``).
    """

    lines: dict[str, int]
    lots: Choice = field(default_factory=Choice)
    checks: tuple[str, ...] = ()


Taken = list[tuple[Lot, int]]


def choose(held: Sequence[Reservation], choice: Choice, *, at: datetime) -> Taken:
    """
    The lots from which what is held for a prescription is taken.

    Whoever takes them holds the rows of the items, which come first, and their medicines
    (``recalls.hold``).

    Raises ``UnknownLot``, ``RecalledLot``, ``UnusableLot``, ``TooFewInLot``, ``WrongUnits``,
    ``NotFirst``, ``NoUsableLot``.
    """
    found: dict[int, list[Lot]] = {one.item_id: [] for one in held}
    for lot in queries_stock.lots_to_take(found, choice.units):
        found[lot.item_id].append(lot)
    known = {lot.id for lots in found.values() for lot in lots}
    if not choice.units.keys() <= known:
        raise UnknownLot
    taken: Taken = []
    for reservation in held:
        taken += _of_item(found[reservation.item_id], reservation.quantity, choice, at)
    return taken


def of_lines(held: Sequence[Reservation], given: Units) -> list[Reservation]:
    """
    What leaves the shelf of what is held, cut down to what is given of its lines.

    What has been held since before its lines were noted leaves whole.
    """
    leaving = [one for one in held if not one.lines]
    for one in held:
        one_given = {line: given[line] for line in one.lines if line in given}
        if one_given:
            one.lines, one.quantity = one_given, sum(one_given.values())
            leaving.append(one)
    return leaving


def facts_of(prescription: Prescription, choice: Choice, *, at: datetime) -> dict[str, Any]:
    """
    The lots as the entries of two pharmacists name them; nothing of what one gives out alone.

    Raises ``LotsMissing``, and what ``choose`` raises.
    """
    if prescription.form not in TWO_PHARMACISTS:
        return {}
    if not choice.units:
        raise LotsMissing(field="lots")
    held = queries_stock.held_for(prescription)
    taken = choose(held, choice, at=at)
    if sum(choice.units.values()) != sum(one.quantity for one in held):
        raise WrongUnits(field="lots")
    return {"lots": {lot.commitment: units for lot, units in taken}}


def chosen(choice: Choice, scanned: Scan) -> Choice:
    """
    What is given out under a scan: what a colleague has checked for it, if anybody has.

    Raises:
        OtherLots: the pharmacist names others.
    """
    if scanned.checked_lots is None:
        return choice
    checked = {UUID(lot): units for lot, units in scanned.checked_lots["units"].items()}
    if choice.units and dict(choice.units) != checked:
        raise OtherLots
    reason = choice.reason or scanned.checked_lots["reason"]
    return Choice(checked, reason, choice.boxes)


def remember(scanned: Scan, choice: Choice) -> None:
    """The colleague has checked these lots; the caller holds the prescription's row."""
    units = {str(lot): units for lot, units in choice.units.items()}
    scanned.checked_lots = {"units": units, "reason": choice.reason}
    scanned.save(update_fields=["checked_lots"])


def take(
    prescription: Prescription,
    taken: Taken,
    choice: Choice,
    entry: chain.Appended,
    *,
    by: Actor,
    at: datetime,
) -> list[Movement]:
    """The units leave their lots, each with the entry that says so."""
    return Movement.objects.bulk_create(
        Movement(
            lot=lot,
            kind=Movement.Kind.DISPENSED,
            quantity=-units,
            reason=choice.reason,
            by_id=by.account,
            at=at,
            prescription=prescription,
            entry=entry.leaf,
        )
        for lot, units in taken
    )


def check_not_recalled(medicine: str, number: str) -> None:
    """From now on until the transaction ends; the caller holds the item. Raises ``RecalledLot``."""
    recalls.hold([medicine])
    if queries_stock.is_recalled(medicine, number):
        raise RecalledLot(lot=number)


def _of_item(lots: Sequence[Lot], wanted: int, choice: Choice, at: datetime) -> Taken:
    named = [(lot, choice.units[lot.id]) for lot in lots if lot.id in choice.units]
    day = calendar.legal_day(at)
    for lot, units in named:
        if lot.recalled:
            raise RecalledLot(lot=lot.number)
        if not lot.usable(day):
            raise UnusableLot(lot=lot.number)
        if lot.on_hand < units:
            raise TooFewInLot(lot=lot.number, left=lot.on_hand)
    if named and sum(units for _, units in named) != wanted:
        raise WrongUnits(field="lots", needed=wanted)
    if named and choice.reason:
        return named
    first = _first_expired(lots, wanted, at)
    if named and _by_expiry(named) != _by_expiry(first):
        raise NotFirst(lot=first[0][0].number, expires_on=first[0][0].expires_on.isoformat())
    return named or first


def _first_expired(lots: Iterable[Lot], wanted: int, at: datetime) -> Taken:
    """Of the lots, in the order of their expiry, as many units as are wanted."""
    day, taken = calendar.legal_day(at), []
    for lot in lots:
        units = min(wanted, lot.on_hand) if lot.usable(day) else 0
        if units:
            taken.append((lot, units))
            wanted -= units
    if wanted:
        raise NoUsableLot(missing=wanted)
    return taken


def _by_expiry(taken: Taken) -> Counter[date]:
    """Day → units: of lots that expire together either may be taken."""
    units: Counter[date] = Counter()
    for lot, some in taken:
        units[lot.expires_on] += some
    return units
