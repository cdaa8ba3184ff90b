"""What is stated about guardianships, and the rows that their ends are written in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from hospital import access, errors, guardianlaw, services, signing
from hospital.guardians import rules
from hospital.guardians.models import Guardianship
from hospital.units import stamp
from ledger import chain, network


class UnknownGuardianship(errors.NotFound):
    """There is none, or it is not yours."""

    code = "guardianship.unknown"


class WrongState(errors.Conflict):
    """The guardianship was ended before."""

    code = "guardianship.wrong_state"


def found(rows: QuerySet[Guardianship], **named: UUID) -> Guardianship:
    """The live one among ``rows``. Raises ``UnknownGuardianship``, ``WrongState``."""
    one = rows.select_related("patient__person", "record").filter(**named).first()
    if one is None:
        raise UnknownGuardianship
    if one.state != guardianlaw.LIVE:
        raise WrongState
    return one


def ended(one: Guardianship, at: datetime) -> Guardianship:
    """Write down that it is over, beside its entry."""
    one.ended_at = max(at, one.since)  # a clock ahead of ours may have begun it
    one.save(update_fields=["ended_at"])
    return one


def beginning(kind: str, made: Guardianship) -> signing.Draft:
    """How one begins, registered or appointed."""
    named = {"guardian": made.guardian.actor.name, "until": stamp(made.until)}
    return _draft(kind, made, named)


def ending(one: Guardianship) -> signing.Draft:
    """How one ends, by whoever."""
    return _draft(guardianlaw.END, one, {})


def sign_as_registrar(draft: signing.Draft, at: datetime) -> None:
    """Enter what nobody signs but the server's registrar."""
    by = services.key_name("registrar", network.origin(draft.line))
    statement = draft.statement(by=by, at=at)
    chain.append(services.sign("registrar", statement), drawn=statement)


def _draft(kind: str, about: Guardianship, facts: dict[str, str]) -> signing.Draft:
    person = rules.person_of(about.patient)
    return signing.Draft(
        kind=kind,
        subject=about.subject,
        patient=access.patient_tag(person),
        facts=facts,
        commitment=bytes(about.record.commitment) if about.record else b"",
        line=access.line_of(person),
    )
