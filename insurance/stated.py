"""
What the database alone says about a patient, in the words of HL7 FHIR R4.

No entry commits to these rows, so nothing proves them: each resource carries ``bundle.STATED``.

Source: https://hl7.org/fhir/R4/.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hospital import fhir
from hospital.actions import keys, people
from hospital.consultations.models import Consultation
from hospital.faces.models import FaceCheck
from hospital.fhir import Resource
from hospital.guardians.models import Guardianship
from hospital.keystate import KeyState
from hospital.models import Address, Key, Person
from hospital.notices.kinds import SENTENCES, Kind
from hospital.notices.models import Notice, Subscription
from hospital.units import stamp
from insurance.bundle import STATED
from insurance.models import Insured, Payment, Refund
from ledger.queries import Entry
from pharmacy.models import Delivery, Substitution

_PAID = {"paid": "paid", "done": "paid"}
_ID_NUMBER = "urn:oid:2.16.156.10011.1.3"
"""居民身份证号 in the health ministry's tree of identifiers."""


def person(one: Person, tag: str) -> Resource:
    """The profile: as whom a face was recognised, and the phone number."""
    return _stated(
        "Person",
        one.handle.hex,
        name=[{"text": people.name_of(one)}],
        identifier=[{"system": _ID_NUMBER, "value": people.id_number_of(one)}],
        telecom=[{"system": "phone", "value": people.phone_of(one)}],
        link=[{"target": fhir.to("Patient", tag)}],
    )


def draft(one: Consultation, fields: dict[str, Any], tag: str) -> Resource:
    """A question that the patient has written and not asked."""
    attached = {
        "contentType": fields.get("picture/media_type"),
        "data": fields.get("picture/picture"),
    }
    return _stated(
        "Communication",
        one.id.hex,
        status="preparation",
        subject=fhir.to("Patient", tag),
        payload=[
            {"contentString": str(fields["complaint"])},
            *([{"contentAttachment": attached}] if attached["data"] else []),
        ],
        note=[{"text": f"{name}: {value}"} for name, value in fields.items() if _is_short(name)],
    )


def address(one: Address, fields: dict[str, Any]) -> Resource:
    """Where medicines are brought to."""
    return _stated(
        "Location",
        one.id.hex,
        name=fields["recipient"],
        telecom=[{"system": "phone", "value": fields["phone"]}],
        address={"text": fields["text"]},
    )


def device(one: Key, tag: str, at: datetime) -> Resource:
    """A phone by its key."""
    named = keys.device_of(one)
    return _stated(
        "Device",
        bytes(one.public_key).hex(),
        identifier=[{"value": one.name}],
        status="active" if one.state(at) is KeyState.ACTIVE else "inactive",
        deviceName=[{"name": named, "type": "user-friendly-name"}] if named else [],
        patient=fhir.to("Patient", tag),
        note=[
            {"text": f"registered {stamp(one.registered_at)}"},
            *([{"text": f"revoked {stamp(one.revoked_at)}"}] if one.revoked_at else []),
            *([{"text": f"last used on {one.last_used_on}"}] if one.last_used_on else []),
        ],
    )


def face(one: FaceCheck, tag: str) -> Resource:
    """A face check: for what, and whether the face was recognised."""
    return _stated(
        "VerificationResult",
        one.id.hex,
        target=[fhir.to("Patient", tag)],
        status="validated" if one.passed_at else "val-fail",
        statusDate=stamp(one.passed_at or one.ends_at),
        validationType=fhir.word(f"face, for {one.purpose}"),
        lastPerformed=stamp(one.created_at),
    )


def ward(one: Guardianship, own: str) -> Resource:
    """That the patient guards somebody; of the ward it has what the guardian's list has."""
    ended = one.ended_at or one.until
    return _stated(
        "RelatedPerson",
        f"ward-{one.id.hex}",
        active=one.ended_at is None,
        patient=fhir.who(str(one.patient_id), "Patient"),
        identifier=[{"value": own}, {"value": one.subject}],
        relationship=[fhir.word("GUARD", "http://terminology.hl7.org/CodeSystem/v3-RoleCode")],
        period={"start": stamp(one.since), "end": stamp(ended)},
    )


def notice(one: Notice, tag: str) -> Resource:
    """What the patient was told of, and whether it was read and sent."""
    return _stated(
        "Communication",
        one.id.hex,
        status="completed",
        category=[fhir.word("notification")],
        subject=fhir.to("Patient", tag),
        about=[fhir.who(one.subject)],
        sent=stamp(one.created_at),
        received=stamp(one.read_at) if one.read_at else None,
        payload=[{"contentString": SENTENCES[Kind(one.kind)]}],
        note=[{"text": f"WeChat: {one.outcome}"}] if one.outcome else None,
    )


def subscription(one: Subscription, tag: str) -> Resource:
    """How many more messages of a topic WeChat may deliver."""
    return _stated(
        "Basic",
        f"subscription-{one.topic}",
        code=fhir.word(f"WeChat messages about {one.topic}: {one.left} more"),
        subject=fhir.to("Patient", tag),
    )


def coverage(one: Insured, tag: str) -> Resource:
    """A policy by which the patient is insured, and the product whose editions say how."""
    policy = one.policy
    return _stated(
        "Coverage",
        f"coverage-{policy.id.hex}",
        status="active",
        beneficiary=fhir.to("Patient", tag),
        payor=[fhir.who(policy.payer.slug, "Organization")],
        period={"start": stamp(one.since), "end": stamp(policy.valid_until)},
        order=policy.rank,
        **{
            "class": [
                {
                    "type": fhir.word("plan"),
                    "value": policy.product.code,
                    "name": policy.product.name,
                }
            ]
        },
    )


def payment(one: Payment | Refund) -> Resource:
    """An order at WeChat Pay, or money that goes back."""
    paid_back = isinstance(one, Refund)
    number = one.out_refund_no if isinstance(one, Refund) else one.out_trade_no
    return _stated(
        "PaymentNotice",
        number,
        status="active",
        created=stamp(one.created_at),
        payment=fhir.who(number),
        recipient=fhir.who("patient" if paid_back else "pharmacy"),
        amount=fhir.money(one.amount_fen),
        paymentStatus=fhir.word(_PAID.get(one.state, one.state)),
    )


def substitution(one: Substitution, tag: str) -> Resource:
    """Another medicine that a pharmacy proposed for a line, and what the patient answered."""
    return _stated(
        "Basic",
        f"substitution-{one.id.hex}",
        identifier=[{"value": one.commitment}],
        code=fhir.word(f"line/{one.line} {one.item.medicine_id}: {one.answer or 'proposed'}"),
        subject=fhir.to("Patient", tag),
        created=one.proposed_at.date().isoformat(),
        author=fhir.who(one.prescription.subject),
    )


def delivery(one: Delivery, tag: str) -> Resource:
    """When a parcel left and came, and to which of the addresses."""
    done = one.delivered_at is not None
    return _stated(
        "SupplyDelivery",
        one.prescription_id.hex,
        status="completed" if done else "in-progress",
        patient=fhir.to("Patient", tag),
        occurrenceDateTime=stamp(one.delivered_at) if one.delivered_at else None,
        destination=fhir.to("Location", one.address_id.hex) if one.address_id else None,
    )


def listed(one: Entry, facts: Mapping[str, Any], at: datetime, sentence: str, tag: str) -> Resource:
    """A look at a list in which the patient stood; the entry itself names nobody."""
    return _stated(
        "AuditEvent",
        f"{one.leaf.hex()}",
        type={"system": "https://c2sp.org/tlog-entry", "code": "record.view"},
        action="R",
        recorded=stamp(at),
        outcomeDesc=sentence,
        agent=[{"who": fhir.who(str(facts["reader"])), "requestor": True}],
        source={"observer": fhir.who(one.log)},
        entity=[{"what": fhir.to("Patient", tag)}, {"what": fhir.who(str(facts["of"]))}],
    )


def _is_short(name: str) -> bool:
    return name.startswith("earlier/")


def _stated(kind: str, key: str, /, **members: Any) -> Resource:
    made = {"resourceType": kind, "id": key, "meta": {"tag": [dict(STATED)]}, **members}
    return {name: value for name, value in made.items() if value not in (None, [], "")}
