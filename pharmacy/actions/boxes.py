"""
Boxes by code: scanned in, opened, emptied, lost; never another with the same code.

Whoever moves units of a lot holds its item's row; of what is moved, boxes are locked after it.
Without a code goes only what lies there without one: a lot that came before codes were scanned
(无码库) is given out as ever, and of what was scanned every box is named.

Source: NHSA and others, notice on collecting traceability codes (2025): scanned when sold from
2025-07-01, all of them from 2026-01-01; as Xinhua reported it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hospital import errors
from hospital.roles import Actor
from ledger import commitments
from pharmacy import queries_boxes
from pharmacy.actions import lots
from pharmacy.boxes import Box, BoxMove, Collision, commitment
from pharmacy.lots import Lot, Movement
from pharmacy.models import Scan

NAMED = 10
"""How many codes a refusal names."""


class KnownCode(errors.Conflict):
    """A box with this code was scanned before; no code stands on two boxes."""

    code = "box.known"


class SameCode(errors.Invalid):
    """A code was scanned twice in one call."""

    code = "box.twice"


class UnknownBox(errors.NotFound):
    """The pharmacy has no such box of what is moved."""

    code = "box.unknown"


class UsedBox(errors.Conflict):
    """Nothing is left in the box; its code was used."""

    code = "box.used"


class TooFewInBox(errors.Conflict):
    """The box has not so many units left."""

    code = "box.too_few"


class WrongBoxes(errors.Invalid):
    """The boxes hold more than is moved out of their lot, or lies in it without a code."""

    code = "box.wrong_units"


class CodeMissing(errors.Conflict):
    """So much does not lie there without a code; scan the boxes."""

    code = "stock.code_missing"


Named = list[tuple[Box, int]]
"""Boxes, whose rows are locked, and units of each."""


def scan(lot: Lot, codes: Sequence[str], units: int, *, by: Actor, at: datetime) -> None:
    """
    Boxes of ``units`` each lie in the lot; the caller holds its item's row.

    Of two pharmacies that scan one code at the same moment the database lets one through.

    Raises ``SameCode``, ``KnownCode``, ``WrongBoxes``.
    """
    if not codes:
        return
    if len(set(codes)) != len(codes):
        raise SameCode(field="boxes")
    if len(codes) * units > lot.loose:
        raise WrongBoxes(field="boxes", loose=lot.loose)
    made = [_new(lot, code, units, by, at) for code in sorted(codes)]
    Box.objects.bulk_create(made, ignore_conflicts=True)
    mine = {one.id for one in made}
    known = [one.code for one in queries_boxes.with_codes(codes) if one.id not in mine]
    if known:
        raise KnownCode(codes=known)
    BoxMove.objects.bulk_create(BoxMove(box=one, lot=lot, quantity=units) for one in made)
    lot.refresh_from_db(fields=["coded"])


@transaction.atomic
def note_collisions(codes: Collection[str], *, by: Actor, at: datetime) -> int:
    """
    Write down that the caller's pharmacy brought codes that another has, or that were used.

    What lies on the own shelf was scanned twice by mistake. How many were written down now.
    """
    elsewhere = [
        one
        for one in queries_boxes.with_codes(codes)
        if one.lot.item.pharmacy_id != by.organisation_id or one.on_hand == 0
    ]
    before = Collision.objects.filter(pharmacy_id=by.organisation_id, box__in=elsewhere)
    known = set(before.values_list("box_id", flat=True))
    new = [
        Collision(box=one, pharmacy_id=by.organisation_id, by_id=by.account, at=at)
        for one in elsewhere
        if one.id not in known
    ]
    Collision.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def complete(given: lots.Given, scanned: Scan) -> lots.Given:
    """
    What is given out, the lots of its boxes named with it.

    Where a colleague has checked the lots, the boxes are of those.

    Raises ``UnknownBox``, ``UsedBox``, ``TooFewInBox``.
    """
    choice = given.lots
    if not choice.boxes or scanned.checked_lots is not None:
        return given
    units: Counter[UUID] = Counter()
    for box in _known(choice.boxes, scanned.pharmacy_id):
        _check(box, choice.boxes[box.code])
        units[box.lot_id] += choice.boxes[box.code]
    return replace(given, lots=replace(choice, units={**units, **choice.units}))


def facts_of(given: lots.Given, scanned: Scan) -> dict[str, Any]:
    """The boxes as the entry names them; nothing if none is. Raises ``UnknownBox``."""
    boxes = given.lots.boxes
    if not boxes:
        return {}
    found = _known(boxes, scanned.pharmacy_id)
    return {"boxes": {one.commitment: boxes[one.code] for one in found}}


def choose(taken: lots.Taken, named: Mapping[str, int]) -> Named:
    """
    The boxes out of which what is taken of lots comes, their rows locked.

    Raises ``UnknownBox``, ``UsedBox``, ``TooFewInBox``, ``WrongBoxes``, ``CodeMissing``.
    """
    found = _locked([lot.id for lot, _ in taken], named)
    of_lots: Counter[UUID] = Counter()
    for box, units in found:
        _check(box, units)
        of_lots[box.lot_id] += units
    for lot, units in taken:
        bare = units - of_lots[lot.id]
        if bare < 0:
            raise WrongBoxes(field="boxes", lot=lot.number, units=units)
        if bare > lot.loose:
            raise CodeMissing(lot=lot.number, missing=bare - lot.loose)
    return found


def whole(lot: Lot, codes: Sequence[str], units: int) -> Named:
    """Sealed boxes that leave a lot together with ``units`` of it. Raises what ``choose`` does."""
    full = {one.code: one.holds for one in queries_boxes.with_codes(codes)}
    return choose([(lot, units)], {code: full.get(code, 0) for code in codes})


def lose(lot: Lot, codes: Sequence[str], difference: int) -> Named:
    """
    Boxes that a count did not find, with what was left in them.

    Raises ``UnknownBox``, ``UsedBox``, ``WrongBoxes``; ``CodeMissing`` if fewer units are left than
    lie in the boxes that were found.
    """
    found = [(one, one.on_hand) for one, _ in _locked([lot.id], dict.fromkeys(codes, 0))]
    for box, _ in found:
        _check(box, 0)
    gone = sum(units for _, units in found)
    if gone > max(-difference, 0):
        raise WrongBoxes(field="missing", lot=lot.number, units=max(-difference, 0))
    if lot.coded - gone > lot.on_hand + difference:
        raise CodeMissing(lot=lot.number, missing=lot.coded - gone - lot.on_hand - difference)
    return found


def take(named: Named, movements: Collection[Movement]) -> None:
    """Units leave their boxes, each with the movement of its lot."""
    of_lot = {one.lot_id: one for one in movements}
    BoxMove.objects.bulk_create(
        BoxMove(box=box, lot_id=box.lot_id, quantity=-units, movement=of_lot[box.lot_id])
        for box, units in named
    )


def put(found: Sequence[Box], arrived: Movement) -> None:
    """Boxes of a consignment lie in the lot in which it arrived, as full as they were sent."""
    Box.objects.filter(id__in=[one.id for one in found]).update(consignment=None)
    BoxMove.objects.bulk_create(
        BoxMove(box=one, lot_id=arrived.lot_id, quantity=one.holds, movement=arrived)
        for one in found
    )


def _new(lot: Lot, code: str, units: int, by: Actor, at: datetime) -> Box:
    salt = os.urandom(commitments.SALT_SIZE)
    return Box(
        code=code,
        lot=lot,
        holds=units,
        salt=salt,
        commitment=commitment(salt, code),
        scanned_by_id=by.account,
        scanned_at=at,
    )


def _check(box: Box, units: int) -> None:
    if box.on_hand == 0:
        raise UsedBox(box=box.code)
    if box.on_hand < units:
        raise TooFewInBox(box=box.code, left=box.on_hand)


def _known(codes: Collection[str], pharmacy: int | None) -> list[Box]:
    found = queries_boxes.with_codes(codes)
    here = [one for one in found if one.lot.item.pharmacy_id == pharmacy]
    if len(here) != len(codes):
        raise UnknownBox(boxes=sorted(set(codes) - {one.code for one in here})[:NAMED])
    return here


def _locked(among: Collection[UUID], named: Mapping[str, int]) -> Named:
    found = queries_boxes.lock(named, among) if named else []
    if len(found) != len(named):
        raise UnknownBox(boxes=sorted(set(named) - {one.code for one in found})[:NAMED])
    return [(one, named[one.code]) for one in found]
