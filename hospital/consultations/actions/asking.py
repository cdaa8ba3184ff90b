"""What the patient does: write a question, ask it, take it back or leave."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction

from hospital import acting, errors, identity, keydrafts, records, sealing
from hospital.calendar import legal_day
from hospital.consultations import content, lifecycle, queries
from hospital.consultations.actions import ending
from hospital.consultations.models import Consultation, State
from hospital.models import Account, Person
from hospital.roles import Actor
from hospital.units import stamp
from ledger import chain
from ledger.entry import Statement

BATCH = 200


class BadEvidence(errors.Invalid):
    """An earlier diagnosis was made in the past."""

    code = "consultation.bad_evidence"


class TooManyOpen(errors.Conflict):
    """You have asked as many doctors as one may at a time; end a consultation or wait."""

    code = "consultation.too_many_open"


@transaction.atomic(savepoint=False)
def write(values: Mapping[str, Any], *, by: Actor, at: datetime) -> Consultation:
    """
    Store a question, sealed; nobody sees it before it is asked.

    ``values`` are ``inputs.QuestionInput``'s.

    Raises:
        keydrafts.IdentityMissing, queries.UnknownDepartment, BadEvidence: see each; and what
        ``acting.hold`` raises.
    """
    acting.hold(by, at=at)
    person = Account.objects.select_related("person").get(id=by.patient).person
    if person is None:
        raise keydrafts.IdentityMissing
    department = queries.department(values["department"])
    earlier = values["earlier"]
    if earlier is not None and earlier["on"] > legal_day(at):
        raise BadEvidence(field="earlier")
    told = content.question(patient=_who(person), complaint=values["complaint"], earlier=earlier)
    consultation_id = uuid4()
    codes = [one["code"] for one in earlier["diagnoses"]] if earlier else []
    return Consultation.objects.create(
        id=consultation_id,
        patient_id=by.patient,
        hospital=department.organisation,
        department=department,
        record=records.seal(told),
        earlier=content.digests(codes, consultation_id),
        created_at=at,
        accept_until=at + lifecycle.ASKING,
        close_until=at + lifecycle.TALKING,
    )


def draw_ask(consultation_id: UUID, *, by: Actor, key: str, at: datetime) -> Statement:
    consultation = lifecycle.find(consultation_id)
    _check_room(consultation, by=by, at=at)
    facts = _ask_facts(consultation)
    return ending.propose(consultation, lifecycle.ASK, by=by, key=key, at=at, facts=facts)


@transaction.atomic(savepoint=False)
def ask(
    consultation_id: UUID, signed: str, *, by: Actor, at: datetime
) -> tuple[Consultation, chain.Appended]:
    """
    Ask the department, under the patient's signature.

    Asking is one after the other for each patient: the account's row is locked behind the
    consultation's, so whoever waited counts what was asked meanwhile.

    Raises:
        TooManyOpen: see there; and what ``lifecycle.advance`` raises.
    """
    consultation = lifecycle.lock(consultation_id)
    Account.objects.select_for_update(no_key=True).only("id").get(id=by.patient)
    _check_room(consultation, by=by, at=at)
    facts = _ask_facts(consultation)
    entry = lifecycle.advance(consultation, lifecycle.ASK, by=by, at=at, signed=signed, facts=facts)
    return consultation, entry


def forget_drafts(*, at: datetime) -> int:
    """Delete questions that nobody asked in time, with their content; how many."""
    old = Consultation.objects.filter(state=State.DRAFT, accept_until__lt=at)
    drafts = list(old.select_related("record")[:BATCH])
    for consultation in drafts:
        with transaction.atomic():
            still = Consultation.objects.filter(id=consultation.id, state=State.DRAFT)
            if still.delete()[0]:
                consultation.record.delete()
    return len(drafts)


def _check_room(consultation: Consultation, *, by: Actor, at: datetime) -> None:
    """Raises ``TooManyOpen``, and first what ``lifecycle.check`` raises."""
    lifecycle.check(consultation, lifecycle.ASK, by=by, at=at)
    most = settings.CONSULTATIONS_MOST
    if queries.going_on(consultation.patient_id, at) >= most:
        raise TooManyOpen(most=most)


def _ask_facts(consultation: Consultation) -> dict[str, str]:
    ends = {name: stamp(at) for name, at in lifecycle.ends(consultation).items()}
    return {"hospital": consultation.hospital.slug, **ends}


def _who(person: Person) -> dict[str, str]:
    about = f"person/{person.handle.hex}"
    number = sealing.unseal(person.id_number, f"{about}/id_number").decode()
    return {
        "name": sealing.unseal(person.name, f"{about}/name").decode(),
        "sex": identity.sex(number),
        "born": identity.born(number).isoformat(),
    }
