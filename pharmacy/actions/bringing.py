"""
Bring in what was given out while the server could not be reached.

The slip says what happened; whether it counts is judged by what the chain says now. If the
prescription still stands where the patient's receipts left it, the pharmacist's statement dispenses
it like any other, and says that it was given before. If not, it says that it collides, for which
reason: the state stays, and patient, payer and regulator see two who gave, or one who gave too
much. Nothing that was given is refused a place in the log; what is refused is what proves nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hospital.roles import Actor
from hospital.units import stamp
from ledger import chain
from ledger.entry import Statement
from pharmacy.actions import boxes, checklist, dispensing, judging_slips, lots
from pharmacy.actions.judging_slips import Brought, Judged
from pharmacy.brought import OfflineSlip
from pharmacy.models import Scan
from prescriptions import lifecycle
from prescriptions.models import Prescription


def draw(
    brought: Brought, *, by: Actor, key: str, at: datetime
) -> tuple[Statement, Prescription, Judged]:
    """The statement by which the slip counts, or collides; raises as ``bring``."""
    slip, code = judging_slips.read(brought, by, at)
    prescription = lifecycle.find(UUID(hex=slip.subject.removeprefix("rx/")))
    judged = judging_slips.judge(prescription, slip, code, brought, by, at)
    move, facts = _deed(prescription, brought, judged, by)
    statement = lifecycle.propose(prescription, move, by=by, key=key, at=at, facts=facts)
    return statement, prescription, judged


@transaction.atomic(savepoint=False)
def bring(
    brought: Brought, signed: str, *, by: Actor, at: datetime
) -> tuple[OfflineSlip, Prescription, chain.Appended]:
    """
    Enter what was given out offline, under the pharmacist's signature.

    Raises:
        checklist.Unchecked, lifecycle.UnknownPrescription; what ``judging_slips.read``,
        ``judging_slips.judge``, ``lots.choose`` and ``lifecycle.advance`` raise. If the
        outcome is another than what was drawn: signing.StaleStatement, signing.AlteredStatement.
    """
    slip, code = judging_slips.read(brought, by, at)
    prescription = lifecycle.lock(UUID(hex=slip.subject.removeprefix("rx/")))
    judged = judging_slips.judge(prescription, slip, code, brought, by, at)
    move, facts = _deed(prescription, brought, judged, by)
    columns = {} if judged.reason else {"dispensed_by_id": by.person}
    entry = lifecycle.advance(
        prescription, move, by=by, at=at, signed=signed, facts=facts, **columns
    )
    if not judged.reason:
        _hand_out(prescription, brought, judged, entry, by, at)
    return _remember(prescription, brought, judged, entry, by, at), prescription, entry


def _deed(
    prescription: Prescription, brought: Brought, judged: Judged, by: Actor
) -> tuple[lifecycle.Move, dict[str, Any]]:
    slip = judged.slip
    said: dict[str, Any] = {"pharmacy": slip.pharmacy, "lines": dict(slip.lines)}
    given: dict[str, Any] = {"given_at": stamp(slip.given_at), "slip": slip.digest}
    if judged.reason:
        return lifecycle.COLLIDE, {**said, **given, "reason": judged.reason}
    scanned = _scan(prescription, judged, by)
    leaving = boxes.facts_of(_given(brought, judged, scanned), scanned)
    checked = {"checks": checklist.facts_of(brought.checks), "scan": slip.scan}
    offline_facts = {**given, "beyond": list(judged.beyond)}
    return lifecycle.DISPENSE, {**said, **leaving, **checked, "offline": offline_facts}


def _hand_out(
    prescription: Prescription,
    brought: Brought,
    judged: Judged,
    entry: chain.Appended,
    by: Actor,
    at: datetime,
) -> None:
    scanned = _scan(prescription, judged, by)
    scanned.save(force_insert=True)
    given = _given(brought, judged, scanned)
    dispensing.hand_out(prescription, given, scanned, entry, by=by, at=at)


def _given(brought: Brought, judged: Judged, scanned: Scan) -> lots.Given:
    given = lots.Given(dict(judged.slip.lines), brought.choice, brought.checks)
    return boxes.complete(given, scanned)


def _scan(prescription: Prescription, judged: Judged, by: Actor) -> Scan:
    """The scan that the slip stands for, made when it was given."""
    return Scan(
        id=UUID(hex=judged.slip.scan),
        nonce=judged.code.nonce,
        number=1,
        prescription=prescription,
        pharmacist_id=by.account,
        pharmacy_id=by.organisation_id,
        scanned_at=judged.slip.given_at,
    )


def _remember(
    prescription: Prescription,
    brought: Brought,
    judged: Judged,
    entry: chain.Appended,
    by: Actor,
    at: datetime,
) -> OfflineSlip:
    return OfflineSlip.objects.create(
        digest=judged.slip.digest,
        prescription=prescription,
        pharmacy_id=by.organisation_id,
        pharmacist_id=by.account,
        slip=brought.slip,
        code=brought.code,
        given_at=judged.slip.given_at,
        created_at=at,
        outcome=judged.outcome,
        reason=judged.reason,
        beyond=list(judged.beyond),
        entry=entry.leaf,
    )
