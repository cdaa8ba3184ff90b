"""The shelf over HTTP: prices, receipts, counts, lots, and the narcotics' ledger."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hospital import calendar, errors, http, paging
from hospital.roles import Role
from hospital.units import stamp
from ledger.note import encode_base64
from pharmacy import queries_stock
from pharmacy.actions import boxes, receiving, reconciling, stock
from pharmacy.actions.lots import UnknownLot
from pharmacy.codefields import Codes
from pharmacy.lots import NUMBER_MAX, REASON_MAX, Count, Lot, Placing
from pharmacy.models import StockItem
from prescriptions.api_register import period

UNITS_MAX = 10_000_000
DAYS_MAX = 3_660


class BadDays(errors.Invalid):
    """A whole number of days, 0 to 3,660."""

    code = "lot.bad_days"


class Stock(http.Command):
    """Say what the caller's pharmacy asks for one unit of a medicine, and how it is kept."""

    roles = (Role.PHARMACIST,)

    class Input(http.Strict):
        medicine = http.Text(max_length=40)
        price_fen = http.Whole(min_value=0, max_value=100_000_000)
        storage = serializers.ChoiceField(
            StockItem.Storage.choices, default=StockItem.Storage.ROOM.value
        )

    def act(self, call: http.Call) -> dict[str, Any]:
        item = stock.set_item(**call.values, by=call.by)
        return {
            "medicine": item.medicine_id,
            "storage": item.storage,
            "on_hand": item.on_hand,
            "reserved": item.reserved,
        }


class NotesCollisions(http.Endpoint):
    """What scans boxes in; a code that another pharmacy has, or that was used, is written down."""

    def handle_exception(self, exc: Exception) -> Response:
        try:
            if isinstance(exc, boxes.KnownCode):
                codes = exc.facts["codes"]
                boxes.note_collisions(codes, by=self.actor, at=timezone.now())
        except Exception as fault:  # what cannot be written down is not answered either
            return super().handle_exception(fault)
        return super().handle_exception(exc)


class Receipts(NotesCollisions, http.Command):
    """Receive goods: units of one lot, from a delivery note."""

    roles = (Role.PHARMACIST,)
    success = 201

    class Input(http.Strict):
        medicine = http.Text(max_length=40)
        number = http.Text(max_length=NUMBER_MAX, help_text="the lot's (批号)")
        expires_on = serializers.DateField(help_text="the last day on which it may be used")
        units = http.Whole(min_value=1, max_value=UNITS_MAX)
        document = http.Text(max_length=REASON_MAX, help_text="the delivery note's number")
        storage = serializers.ChoiceField(
            StockItem.Storage.choices,
            default="",
            allow_blank=True,
            help_text="in which class it travelled; said where it is kept cold",
        )
        boxes = Codes(default=list, help_text="codes that were scanned")
        box_units = http.Whole(
            min_value=1, max_value=10_000, default=1, help_text="dispensing units of a sealed box"
        )

    def act(self, call: http.Call) -> dict[str, Any]:
        return shown_lot(receiving.receive(receiving.Goods(**call.values), **call.doer))


class Counts(http.Command):
    """Write down what was counted of a lot; a difference has a reason."""

    roles = (Role.PHARMACIST,)
    success = 201

    class Input(http.Strict):
        lot = serializers.UUIDField()
        units = http.Whole(min_value=0, max_value=UNITS_MAX)
        reason = http.Text(max_length=REASON_MAX, default="", allow_blank=True)
        missing = Codes(default=list, help_text="codes of boxes that are not there any more")

    def act(self, call: http.Call) -> dict[str, Any]:
        asked, missing = call.values, call.values["missing"]
        counted = receiving.count(
            asked["lot"], asked["units"], asked["reason"], **call.doer, missing=missing
        )
        return {"id": str(counted.id), **_count(counted)}


class Confirm(http.Command):
    """Confirm, as another person, a difference of a narcotic that a colleague counted."""

    roles = (Role.PHARMACIST,)

    def act(self, call: http.Call) -> dict[str, Any]:
        counted = receiving.confirm(call.where["count_id"], **call.doer)
        return {"id": str(counted.id), **_count(counted)}


class Put(http.Command):
    """
    Put a lot aside, so that nothing of it is given out, or back; who did so, when and why, the
    newest first.
    """

    roles = (Role.PHARMACIST,)
    query = {"cursor": "next of the page before", "size": "1 to 50; 20 if left out"}

    class Input(http.Strict):
        state = serializers.ChoiceField(Lot.State.choices)
        reason = http.Text(max_length=REASON_MAX)

    def get(self, request: Request, lot_id: UUID) -> Response:
        mine = self.actor.organisation_id
        if not queries_stock.has_lot(lot_id, mine):
            raise UnknownLot
        wanted = paging.Wanted.asked(request.query_params)
        page, following = queries_stock.placings_of(lot_id, mine, wanted)
        return Response(
            {
                "placings": [_placing(one) for one in page],
                "next": str(following) if following else None,
            }
        )

    def act(self, call: http.Call) -> dict[str, Any]:
        return shown_lot(receiving.put(call.where["lot_id"], **call.values, **call.doer))


class Lots(http.Query):
    """The lots of the caller's pharmacy that are not empty; what expires first stands first."""

    roles = (Role.PHARMACIST,)
    query = {
        "medicine": "of this medicine alone",
        "days": "what expires within so many days: 近效期",
        "cursor": "next of the page before",
        "size": "1 to 50; 20 if left out",
    }

    def show(self, call: http.Call) -> dict[str, Any]:
        asked, today = self.request.query_params, calendar.legal_day(call.at)
        days = _days(self.request)
        rows = queries_stock.lots_of(
            call.by.organisation_id,
            medicine=asked.get("medicine", "").replace("\x00", ""),
            expires_by=None if days is None else queries_stock.soon(today, days),
        )
        page, following = queries_stock.by_expiry(rows, paging.Wanted.asked(asked))
        return {
            "lots": [
                {**shown_lot(one), "recalled": one.recalled, "usable": one.usable(today)}
                for one in page
            ],
            "next": str(following) if following else None,
        }


class Reconciliation(http.Query):
    """
    Books and goods (账物相符) of narcotics and psychotropics of class I, lot by lot.

    A pharmacist reads the own pharmacy's, a regulator any (``pharmacy``). Both days are
    Asia/Shanghai days, at most 31; today alone if left out. ``entries`` is what the signed entries
    of the ledger say was given out; ``differences`` names what does not agree.
    """

    roles = (Role.PHARMACIST, Role.REGULATOR)
    query = {
        "since": "the first day, as 2026-11-26",
        "until": "the day after the last",
        "pharmacy": "for a regulator: whose",
    }

    def show(self, call: http.Call) -> dict[str, Any]:
        days = period(self.request, calendar.legal_day(call.at))
        asked = self.request.query_params.get("pharmacy", "").replace("\x00", "")
        found = reconciling.reconcile(asked, days, by=call.by)
        return {
            "since": days[0].isoformat(),
            "until": days[1].isoformat(),
            "dispensings": found.dispensings,
            "lots": [_balance(one) for one in found.balances],
            "unknown": found.unknown,
            "differences": found.differences,
        }


def shown_lot(lot: Lot) -> dict[str, Any]:
    return {
        "id": str(lot.id),
        "medicine": lot.item.medicine_id,
        "storage": lot.item.storage,
        "number": lot.number,
        "expires_on": lot.expires_on.isoformat(),
        "on_hand": lot.on_hand,
        "coded": lot.coded,
        "state": lot.state,
        "reason": lot.state_reason,
        "came_back": lot.back_from_id is not None,
    }


def _placing(one: Placing) -> dict[str, Any]:
    return {
        "state": one.state,
        "reason": one.reason,
        "by": str(one.by_id),
        "at": stamp(one.at),
    }


def _count(counted: Count) -> dict[str, Any]:
    return {
        "units": counted.units,
        "expected": counted.expected,
        "reason": counted.reason,
        "state": counted.state,
        "counted_at": stamp(counted.counted_at),
        "confirmed_at": stamp(counted.confirmed_at) if counted.confirmed_at else None,
    }


def _balance(one: reconciling.Balance) -> dict[str, Any]:
    lot = one.lot
    return {
        "medicine": lot.item.medicine_id,
        "number": lot.number,
        "expires_on": lot.expires_on.isoformat(),
        "commitment": lot.commitment,
        "salt": encode_base64(bytes(lot.salt)),
        "opening": one.opening,
        "received": one.received,
        "dispensed": one.dispensed,
        "corrected": one.corrected,
        "returned": one.returned,
        "destroyed": one.destroyed,
        "closing": one.closing,
        "entries": one.entries,
        "count": _count(one.count) if one.count else None,
        "differences": one.differences,
    }


def _days(request: Request) -> int | None:
    text = request.query_params.get("days")
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 4 and int(text) <= DAYS_MAX):
        raise BadDays(field="days", most=DAYS_MAX)
    return int(text)
