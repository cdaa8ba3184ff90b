"""No endpoint forgets: what an organisation with a reading key is answered leaves in a box."""

import json
import logging
from uuid import uuid4

import pytest

from hospital import authentication, boxes, idempotency, sealedanswers, sealing
from hospital.models import Account, Answer
from hospital.roles import EMPLOYERS, Role
from tests.journeys import reading, writes
from tests.journeys.reading import is_box
from tests.journeys.test_looks import LOOKS
from tests.journeys.test_no_personal_data import redis_dump
from tests.journeys.test_no_receipt_no_key import RECORDED_ALONE, WITH_MORE
from tests.journeys.test_roles import CALLS, TABLE
from tests.journeys.watching import raw
from tests.openings import watched
from tests.routes import every_route, example, fields_of
from tests.world import a_member

IN_CLEAR = {
    **dict.fromkeys(("Logout", "Keys", "KeysStatement", "Revocation", "RevocationStatement"), ""),
    "Receipt": "the public log",
    **dict.fromkeys(
        (
            *("Standing", "Proposal", "ProposalStatement", "Registration", "Lifting"),
            *("RegistrationStatement", "LiftingStatement"),
        ),
        "the way to another key",
    ),
}
"""What is answered in clear: one's own signing keys, and what is said beside it."""
BY_STAFF = [
    *(writes.issue, writes.submit, writes.review, writes.take, writes.keep, writes.change),
    *(writes.dispense, writes.double_check, writes.ship, writes.hand_over, writes.count_lot),
    *(writes.turn_back, writes.take_parcel_back, writes.bring_part_back, writes.reverse),
    *(writes.bring, writes.upload, writes.judge, writes.plead, writes.break_glass),
    *(writes.review_emergency, writes.coverage, writes.decide, writes.settle),
]


@pytest.fixture(scope="module")
def keyed(session_world):
    with reading.keyed(session_world) as there:
        yield there


@pytest.fixture
def there(database, keyed):
    """Every organisation of this world has a reading key in force."""
    return keyed


@pytest.fixture(scope="module")
def case(keyed):
    """A patient, and a prescription that was dispensed and waits for its courier."""
    patient = keyed.a_patient()
    return patient, keyed.dispensed(patient, "courier")


@pytest.mark.parametrize("call", LOOKS)
def test_no_word_of_a_record_leaves_in_clear(there, case, call, caplog):
    """L13, L15, P1: what came out of the records is in the box, and in no log and no cache."""
    caplog.set_level(logging.DEBUG)
    patient, rx = case
    if "consultation" in call:  # nobody may be in many at a time
        patient = there.a_patient()
    if call in WITH_MORE:
        WITH_MORE[call](there, patient)
    client, path = LOOKS[call](there, patient, rx)
    staff = Account.objects.get(id=client.account).role != Role.PATIENT
    with watched() as watch:
        answer = raw(client, "GET", path)
    assert answer.status_code == 200, answer.text
    assert watch.opened or call in RECORDED_ALONE
    assert is_box(answer.content) if staff else b"sealed_to" not in answer.content
    places = [caplog.text, redis_dump(), *([answer.text] if staff else [])]
    assert not [text for text in watch.texts for place in places if text in place]
    if staff:
        box = reading.held(answer.content, *client.reading_keys)
        assert box["looks"]
        shown = str(box["answer"])
        assert [text for text in watch.texts if text in shown]


@pytest.mark.parametrize("make", BY_STAFF, ids=writes.named)
def test_what_is_remembered_of_a_write_is_the_box(there, make):
    """I2, P4: the very bytes; the whole flow goes on with nothing but boxes."""
    ready, key = make(there, there.a_patient()), uuid4().hex
    answer = raw(ready.by, "POST", ready.path, key=key, body=ready.body)
    again = raw(ready.by, "POST", ready.path, key=key, body=ready.body)
    assert answer.status_code in (200, 201), answer.text
    assert again.content == answer.content
    row = Answer.objects.get(account_id=ready.by.account, key=key)
    kept = sealing.unseal(row.body, idempotency._about(row.account_id, row.key))
    items = answer.json().get("results")
    assert is_box(kept)
    assert json.loads(kept) == (items[0] if items else answer.json())
    assert boxes.opened(answer.json(), ready.by.reading_keys) != answer.json()


@pytest.fixture(scope="module")
def members(keyed):
    """One of each role that an organisation employs."""
    there = {
        Role.DOCTOR: keyed.hospital,
        Role.REVIEWER: keyed.hospital,
        Role.SYSTEM: keyed.hospital,
        Role.PHARMACIST: keyed.pharmacy,
        Role.COURIER: keyed.courier_company,
        Role.AGENT: keyed.insurer,
        Role.OFFICER: keyed.insurer,
        Role.RESEARCHER: keyed.institute,
        Role.REGULATOR: Account.objects.get(id=keyed.regulator.account).organisation,
    }
    assert set(there) == set(EMPLOYERS)
    return {role: a_member(role, at) for role, at in there.items()}


def known() -> list[str]:
    """Every call that needs a session, but the one that ends it."""
    return sorted({call for call, roles in TABLE.items() if roles} - {"POST /api/logout"})


@pytest.mark.parametrize("call", known())
def test_every_answer_to_every_role_is_sealed_or_declared(there, members, call):
    """Z2, P1: a success is a box; of a refusal nothing is read but its code."""
    method, route = CALLS[call]
    body = {name: example(one) for name, one in fields_of(route.view.Input).items()}
    for role, client in members.items():
        answer = raw(client, method, route.path(), body=body)
        assert answer.status_code < 500, answer.text
        if route.view.answers_in_clear:
            assert b"sealed_to" not in answer.content
        elif answer.status_code < 400:
            items = answer.json().get("results", [answer.json()])
            assert all(is_box(json.dumps(one)) for one in items), (role, answer.text)
        else:
            boxed = {boxes.SEALED_TO, boxes.KEY, boxes.BOX}
            assert set(answer.json()) <= boxed | set(sealedanswers.OF_A_REFUSAL), role


def test_what_is_in_clear_is_known_and_opens_nothing(there, members):
    """P1: a new exception fails here."""
    found = {route.view.__name__ for route in every_route() if route.view.answers_in_clear}
    assert found == set(IN_CLEAR)
    for route in every_route():
        if not route.view.answers_in_clear or "GET" not in route.methods:
            continue
        for client in members.values():
            with watched() as watch:
                raw(client, "GET", route.path())
            assert watch.opened == []


def test_an_answer_that_cannot_be_sealed_is_none(there, members, monkeypatch):
    """P1: neither JSON nor declared: a fault of ours, and nobody reads it."""
    view = next(route.view for route in every_route() if route.view.__name__ == "Receipt")
    monkeypatch.setattr(view, "answers_in_clear", False)
    monkeypatch.setattr("hospital.api_entries._receipt", lambda leaf, make: b"in clear")
    answer = raw(members[Role.DOCTOR], "GET", f"/api/receipts/{'0' * 64}")
    assert (answer.status_code, answer.json()["code"]) == (500, "server.fault")


def test_the_key_is_read_with_the_session(there, members):
    """Not one query more a request."""
    (columns,) = [one for one in authentication._NEEDED if one.endswith("__public_key")]
    assert columns == "user__organisation__reading_key__public_key"
