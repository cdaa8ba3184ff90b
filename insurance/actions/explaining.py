"""
What a patient is told of the payers' decisions, and the pharmacy of what it is owed: the bill line
by line, and for each payer the entry that proves what it has decided.

The bill has numbers of lines and no names of medicines, so nothing sealed is opened for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models

from hospital.roles import Actor
from hospital.units import stamp, yuan
from insurance import explained, queries, queries_claims
from insurance.models import Bill, BillLine, Claim, LineShare
from insurance.pending import APPEALING, Cause
from insurance.policies.words import WORDS
from ledger import note
from ledger import queries as ledger
from ledger.entry import Statement
from prescriptions import lifecycle, permissions


def explain(prescription_id: UUID, *, by: Actor, at: datetime) -> dict[str, Any]:
    """
    The explanation of benefits of the bill in force, as it is now.

    Raises ``lifecycle.UnknownPrescription``, ``queries.NoBill`` and what
    ``permissions.check_party`` raises.
    """
    prescription = lifecycle.find(prescription_id)
    permissions.check_party(prescription, by)
    bill = queries.live_bill(prescription)
    models.prefetch_related_objects(
        [bill],
        *("shares__payer", "lines__shares", "reckonings__shares"),
        *("claims__payer", "claims__reversals", "pendings__payer"),
    )
    now = queries.reckoned(bill)
    shares = queries.shares(bill, now)
    waiting = queries_claims.to_decide(bill)
    entries = _entries(prescription.subject)
    with_it = queries.at_payment(bill, now)
    decided = {
        **{payer: _at_payment(bill, payer, fen) for payer, fen in with_it.items()},
        **{payer: _decided(bill, payer, payer in waiting) for payer in shares},
    }
    came_back = bool(bill.reckonings.all())
    return {
        "state": prescription.status,
        "total_fen": now.total_fen,
        "patient_fen": now.patient_fen,
        "came_back": came_back,
        "lines": []
        if came_back  # what is kept is known in all, and not line by line
        else explained.lines(
            [_line(one, bill) for one in bill.lines.all()], list(decided.values())
        ),
        "payers": [_paid(bill, payer, fen) for payer, fen in with_it.items()]
        + [
            {
                "payer": payer,
                "share_fen": fen,
                **_told(decided[payer], fen, waiting.get(payer, 0)),
                "entry": entries.get(payer),
                **_further(bill, payer, at),
            }
            for payer, fen in shares.items()
        ],
    }


def _line(one: BillLine, bill: Bill) -> explained.Line:
    payers = {share.id: share.payer.slug for share in bill.in_order}
    rows = sorted(one.shares.all(), key=lambda row: list(payers).index(row.share_id))
    shares = {payers[row.share_id]: (row.fen, _rules(row)) for row in rows if row.fen}
    return explained.Line(one.line, one.units, one.total_fen, one.patient_fen, shares)


def _rules(row: LineShare) -> str:
    """Which rules took how many fen of what the payer was asked about; the rest is its share."""
    taken = [f"{WORDS[rule]}{yuan(fen)}" for rule, fen in row.steps]
    return "、".join(taken) or "全额"


def _decided(bill: Bill, payer: str, waits: bool) -> explained.Decided:
    mine = _claims(bill, payer)
    last = mine[-1] if mine else None
    return explained.Decided(
        payer,
        _name(bill, payer),
        sum(map(queries_claims.standing, mine)),
        last.decision if last else "",
        last.reason if last else "none",
        waits,
    )


def _at_payment(bill: Bill, payer: str, fen: int) -> explained.Decided:
    return explained.Decided(payer, _name(bill, payer), fen, "", "none", at_payment=True)


def _paid(bill: Bill, payer: str, fen: int) -> dict[str, Any]:
    """Of who pays with the patient: nothing waits, and the entry of the payment proves it."""
    is_paid = bill.state == Bill.State.PAID
    kind, subject = lifecycle.PAY.kind, bill.prescription.subject
    entries = list(ledger.entries_about_all([subject], kind)) if is_paid else []
    last = max(entries, key=lambda one: one.version, default=None)
    return {
        "payer": payer,
        "share_fen": fen,
        "approved_fen": fen,
        "waiting_fen": 0,
        "refused_fen": 0,
        "decision": "",
        "reason": "none",
        "zh": f"{_name(bill, payer)}付款时{'已付' if is_paid else '支付'}{yuan(fen)}。",
        "entry": {"leaf": last.leaf.hex(), "version": last.version} if last else None,
        "settled": is_paid,
        "waits_for_a_person": False,
        "asks": None,
        "appeal_until": None,
    }


def _name(bill: Bill, payer: str) -> str:
    return next(one.payer.name for one in bill.in_order if one.payer.slug == payer)


def _claims(bill: Bill, payer: str) -> list[Claim]:
    mine = [one for one in bill.claims.all() if one.payer.slug == payer]
    return sorted(mine, key=lambda one: one.number)


def _told(decided: explained.Decided, share: int, waits: int) -> dict[str, Any]:
    refused = share - decided.approved_fen - waits
    words = [f"{decided.name}应付{yuan(share)}，已同意{yuan(decided.approved_fen)}"]
    if waits:
        words.append(f"{yuan(waits)}审核中")
    if refused:
        words.append(f"未同意{yuan(refused)}：{explained.REASONS_ZH[decided.reason]}")
    return {
        "approved_fen": decided.approved_fen,
        "waiting_fen": waits,
        "refused_fen": refused,
        "decision": decided.decision,
        "reason": decided.reason,
        "zh": f"{'，'.join(words)}。",
    }


def _further(bill: Bill, payer: str, at: datetime) -> dict[str, Any]:
    """What can still be done, and what the patient is asked for."""
    mine = _claims(bill, payer)
    pendings = [one for one in bill.pendings.all() if one.payer.slug == payer]
    waits = next((one for one in pendings if one.closed_at is None), None)
    asked = waits if waits is not None and waits.field and waits.withheld_at is None else None
    appealed = any(one.cause == Cause.APPEALED for one in pendings)
    until = mine[-1].decided_at + APPEALING if mine else None
    return {
        "settled": bool(mine) and all(one.settlement_id for one in mine if one.approved_fen),
        "waits_for_a_person": waits is not None,
        "asks": {"field": asked.field, "until": stamp(asked.field_until)}
        if asked is not None and asked.field_until is not None
        else None,
        "appeal_until": stamp(until) if until and not appealed and at < until else None,
    }


def _entries(subject: str) -> Mapping[str, dict[str, Any]]:
    """Payer → its last decision's entry; its receipt is at ``/api/receipts/{leaf}``."""
    found: dict[str, dict[str, Any]] = {}
    for one in ledger.entries_about_all([subject], lifecycle.CLAIM.kind):
        payer = str(Statement.parse(note.parse(one.note).text).facts["payer"])
        if payer not in found or found[payer]["version"] < one.version:
            found[payer] = {"leaf": one.leaf.hex(), "version": one.version}
    return found
