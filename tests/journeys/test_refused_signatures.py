"""
A signed statement counts once, for one thing, from one person, for ten minutes.

One prescription serves all refusals of one command: after each of them nothing has changed.
"""

import base64
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from hospital.roles import OrganisationKind, Role
from ledger import note
from ledger.entry import Statement
from tests.journeys import writes
from tests.journeys.watching import everything, raw
from tests.journeys.writes import Write
from tests.world import Patient, World, a_member, an_organisation

COMMANDS = [
    *(*writes.MOVES, writes.revocation, writes.settle),
    *(writes.claw_back, writes.remit, writes.recall, writes.lift_recall),
    *(*writes.CONSENTS, *writes.OF_CORRECTIONS, *writes.OF_READING),
]
every_command = pytest.mark.parametrize("make", COMMANDS, ids=writes.named)
_ready: dict[Any, Write] = {}
_owners: dict[Any, Patient] = {}


@pytest.fixture
def ready(request: pytest.FixtureRequest, world: World) -> Write:
    """The command of this test, made ready once."""
    make = request.getfixturevalue("make")
    if make not in _ready:
        _owners[make] = world.a_patient()
        _ready[make] = make(world, _owners[make])
    return _ready[make]


def parsed(ready: Write) -> Statement:
    return Statement.parse(note.parse(ready.body["note"].encode()).text)


def signed_by(statement: Statement, *signers: Any) -> str:
    return note.sign(statement.text(), *signers).decode()


def refuses(ready: Write, signed: str, status: int, code: str, **changes: Any) -> None:
    before = everything()
    body = {**ready.body, "note": signed}
    answer = raw(changes.get("by", ready.by), "POST", ready.path, body=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert everything() == before


def fresh(ready: Write) -> Statement:
    """The statement again, drawn now."""
    body = {**ready.input, "key": ready.by.key_name}
    drawn = ready.by.post(f"{ready.path}/statement", body)["statement"]
    return Statement.parse(drawn.encode())


@every_command
def test_a_key_nobody_registered(ready, make):
    """K1"""
    stranger = note.Signer(f"{ready.by.key_name}0", os.urandom(32))
    statement = replace(fresh(ready), by=stranger.verifier.name)
    refuses(ready, signed_by(statement, stranger), 403, "key.unknown")


@every_command
def test_another_persons_key(world, ready, make):
    """K1"""
    other = world.other_patient.client
    statement = replace(fresh(ready), by=other.key_name)
    refuses(ready, signed_by(statement, other.signer), 403, "key.not_yours")


@every_command
def test_a_revoked_key(ready, make):
    """K1, K6"""
    revoked = writes.revoked_key(ready.by)
    statement = replace(fresh(ready), by=revoked.verifier.name)
    refuses(ready, signed_by(statement, revoked), 403, "key.revoked")


@every_command
def test_a_signature_that_does_not_fit(ready, make):
    """K2, K5: another seed under the right name, one bit turned, S made larger by the order."""
    statement = fresh(ready)
    impostor = note.Signer(ready.by.key_name, os.urandom(32))
    refuses(ready, signed_by(statement, impostor), 403, "signature.invalid")
    good = note.parse(signed_by(statement, ready.by.signer).encode())
    (line,) = good.signatures
    order = 2**252 + 27742317777372353535851937790883648493
    larger = int.from_bytes(line.value[32:], "little") + order
    for value in (
        bytes([line.value[0] ^ 1]) + line.value[1:],
        line.value[:32] + larger.to_bytes(32, "little"),
        bytes(64),
    ):
        forged = note.Note(good.text, (line._replace(value=value),)).bytes().decode()
        refuses(ready, forged, 403, "signature.invalid")


@every_command
def test_two_signatures(world, ready, make):
    other = world.other_patient.client.signer
    twice = signed_by(fresh(ready), ready.by.signer, other)
    refuses(ready, twice, 403, "signature.invalid")


@every_command
def test_any_member_altered(ready, make):
    """
    K2, K3: each member, and each fact however deep; who signs it cannot make it true. Another state
    than the present one is what a statement says that was overtaken, and is called so.
    """
    statement = fresh(ready)
    for other in _alterations(statement):
        overtaken = other.facts.get("from") != statement.facts.get("from")
        why = (409, "statement.stale") if overtaken else (422, "statement.altered")
        refuses(ready, signed_by(other, ready.by.signer), *why)


@every_command
def test_another_version_is_stale(ready, make):
    """R10"""
    statement = fresh(ready)
    later = replace(statement, version=statement.version + 1, prev=statement.prev or bytes(32))
    refuses(ready, signed_by(later, ready.by.signer), 409, "statement.stale")
    if statement.prev:
        other = replace(statement, prev=bytes(32))
        refuses(ready, signed_by(other, ready.by.signer), 409, "statement.stale")


@every_command
def test_too_old_and_from_the_future(ready, make):
    """K3, L14: ten minutes, and one minute of difference between clocks."""
    statement = fresh(ready)
    for seconds in (-601, 65, 10**7):
        at = timezone.now() + timedelta(seconds=seconds)
        other = replace(statement, at=at)
        refuses(ready, signed_by(other, ready.by.signer), 410, "statement.expired")


@every_command
def test_what_is_no_signed_statement(ready, make):
    """K4: one encoding only; everything else is not a note."""
    good = signed_by(fresh(ready), ready.by.signer)
    spaced = fresh(ready).text().replace(b'":', b'": ', 1)
    twice = fresh(ready).text().replace(b"{", b'{"at":"x",', 1)
    for bad in (
        "x",
        good.partition("\n\n")[0],
        good + "\n",
        good.replace("entry/v1", "entry/v2"),
        good.replace("\u2014", "-"),
        note.sign(spaced, ready.by.signer).decode(),
        note.sign(twice, ready.by.signer).decode(),
        note.sign(b"a text\n", ready.by.signer).decode(),
    ):
        refuses(ready, bad, 422, "note.malformed")


@every_command
def test_a_statement_of_another_command(world, ready, make):
    """K3: drawn for something else that this person may do, or for another prescription."""
    name = writes.another_key(ready.by).verifier.name
    body = {"name": name, "key": ready.by.key_name}
    other = ready.by.post("/api/keys/revoke/statement", body)["statement"]
    refuses(ready, ready.by.sign(other), 422, "statement.altered")


@pytest.mark.parametrize("make", writes.MOVES, ids=writes.named)
def test_the_same_of_another_prescription(world, ready, make):
    """K3"""
    other = make(world, _owners[make])
    refuses(ready, other.body["note"], 422, "statement.altered")


WRONG = {
    "issue": ("other_doctor", "access.wrong_doctor"),
    "submit": ("doctor", "access.wrong_doctor"),
    "countersign": ("foreign_doctor", "access.wrong_hospital"),
    "refuse": ("foreign_doctor", "access.wrong_hospital"),
    "review": ("foreign_reviewer", "access.wrong_hospital"),
    "check": ("foreign_reviewer", "access.wrong_hospital"),
    "confirm": ("foreign_reviewer", "access.wrong_hospital"),
    "send_back": ("foreign_reviewer", "access.wrong_hospital"),
    "ask_change": ("other_pharmacist", "access.wrong_pharmacy"),
    "keep": ("other_doctor", "access.wrong_doctor"),
    "change": ("other_doctor", "access.wrong_doctor"),
    "extend": ("other_doctor", "access.wrong_doctor"),
    "cancel": ("other_doctor", "cancel.other_prescriber"),
    "give_up": ("other_patient", "cancel.other_patient"),
    "void": ("foreign_system", "cancel.other_system"),
    "undo": ("foreign_system", "cancel.other_system"),
    "authorize": ("other_patient", "access.wrong_patient"),
    "authorize_courier": ("other_patient", "access.wrong_patient"),
    "withdraw": ("other_patient", "access.wrong_patient"),
    "double_check": ("other_pharmacist", "access.wrong_pharmacy"),
    "dispense_narcotic": ("other_pharmacist", "access.wrong_pharmacy"),
    "dispense": ("other_pharmacist", "access.wrong_pharmacy"),
    "dispense_part": ("other_pharmacist", "access.wrong_pharmacy"),
    "bring_offline": ("other_pharmacist", "slip.not_yours"),
    "bring_collision": ("other_pharmacist", "slip.not_yours"),
    "decline_rx": ("other_pharmacist", "access.wrong_pharmacy"),
    "propose_other": ("other_pharmacist", "access.wrong_pharmacy"),
    "agree_to_other": ("other_patient", "access.wrong_patient"),
    "refuse_other": ("other_patient", "access.wrong_patient"),
    "dispense_boxes": ("other_pharmacist", "access.wrong_pharmacy"),
    "ship": ("other_courier", "access.wrong_courier"),
    "receive": ("other_patient", "access.wrong_patient"),
    "hand_out": ("other_pharmacist", "access.wrong_pharmacy"),
    "hand_over": ("other_courier", "access.wrong_courier"),
    "fail": ("other_courier", "access.wrong_courier"),
    "turn_back": ("other_courier", "access.wrong_courier"),
    "take_parcel_back": ("other_pharmacist", "access.wrong_pharmacy"),
    "decide": ("other_agent", "access.wrong_insurer"),
    "pend": ("other_agent", "access.wrong_insurer"),
    "ask_field": ("other_officer", "access.wrong_insurer"),
    "withhold": ("other_patient", "access.wrong_patient"),
    "decide_by_hand": ("other_officer", "access.wrong_insurer"),
    "reopen": ("other_officer", "access.wrong_insurer"),
    "appeal_claim": ("other_patient", "access.wrong_patient"),
    "bring_all_back": ("other_pharmacist", "access.wrong_pharmacy"),
    "bring_part_back": ("other_pharmacist", "access.wrong_pharmacy"),
    "reverse": ("other_agent", "access.wrong_insurer"),
}


@pytest.mark.parametrize("make", writes.MOVES, ids=writes.named)
def test_another_party_of_the_same_role(world, ready, make):
    """Z1: refused with its own code, both when drawing and when writing."""
    name, code = WRONG[make.__name__]
    found = getattr(world, name)
    other = found.client if isinstance(found, Patient) else found
    before = everything()
    body = {**ready.input, "key": other.key_name}
    drawn = raw(other, "POST", f"{ready.path}/statement", body=body)
    assert (drawn.status_code, drawn.json()["code"]) == (403, code)
    assert everything() == before

    own = replace(fresh(ready), by=other.key_name)
    refuses(ready, signed_by(own, other.signer), 403, code, by=other)


def test_another_payer_learns_nothing_in_any_state(world, patient):
    """Z1, C1: not even whether it is delivered."""
    body = {"decision": "refuse", "approved_fen": 0, "reason": "other"}
    for walk in (world.issued, world.authorized, world.delivered):
        rx = walk(patient)
        path = f"/api/claims/{rx}/decide/statement"
        asked = {**body, "key": world.other_agent.key_name}
        answer = raw(world.other_agent, "POST", path, body=asked)
        assert (answer.status_code, answer.json()["code"]) == (403, "access.wrong_insurer")


def test_another_payer_settles_nothing_of_this_one(world):
    """C1, Z1"""
    mine = writes.settle(world, world.a_patient())
    other = a_member(Role.AGENT, an_organisation(OrganisationKind.INSURER))
    body = {**mine.input, "key": other.key_name}
    answer = raw(other, "POST", "/api/settlements/statement", body=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "claim.unknown")


def test_small_order_and_zero_keys_are_not_registered(world, patient):
    """K5"""
    zero, one = bytes(32), b"\x01" + bytes(31)
    order_8 = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
    before = everything()
    for public in (zero, one, order_8, b"\xff" * 32, bytes(31)):
        body = {"public_key": base64.b64encode(public).decode()}
        answer = raw(patient.client, "POST", "/api/keys/statement", body=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "key.bad_public_key")
    assert everything() == before


def _alterations(statement: Statement) -> Iterator[Statement]:
    yield replace(statement, log=f"{statement.log}x")
    yield replace(statement, subject=f"{statement.subject}0")
    yield replace(statement, kind=f"{statement.kind}x")
    yield replace(statement, patient=f"{statement.patient}0")
    yield replace(statement, commitment=bytes(32))
    yield replace(statement, facts={**statement.facts, "more": 1})
    for facts in _variants(dict(statement.facts)):
        yield replace(statement, facts=facts)


def _variants(value: Any) -> Iterator[Any]:
    """``value`` with one thing in it changed, for every thing in it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield {one: item for one, item in value.items() if one != name}
            for other in _variants(inner):
                yield {**value, name: other}
    elif isinstance(value, list):
        yield [*value, "more"]
        for number, inner in enumerate(value):
            for other in _variants(inner):
                yield [*value[:number], other, *value[number + 1 :]]
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    else:
        yield f"{value}x"
