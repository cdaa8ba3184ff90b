"""
Who may look, decided for any grants and emergencies: compared with a small model written here.

The rows are made for one example and rolled back; the model knows nothing of SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hospital import records
from hospital.consents import EMERGENCY, OPENED_BY_EMERGENCY, TERMS, Purpose
from hospital.models import Emergency, Grant
from hospital.permissions import NotGranted, basis_to_read
from hospital.roles import Role
from tests.journeys.watching import account
from tests.world import World

NOW = datetime(2026, 5, 6, 4, 0, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
FIELDS = TERMS[Purpose.TREATMENT].fields
ENDS = st.sampled_from([NOW - MOMENT, NOW, NOW + MOMENT, NOW + timedelta(days=1)])
DOCTORS = ("here", "colleague", "elsewhere")
WORKS_AT = {"here": "A", "colleague": "A", "elsewhere": "B", "reviewer": "A", "patient": ""}


@dataclass(frozen=True)
class Granted:
    patient: str
    to: str
    only: str
    fields: tuple[str, ...]
    until: datetime
    withdrawn: bool


@dataclass(frozen=True)
class Opened:
    patient: str
    by: str
    until: datetime
    verdict: str
    seconded: bool


def granted(to: str) -> st.SearchStrategy[Granted]:
    """A grant to an organisation: everybody there, or one of those who work there."""
    there = [name for name in DOCTORS if WORKS_AT[name] == to]
    return st.builds(
        Granted,
        patient=st.sampled_from(["mine", "another's"]),
        to=st.just(to),
        only=st.sampled_from(["", *there]),
        fields=st.sets(st.sampled_from(FIELDS), min_size=1).map(lambda some: tuple(sorted(some))),
        until=ENDS,
        withdrawn=st.booleans(),
    )


GRANTS = st.lists(granted("A") | granted("B"), max_size=5)
EMERGENCIES = st.lists(
    st.builds(
        Opened,
        patient=st.sampled_from(["mine", "another's"]),
        by=st.sampled_from(DOCTORS),
        until=ENDS,
        verdict=st.sampled_from(["", "justified", "unjustified"]),
        seconded=st.booleans(),
    ).filter(lambda one: one.seconded or not one.verdict),
    max_size=3,
)


def expected(
    reader: str, grants: list[Granted], emergencies: list[Opened]
) -> tuple[str, int] | None:
    """The purpose of the look and how many kinds of fields it opens; None if nothing opens."""
    if reader not in DOCTORS:
        return None
    widths = [0]
    for one in grants:
        names_reader = one.to == WORKS_AT[reader] and one.only in ("", reader)
        if one.patient == "mine" and names_reader and one.until > NOW and not one.withdrawn:
            widths.append(len(one.fields))
    if max(widths):
        return "treatment", max(widths)
    for glass in emergencies:
        in_time = glass.seconded and glass.until > NOW and glass.verdict != "unjustified"
        if glass.patient == "mine" and glass.by == reader and in_time:
            return EMERGENCY, len(OPENED_BY_EMERGENCY)
    return None


@pytest.fixture(scope="module")
def people(session_world: World) -> SimpleNamespace:
    world = session_world
    members = {
        "here": world.doctor,
        "colleague": world.other_doctor,
        "elsewhere": world.foreign_doctor,
        "reviewer": world.reviewer,
        "patient": world.a_patient().client,
    }
    return SimpleNamespace(
        accounts={name: account(client) for name, client in members.items()},
        patients={name: account(world.a_patient().client) for name in ("mine", "another's")},
        hospitals={"A": world.hospital, "B": world.foreign_hospital},
        regulator=account(world.regulator),
        seconder=account(world.foreign_colleague),
    )


def store(people: SimpleNamespace, grants: list[Granted], emergencies: list[Opened]) -> None:
    begun = NOW - timedelta(days=1)
    for one in grants:
        Grant.objects.create(
            id=uuid4(),
            patient=people.patients[one.patient],
            organisation=people.hospitals[one.to],
            account=people.accounts[one.only] if one.only else None,
            purpose="treatment",
            fields=list(one.fields),
            since=begun,
            until=one.until,
            withdrawn_at=NOW if one.withdrawn else None,
        )
    for glass in emergencies:
        judged: dict[str, Any] = {"reviewer": people.regulator, "reviewed_at": NOW}
        seconded: dict[str, Any] = {"seconder": people.seconder, "opened_at": begun}
        Emergency.objects.create(
            id=uuid4(),
            patient=people.patients[glass.patient],
            doctor=people.accounts[glass.by],
            record=records.seal({"reason": "x"}),
            pleaded_at=begun,
            until=glass.until,
            **(seconded if glass.seconded else {}),
            verdict=glass.verdict,
            **(judged if glass.verdict else {}),
        )


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(list(WORKS_AT)), GRANTS, EMERGENCIES)
def test_what_opens_is_what_the_model_opens(database, people, reader, grants, emergencies):
    """Z1, Z3, Z9: every reader × grant × emergency × end, to the microsecond."""
    by = people.accounts[reader].actor
    with transaction.atomic():
        store(people, grants, emergencies)
        found = None
        try:
            basis = basis_to_read(people.patients["mine"].id, Purpose.TREATMENT, by=by, at=NOW)
            found = (basis.purpose, len(basis.fields))
            assert _row(basis.subject).patient == people.patients["mine"]
        except NotGranted:
            pass
        transaction.set_rollback(True)
    assert found == expected(reader, grants, emergencies)


def _row(subject: str) -> Grant | Emergency:
    """What the basis names is a row of that kind."""
    kind, _, name = subject.partition("/")
    model = {"grant": Grant, "emergency": Emergency}[kind]
    row: Grant | Emergency = model.objects.get(id=UUID(hex=name))  # type: ignore[attr-defined]
    return row


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.PHARMACIST, Role.AGENT, Role.COURIER])
def test_no_other_role_reads_for_treatment(world, patient, role):
    """Z2, Z4: not even at the organisation that the grant names."""
    from tests.journeys.looking import grants

    by = account(
        {
            Role.REVIEWER: world.reviewer,
            Role.PHARMACIST: world.pharmacist,
            Role.AGENT: world.fund_agent,
            Role.COURIER: world.courier,
        }[role]
    ).actor
    grants(patient, world.hospital.slug)
    with transaction.atomic(), pytest.raises(NotGranted):
        basis_to_read(UUID(patient.account), Purpose.TREATMENT, by=by, at=datetime.now(UTC))
