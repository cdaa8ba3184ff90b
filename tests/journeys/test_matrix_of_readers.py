"""
Who sees which words of a patient's data: every reader × every call, × every grant and emergency.

The tables of ``cells`` say what opens; these tests walk all cells through the interface. A cell
that is not declared opens nothing, and the refused look is an entry.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from hospital.consents import TERMS, Purpose
from hospital.models import Account, Emergency, Grant
from hospital.roles import OrganisationKind
from ledger.entry import Statement
from ledger.note import parse
from tests.journeys import cells, writes
from tests.journeys.looking import ASKED, a_colleague, breaks_glass, grants, pleads, withdraws
from tests.journeys.wanted import NOBODY, TRACES, Case, a_case
from tests.journeys.watching import account, raw
from tests.world import World, a_member, an_organisation

CLAIMANTS = "/api/claims/history"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def case(session_world: World) -> Case:
    """One for all of these tests: none leaves a grant or an emergency in force."""
    return a_case(session_world)


pytestmark = pytest.mark.usefixtures("database")


# --- parties ------------------------------------------------------------------------------------


def newest() -> int:
    """The newest entry."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM ledger_event")
        return int(cursor.fetchone()[0])


def looks_since(event: int) -> list[Statement]:
    """Looks and refused ones after an entry."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT note FROM ledger_event WHERE id > %s"
            " AND kind IN ('record.view', 'record.refuse') ORDER BY id",
            [event],
        )
        return [Statement.parse(parse(bytes(note)).text) for (note,) in cursor.fetchall()]


def kinds_since(event: int) -> list[str]:
    return [one.kind for one in looks_since(event)]


def test_exactly_the_declared_cells_open_to_parties(case):
    """Z1, Z3, Z4, Z7, L15: every reader by every call; what opens was entered, refusals too."""
    found = {}
    for (name, reader), call in itertools.product(case.readers.items(), cells.CALLS):
        method, path = case.path(call)
        body = {"patient": case.patient.id_number} if path == ASKED else {}
        before = newest()
        answer = raw(reader, method, path, key=None, body=body)
        allowed = (401,) if name == NOBODY else (200, 403, 404, 409)
        assert answer.status_code in allowed, (name, call, answer.text)
        if seen := case.seen(answer.text, *TRACES):
            found[name, call] = seen
            assert kinds_since(before) == ["record.view"], (name, call)
        elif answer.status_code != 401 and answer.is_error and _names_somebody(case, path):
            assert kinds_since(before) == ["record.refuse"], (name, call)
    assert found == cells.OPEN


def _names_somebody(case: Case, path: str) -> bool:
    """A list that is not the reader's is refused before anybody's data is asked for."""
    return path == ASKED or any(one in path for one in case.ids.values())


# --- grants -------------------------------------------------------------------------------------

WAYS = ("by number", "by grant", "as a claimant")


def ask(case: Case, reader: str, way: str, grant: str) -> tuple[int, set[str], list[Statement]]:
    """The status, what was seen of the patient, and the look, or refused look, that was entered."""
    body = {"patient": case.patient.id_number} if way == "by number" else {"grant": grant}
    path = CLAIMANTS if way == "as a claimant" else ASKED
    before = newest()
    answer = raw(case.readers[reader], "POST", path, key=None, body=body)
    return answer.status_code, case.seen(answer.text), looks_since(before)


def refused(case: Case, reader: str, way: str, grant: str) -> bool:
    """Nothing was seen, and it is on record who was refused; a stranger has no name."""
    status, seen, entered = ask(case, reader, way, grant)
    if reader == NOBODY:
        return (status, seen, entered) == (401, set(), [])
    (entry,) = entered
    name = account(case.readers[reader]).actor.name
    return (status, seen, entry.kind, entry.facts["reader"]) == (
        403,
        set(),
        "record.refuse",
        name,
    )


def granted(case: Case, receiver: str, purpose: Purpose, **changes: Any) -> Json:
    to, of = changes.pop("to", case.works_at(receiver).slug), changes.pop("of", case.patient)
    said = {"purpose": purpose.value, "opens": [*TERMS[purpose].fields], **changes}
    return grants(of, to, **said)


def ends_all(case: Case) -> None:
    """The patient withdraws whatever is in force."""
    for grant in case.patient.client.get("/api/me/grants")["grants"]:
        if grant["withdrawn_at"] is None:
            withdraws(case.patient, grant)


def opens(purpose: Purpose, way: str) -> bool:
    """Whether this way of asking is one for the purpose."""
    if way == "by number":
        return purpose in cells.BY_NUMBER
    return way == way_of(purpose)


def way_of(purpose: Purpose) -> str:
    """How a grant for the purpose is used."""
    return "as a claimant" if purpose is Purpose.CLAIM else "by grant"


@pytest.mark.parametrize(("receiver", "purpose"), cells.GRANTED, ids=str)
def test_a_grant_in_force_opens_its_cell_and_no_other(case, receiver, purpose):
    """Z1, Z3, Z4, L15: every reader in every way; what opened says why, and shows no more."""
    there, alone = granted(case, receiver, purpose), case.readers[receiver].account
    for reader, way in itertools.product(case.readers, WAYS):
        if reader != receiver or not opens(purpose, way):
            assert refused(case, reader, way, there["id"]), (reader, way)
            continue
        status, seen, (entry,) = ask(case, reader, way, there["id"])
        assert (status, seen) == (200, cells.GRANTED[receiver, purpose]), way
        assert entry.kind == "record.view"
        facts = {"basis": there["subject"], "purpose": purpose.value, "fields": there["opens"]}
        assert facts.items() <= entry.facts.items()
    ends_all(case)
    only = granted(case, receiver, purpose, account=alone)
    assert ask(case, receiver, way_of(purpose), only["id"])[1] == cells.GRANTED[receiver, purpose]
    ends_all(case)


@pytest.mark.parametrize(("receiver", "purpose"), cells.GRANTED, ids=str)
def test_a_grant_of_some_fields_opens_those(case, receiver, purpose):
    """Z4: every choice of fields that a patient can make for the purpose."""
    most, fields = cells.GRANTED[receiver, purpose], TERMS[purpose].fields
    way = way_of(purpose)
    choices = (itertools.combinations(fields, size) for size in range(1, len(fields) + 1))
    for some in itertools.chain.from_iterable(choices):
        grant = granted(case, receiver, purpose, opens=list(some))
        seen = set().union({"prescription"}, *(cells.OF_FIELDS[one] for one in some))
        assert ask(case, receiver, way, grant["id"])[1] == seen & most, some
        withdraws(case.patient, grant)


@pytest.mark.parametrize(("receiver", "purpose"), cells.GRANTED, ids=str)
def test_no_grant_contains_what_the_purpose_does_not(case, receiver, purpose):
    """Z4, Z5: nor does one for this purpose go to an organisation of another kind."""
    client = case.patient.client

    def code(**changes: Any) -> str:
        there = case.works_at(receiver).slug
        said = {"purpose": purpose.value, "opens": [*TERMS[purpose].fields], **changes}
        body = {**writes.granting(there), **said, "key": client.key_name}
        answer = raw(client, "POST", "/api/me/grants/statement", key=None, body=body)
        return str(answer.json().get("code", ""))

    assert code() == ""
    kinds = {case.works_at(one).kind for one, why in cells.GRANTED if why is purpose}
    for field in set(cells.OF_FIELDS) - set(TERMS[purpose].fields):
        assert code(opens=[field, *TERMS[purpose].fields]) == "grant.wrong_fields"
    for reader in set(case.readers) - {NOBODY, "patient", "guardian", "another patient"}:
        fits = case.works_at(reader).kind in kinds
        assert code(to=case.works_at(reader).slug) == ("" if fits else "organisation.unknown")


# --- grants that open nothing -------------------------------------------------------------------


def never_made(case: Case, receiver: str, purpose: Purpose) -> str:
    return str(uuid4())


def to_another_organisation(case: Case, receiver: str, purpose: Purpose) -> str:
    elsewhere = an_organisation(OrganisationKind(case.works_at(receiver).kind))
    return str(granted(case, receiver, purpose, to=elsewhere.slug)["id"])


def to_another_person(case: Case, receiver: str, purpose: Purpose) -> str:
    colleague = a_member(TERMS[purpose].role, case.works_at(receiver))
    return str(granted(case, receiver, purpose, account=colleague.account)["id"])


def expired(case: Case, receiver: str, purpose: Purpose) -> str:
    made, now = granted(case, receiver, purpose), timezone.now()
    past = {"since": now - timedelta(days=2), "until": now - timedelta(seconds=1)}
    Grant.objects.filter(id=made["id"]).update(**past)
    return str(made["id"])


def withdrawn(case: Case, receiver: str, purpose: Purpose) -> str:
    made = granted(case, receiver, purpose)
    withdraws(case.patient, made)
    return str(made["id"])


CLOSED: tuple[Callable[[Case, str, Purpose], str], ...] = (
    never_made,
    to_another_organisation,
    to_another_person,
    expired,
    withdrawn,
)


def test_no_other_grant_opens_anything_to_anybody(case):
    """Z1, Z3, Z6: never made, for others, over, withdrawn; each by every reader."""
    kept = {(state.__name__, *key): state(case, *key) for state in CLOSED for key in cells.GRANTED}
    for reader in case.readers:
        assert refused(case, reader, "by number", ""), reader
        for cell, grant in kept.items():
            way = way_of(cell[2])
            assert refused(case, reader, way, grant), (reader, way, cell)
    ends_all(case)


def test_a_grant_opens_nobody_elses_records(case):
    """Z3, Z6: what another patient has granted to the same reader shows that one's."""
    other = case.world.a_patient()
    for receiver, purpose in cells.GRANTED:
        grant = granted(case, receiver, purpose, of=other)
        assert refused(case, receiver, "by number", "")
        status, seen, (entry,) = ask(case, receiver, way_of(purpose), grant["id"])
        assert (status, seen, entry.facts["records"]) == (200, set(), 0)
        both = {"grant": grant["id"], "patient": case.patient.id_number}
        answer = raw(case.readers[receiver], "POST", ASKED, key=None, body=both)
        assert (answer.status_code, answer.json()["code"]) == (422, "body.invalid")


# --- emergencies --------------------------------------------------------------------------------


def emergencies(case: Case) -> Iterator[str]:
    """The states of a plea of the doctor elsewhere, one after the other."""
    doctor = case.readers["doctor elsewhere"]
    plea = pleads(doctor, case.patient)
    yield "pleaded"
    a_colleague(doctor).command(f"/api/break-glass/{plea['id']}/second")
    yield "open"
    now = timezone.now()
    times = ("pleaded_at", "opened_at", "until")
    past = {name: now - timedelta(hours=3 - n) for n, name in enumerate(times)}
    Emergency.objects.filter(id=plea["id"]).update(**past)
    yield "over"
    opened = breaks_glass(doctor, case.patient)
    path = f"/api/emergencies/{opened['id']}/review"
    case.world.regulator.command(path, {"verdict": "unjustified"})
    yield "unjustified"


def test_an_emergency_opens_to_its_doctor_while_it_lasts(case):
    """Z9, L15: all the fields of treatment, neither name nor address, and to nobody else."""
    found = {}
    for state in emergencies(case):
        for reader in case.readers:
            status, seen, entered = ask(case, reader, "by number", "")
            if seen:
                found[reader, state] = seen
            expected = "record.view" if seen else "record.refuse"
            assert [one.kind for one in entered] == [expected] * (reader != NOBODY)
            assert (status == 200) == bool(seen)
    assert found == cells.IN_AN_EMERGENCY


# --- the operator -------------------------------------------------------------------------------


def test_there_is_no_door_for_the_operator(case):
    """Z10: no admin, no superuser; what commands open, ``test_no_receipt_no_key`` says."""
    assert not apps.is_installed("django.contrib.admin")
    assert not {"is_superuser", "is_staff"} & {one.name for one in Account._meta.get_fields()}
    for path in ("/admin", "/admin/", "/admin/login/"):
        assert raw(case.world.regulator, "GET", path).status_code == 404
