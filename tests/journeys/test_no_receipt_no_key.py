"""No receipt, no key: whoever opens a record has left a committed look at it, by whatever way."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command, get_commands

from config.home import BASE
from hospital import access, records
from hospital.client import Client
from pharmacy.models import Scan
from prescriptions.models import Prescription
from tests.journeys import looking, series, writes
from tests.journeys.test_looks import LOOKS, NOTHING_SEALED
from tests.journeys.test_roles import CALLS
from tests.journeys.watching import account, raw
from tests.openings import watched
from tests.world import Patient, World

OWN_COMMANDS = {
    "insurance.actions.billing": {
        writes.authorize: "the shelf is asked for the patient's medicines",
        writes.authorize_courier: "the same",
        writes.authorize_narcotic: "the same",
    },
    "prescriptions.actions.owing": {
        writes.dispense_part: "what is left has the same content, sealed by a key of its own",
    },
    "prescriptions.actions.judging": {
        writes.issue: "the rules judge the doctor's own draft again",
        writes.submit: "the same, an assistant's",
        writes.issue_narcotic: "the same",
        writes.countersign: "the rules judge it as if the second doctor had written it",
        writes.change: "the rules judge the doctor's own new content",
        writes.issue_all: "the rules judge each issue of the doctor's own series",
        writes.bring: "the rules judge what the hospital's system has just brought",
        writes.upload: "the same, when it is signed",
        writes.upload_reviewed: "the same",
    },
}
"""
Who opens a record for the very command of the person who signs, and shows nothing of it; every
other opening rests on a look. ``ALLOWED_TO_UNSEAL`` holds that no further module does.
"""

WITH_MORE: dict[str, Callable[[World, Patient], object]] = {
    "GET /api/change-requests": lambda w, p: w.asked_to_change(p),
    "GET /api/consultations": lambda w, p: w.asked(p),
    "GET /api/consultations/awaiting": lambda w, p: w.asked(p),
    "GET /api/corrections": lambda w, p: writes.appealed(w, p),
    "GET /api/owed": lambda w, p: w.pharmacist.command(
        writes.of(w.scanned(p), "dispense-part"), {"lines": {"1": 1}}
    ),
}
"""What else must be there, for a list to hold something."""


RECORDED_ALONE = {"GET /api/me/recalls"}
"""What says something of a patient that lies in no sealed record; the look is recorded as ever."""


def cast(world: World, patient: Patient) -> dict[str, Client]:
    """One of each role, and strangers."""
    return {
        "patient": patient.client,
        "another patient": world.other_patient.client,
        "doctor": world.doctor,
        "another doctor": world.other_doctor,
        "reviewer": world.reviewer,
        "another hospital's reviewer": world.foreign_reviewer,
        "pharmacist": world.pharmacist,
        "own pharmacist": world.own_pharmacist,
        "another pharmacist": world.other_pharmacist,
        "courier": world.courier,
        "agent": world.fund_agent,
        "regulator": world.regulator,
        "system": world.system,
    }


@pytest.mark.parametrize("call", LOOKS, ids=str)
def test_every_read_of_every_role_opens_under_its_own_look(world, patient, call):
    """L15, Z10: the entry of this reader at this record was there before its key was used."""
    if call in WITH_MORE:
        WITH_MORE[call](world, patient)
    client, path = LOOKS[call](world, patient, world.dispensed(patient, "courier"))
    with watched() as watch:
        assert raw(client, "GET", path).status_code == 200
    assert watch.opened or call in RECORDED_ALONE
    for one in watch.opened:
        assert one.wrongs(client.account) == []

    for name, other in cast(world, patient).items():
        with watched() as watch:
            answer = raw(other, "GET", path)
        assert answer.status_code < 500, (name, answer.text)
        for one in watch.opened:
            assert one.wrongs(other.account) == [], name
        if answer.status_code != 200:
            assert watch.opened == [], (name, answer.text)


def paths(world: World, patient: Patient, rx: str) -> dict[str, str]:
    """The ids in addresses, of things that are there."""
    return {
        "<uuid:prescription_id>": rx,
        "<uuid:series_id>": str(series.drafted(world, patient).id),
        "<uuid:scan_id>": str(Scan.objects.get(prescription__id=rx).id),
        "(?P<hospital>[-a-zA-Z0-9_]{1,40})": world.hospital.slug,
    }


def test_no_other_read_opens_anything(world, patient):
    """L15: by whomever it is made."""
    rx = world.dispensed(patient, "courier")
    ids = paths(world, patient, rx)
    for call in NOTHING_SEALED:
        template = CALLS[call][1].template
        for part, value in ids.items():
            template = template.replace(part, value)
        path = CALLS[call][1].path() if "<" in template else template
        for name, client in cast(world, patient).items():
            with watched() as watch:
                answer = raw(client, "GET", path)
            assert answer.status_code < 500, (call, name, answer.text)
            assert watch.opened == [], (call, name)


@pytest.mark.parametrize("make", writes.EVERY_WRITE, ids=writes.named)
def test_a_write_opens_only_what_its_own_command_needs_and_shows_nothing(world, patient, make):
    """L15, I2: nor does the answer that is kept and given again."""
    ready, key = make(world, patient), uuid4().hex
    with watched() as watch:
        first = raw(ready.by, "POST", ready.path, key=key, body=ready.body)
    with watched() as later:
        again = raw(ready.by, "POST", ready.path, key=key, body=ready.body)

    assert first.status_code in (200, 201), first.text
    for one in watch.opened:
        assert make in OWN_COMMANDS.get(one.by, {}), one
    assert not [text for text in watch.texts if text in first.text]
    assert again.content == first.content
    assert later.opened == []


@pytest.mark.parametrize(
    ("by", "make"),
    [(by, make) for by, makes in OWN_COMMANDS.items() for make in makes],
    ids=writes.named,
)
def test_no_exception_is_kept_that_nobody_needs(world, patient, by, make):
    """L15"""
    ready = make(world, patient)
    with watched() as watch:
        assert raw(ready.by, "POST", ready.path, body=ready.body).status_code in (200, 201)
    assert by in {one.by for one in watch.opened}


@pytest.mark.parametrize("opens", ["grant", "emergency"])
def test_a_history_opens_under_its_look(world, patient, opens):
    """L15, Z9: asked by POST, for the number in it does not belong into an address."""
    world.delivered(patient)
    if opens == "grant":
        looking.grants(patient, world.foreign_hospital.slug)
    else:
        looking.breaks_glass(world.foreign_doctor, patient)
    with watched() as watch:
        assert looking.asks(world.foreign_doctor, patient)["prescriptions"]
    assert watch.opened
    for one in watch.opened:
        assert one.wrongs(world.foreign_doctor.account) == []
    with watched() as watch:
        assert looking.refused(world.other_doctor, patient)
    assert watch.opened == []


def test_a_check_of_a_draft_opens_nothing(world, patient):
    """L15: it is about what the doctor has just written."""
    with watched() as watch:
        assert (
            raw(
                world.doctor,
                "POST",
                "/api/prescriptions/check",
                key=None,
                body=world.draft(patient),
            ).status_code
            == 200
        )
    assert watch.opened == []


def test_the_watch_sees_who_goes_past_the_looks(world, patient):
    """L15: a fault of each kind is found."""
    record = Prescription.objects.get(id=world.issued(patient)).record
    with watched() as watch:
        records.unsealed(record)
        viewing = access.Viewing(b"", frozenset([record.id.hex]), ("",), committed=True)
        access.opened(record, viewing)
    past, made_up = watch.opened
    assert (past.by, past.look) == (__name__, None)
    assert (made_up.by, made_up.look) == ("hospital.access", None)


REWRAPPED = "hospital.resealing"
"""The rotation seals the records' keys anew, and never has a body beside a key."""
NOT_RUN = {
    "bench": "measures, with servers of its own",
    "check_all": "starts linters",
    "demo": "plays people who call the interface, with servers of its own",
    "evidence": "reads files",
    "guardian": "seals evidence, tells a subject and its end; see ``test_guardians_refused``",
    "export": "reads files",
    "init": "makes keys and the first entry, before there is a record",
    "medicines": "takes a file of medicines, which are nobody's",
    "monitor": "reads files",
    "reading_key": "reads files",
    "receipt": "reads files",
    "products": "reads what payers sell, which is nobody's secret",
    "journal": "adds amounts up",
    "payer": "makes an organisation and its agent's account",
    "reconcile": "lists amounts and numbers of orders",
    "refunds": "lists amounts and numbers of orders",
    "run_tests": "starts these tests",
    "sample": "reads files",
    "turn": "freezes the log of all tests",
    "up": "starts the servers",
    "upload": "a hospital's program, which calls the interface",
    "verify": "reads files",
}
"""
Commands that are not run here, and why they read no record. None of them imports what opens one:
``test_no_command_imports_what_opens_a_record``.
"""
# fmt: off
RUN: dict[str, Callable[[World], tuple[str, ...]]] = {
    "docs":    lambda world: ("--check",),
    "entitle": lambda world: (world.hospital.slug, account(world.doctor).license_number),
    "keys":    lambda world: ("rotate",),
    "ledger":  lambda world: ("status",),
}
# fmt: on


def test_every_command_is_known_to_open_nothing():
    """Z10: a new command without a row fails here."""
    ours = {name for name, app in get_commands().items() if is_ours(app)}
    assert ours == set(RUN) | set(NOT_RUN)


def is_ours(app: object) -> bool:
    return (BASE / str(app).replace(".", "/")).is_dir()


@pytest.mark.parametrize("name", RUN)
def test_a_command_opens_nothing(world, patient, name):
    """Z10: an administrator's shell shows no record either."""
    world.delivered(patient)
    with watched() as watch, contextlib.suppress(SystemExit, CommandError):
        call_command(name, *RUN[name](world), stdout=io.StringIO(), stderr=io.StringIO())
    past = {one.by for one in watch.opened}
    assert past == ({REWRAPPED} if name == "keys" else set())
    assert watch.texts == set()
