"""
A patient has all that is known about him or her erased.

What no law wants kept is gone with the answer: its keys are destroyed. What a law wants kept opens
to the regulator alone until its day; then ``records.forget_kept`` destroys it. Entries and proofs
stay.

Source: Personal Information Protection Law, art. 47; ``hospital.retention``.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from hospital import erasurelaw, errors, keydrafts, records, retention, signing
from hospital.actions import leaving
from hospital.consultations import retention as of_consultations
from hospital.corrections import retention as of_corrections
from hospital.guardians import retention as of_guardians
from hospital.models import Account, SealedRecord
from hospital.roles import Actor, Role
from hospital.units import stamp
from insurance import queries
from insurance.models import Insured
from ledger import chain
from ledger.entry import Statement
from prescriptions import retention as of_prescriptions
from prescriptions.models import Prescription
from prescriptions.sharing import retention as of_sharing

LOOKED_BACK = timedelta(days=1)


class Unfinished(errors.Conflict):
    """Something is still open: finish it or withdraw it, then ask again; ``open`` says what."""

    code = "erasure.unfinished"


class Done(errors.Gone):
    """Everything about you was erased; the account is closed."""

    code = "erasure.done"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many records are gone, how many are kept for the regulator, the last until when."""

    erased: int
    kept: int
    until: datetime | None

    @property
    def facts(self) -> dict[str, Any]:
        until = {"until": stamp(self.until)} if self.until else {}
        return {"erased": self.erased, "kept": self.kept, **until}


def draw(*, by: Actor, key: str, at: datetime) -> tuple[Statement, Outcome]:
    """The statement that erases, and what it comes to. Raises what ``erase`` raises."""
    if Account.objects.get(id=by.account).left_at is not None:
        raise Done
    _check_finished(by)
    outcome = _outcome(_kept(by.account, at))
    return signing.draw(_draft(uuid4(), outcome, by), by=by, key=key, at=at), outcome


@transaction.atomic(savepoint=False)
def erase(signed: str, *, by: Actor, at: datetime) -> tuple[Outcome, chain.Appended]:
    """
    Erase everything about the patient ``by``, and end the account.

    Opt-ins end first, in the order in which a delivery takes its locks. The prescriptions are
    locked, as by every command about one, then the account's row against all that would refer to
    it: what somebody does meanwhile came first and is erased too, or finds a patient who has left.

    Raises:
        Done, Unfinished: see each; and what ``signing.append`` raises. A record that came after the
        statement was drawn is a ``signing.AlteredStatement``.
    """
    list(Prescription.objects.select_for_update().filter(patient=by.account).order_by("id"))
    of_sharing.end(by.account, at=at)
    account = Account.objects.select_for_update(of=("self",)).get(id=by.account)
    if account.left_at is not None:
        raise Done
    _check_finished(by)
    erasure_id, _ = signing.new_subject(signed, erasurelaw.FAMILY, at)
    kept = _kept(by.account, at)
    outcome = _outcome(kept)
    entry = signing.append(_draft(erasure_id, outcome, by), signed, by=by, at=at)
    _close(kept)
    of_consultations.forget_evidence(by.account)
    Insured.objects.filter(patient_id=by.account).delete()
    leaving.leave(account, at=at)
    return outcome, entry


def sweep(*, at: datetime) -> int:
    """
    Erase what came in at the very moment at which its patient left, a doctor's draft for example.

    It can only come from a request that was under way; so a day is looked back. How many records.
    """
    left = Account.objects.filter(left_at__gt=at - LOOKED_BACK).order_by("left_at")
    return sum(_close(_kept(one, at)) for one in left.values_list("id", flat=True))


def _check_finished(by: Actor) -> None:
    still = {
        "prescriptions": of_prescriptions.unfinished(by.account),
        "consultations": of_consultations.unfinished(by.account),
        "corrections": of_corrections.unfinished(by.account),
        "claims": queries.undecided_of(by.account).count(),
        "payments": queries.open_for_a_ward(by.account).count(),
        "refunds": queries.owed_back()
        .filter(payment__bill__prescription__patient_id=by.account)
        .count(),
        "rewards": queries.rewards_owed(by.account),
    }
    if any(still.values()):
        raise Unfinished(open={name: count for name, count in still.items() if count})


def _kept(patient: UUID, at: datetime) -> dict[UUID, datetime | None]:
    """Each of the patient's records, and until when it has to be kept from ``at`` on."""
    disputable = {
        **dict(of_consultations.of_consultations(patient)),
        **dict(of_prescriptions.of_prescriptions(patient)),
    }
    of_all = (
        *retention.of_hospital(patient),
        *of_guardians.of_guardians(patient),
        *disputable.items(),
        *of_corrections.of_corrections(patient, disputable),
    )
    return {record: until if until and until > at else None for record, until in of_all}


def _outcome(kept: dict[UUID, datetime | None]) -> Outcome:
    ends = [until for until in kept.values() if until]
    return Outcome(len(kept) - len(ends), len(ends), max(ends, default=None))


def _close(kept: dict[UUID, datetime | None]) -> int:
    """How many were open before."""
    closed = 0
    together: dict[datetime | None, list[UUID]] = defaultdict(list)
    for record, until in kept.items():
        together[until].append(record)
    for until, ids in together.items():
        which = SealedRecord.objects.filter(id__in=ids, kept_until=None)
        closed += records.forget(which) if until is None else records.keep(which, until)
    return closed


def _draft(erasure_id: UUID, outcome: Outcome, by: Actor) -> signing.Draft:
    assert by.role is Role.PATIENT
    line, tag = keydrafts.place_of(by)
    return signing.Draft(
        kind=erasurelaw.KIND,
        subject=f"{erasurelaw.FAMILY}/{erasure_id.hex}",
        patient=tag,
        facts=outcome.facts,
        line=line,
    )
