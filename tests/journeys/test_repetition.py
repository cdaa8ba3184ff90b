"""A lost answer is no problem: every write can be sent again, and is done once."""

import hashlib
import threading
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError, connection, connections
from django.utils import timezone

from hospital import idempotency
from hospital.models import Answer
from tests.journeys import writes
from tests.journeys.test_roles import PEOPLE, TABLE, one_of_each  # noqa: F401  # a fixture
from tests.journeys.watching import at_once, everything, raw
from tests.routes import lawful, posts
from tests.routes import writes as every_write

NOT_WRITES = {
    "/api/login/challenge": "a challenge is worth nothing unsigned; asking again makes another",
    "/api/login/key": "the challenge is spent; log in again",
    "/api/login/wechat": "WeChat's code is spent; log in again",
    "/api/login/enrolment": "the code is spent",
    "/api/prescriptions/check": "a read of the patient's coverage; its question names the patient",
    f"{writes.ONE}/pharmacies": "a read; where the patient is must not stand in an address",
    "/api/history": "a read whose question must not stand in an address",
    "/api/guardianships/<uuid:guardianship_id>/history": "the same of a ward",
    "/api/claims/history": "the same of a claimant",
    "/api/offers/<uuid:offer_id>/records": "a delivery has an id of its own, and is paid once",
    "/api/offers/<uuid:offer_id>/counts": "the same question has the same stored answer",
    "/api/logout": "the token is gone; a repetition is refused",
}

every_kind = pytest.mark.parametrize("make", writes.EVERY_WRITE, ids=writes.named)


def test_every_write_is_in_the_table():
    """Z2, I1: a new write without a row fails here."""
    assert {route.template for route in every_write()} == set(writes.WRITES)


def test_every_other_post_is_known_to_need_no_key():
    others = {route.template for route in posts()} - set(writes.WRITES)

    assert {path for path in others if not path.endswith("/statement")} == set(NOT_WRITES)


@every_kind
def test_the_same_again_gives_the_same_answer_and_changes_nothing(world, patient, make):
    """I2, I7, I8, I3: by account, by key, by bytes."""
    ready, key = make(world, patient), uuid4().hex
    first = raw(ready.by, "POST", ready.path, key=key, body=ready.body)
    assert first.status_code in (200, 201), first.text
    before = everything()

    again = [raw(ready.by, "POST", ready.path, key=key, body=ready.body) for _ in range(2)]

    for answer in again:
        assert (answer.status_code, answer.content) == (first.status_code, first.content)
        assert answer.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    other = first.request.content + b" "
    refused = raw(ready.by, "POST", ready.path, key=key, content=other)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency.key_reused")
    assert everything() == before


@pytest.mark.parametrize("make", [*writes.MOVES, *writes.SIGNED_ELSEWHERE], ids=writes.named)
def test_a_signed_write_under_another_key_is_refused(world, patient, make):
    """K3: the statement itself is good once, whatever the Idempotency-Key."""
    ready = make(world, patient)
    raw(ready.by, "POST", ready.path, body=ready.body).raise_for_status()
    before = everything()

    again = raw(ready.by, "POST", ready.path, body=ready.body)

    assert 400 <= again.status_code < 500
    assert everything() == before


@pytest.mark.parametrize("route", every_write(), ids=str)
def test_needs_a_well_formed_key(world, one_of_each, route):  # noqa: F811
    """I1, I6"""
    by = member_for(route, one_of_each)
    body = lawful(route)
    path, before = route.path(), everything()

    missing = raw(by, "POST", path, key=None, body=body)
    assert (missing.status_code, missing.json()["code"]) == (400, "idempotency.key_missing")
    for key in ("x" * 256, "a,b", "a b", "a\tb", "a\x7fb"):
        answer = raw(by, "POST", path, key=None, body=body, headers={"Idempotency-Key": key})
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency.key_malformed")
    assert missing.headers["Content-Type"] == "application/problem+json"
    assert everything() == before


@every_kind
def test_a_refusal_and_a_crash_leave_the_key_free(world, patient, make, monkeypatch):
    """I9, I10: what did not commit left nothing, and the same key then does it."""
    ready, key = make(world, patient), uuid4().hex
    before = everything()
    refused = raw(ready.by, "POST", ready.path, key=key, body={**ready.body, "no_field": 1})
    assert refused.status_code == 422

    with monkeypatch.context() as patch:
        patch.setattr(Answer.objects, "create", _cut)
        crashed = raw(ready.by, "POST", ready.path, key=key, body=ready.body)
    assert (crashed.status_code, crashed.json()["code"]) == (503, "server.busy")
    assert everything() == before

    done = raw(ready.by, "POST", ready.path, key=key, body=ready.body)
    assert done.status_code in (200, 201)
    assert everything() != before


@every_kind
def test_a_database_that_only_reads_refuses_every_write(world, patient, make):
    """A standby, or one closed for writing: 503, and the same key does it later."""
    ready, key = make(world, patient), uuid4().hex
    before = everything()
    with read_only():
        refused = raw(ready.by, "POST", ready.path, key=key, body=ready.body)
    assert (refused.status_code, refused.json()["code"]) == (503, "server.busy")
    assert everything() == before

    assert raw(ready.by, "POST", ready.path, key=key, body=ready.body).status_code in (200, 201)


@pytest.mark.parametrize("route", every_write(), ids=str)
def test_waits_for_nobody_while_the_first_still_runs(world, one_of_each, route):  # noqa: F811
    """I4: 409 with Retry-After, whatever the request is."""
    by, key = member_for(route, one_of_each), uuid4().hex
    body = lawful(route)
    path, before = route.path(), everything()

    with _held(UUID(by.account), key):
        answer = raw(by, "POST", path, key=key, body=body)

    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency.in_progress")
    assert answer.headers["Retry-After"] == "1"
    assert everything() == before


def test_eight_at_once_do_it_once(world, patient):
    """R2, R13, I4: one draft from eight simultaneous requests with one key."""
    ready, key = writes.draft(world, patient), uuid4().hex
    before = everything()["prescriptions_prescription"][0]

    answers = at_once(*[lambda: raw(ready.by, "POST", ready.path, key=key, body=ready.body)] * 8)

    assert everything()["prescriptions_prescription"][0] == before + 1
    codes = {answer.status_code for answer in answers}
    assert codes <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1


FOR_GOOD = [
    *(writes.authorize, writes.dispense, writes.receive, writes.decide, writes.settle),
    *(writes.pay, writes.scan, writes.confirm_count),
]
"""What moves money or medicines."""


@pytest.mark.parametrize("make", FOR_GOOD, ids=writes.named)
def test_when_the_answer_is_forgotten_nothing_happens_twice(world, patient, make):
    """I11: a statement is of one version, an order of one bill, a code of one scan."""
    ready, key = make(world, patient), uuid4().hex
    done = raw(ready.by, "POST", ready.path, key=key, body=ready.body)
    assert done.status_code in (200, 201)
    assert idempotency.forget_old(at=timezone.now() + timedelta(days=8)) >= 1
    before = rows()

    again = raw(ready.by, "POST", ready.path, key=key, body=ready.body)

    if again.status_code in (200, 201):  # the same order, which WeChat pays once
        assert again.content == done.content
    assert again.status_code in (200, 201, 404, 409, 410, 422), again.text
    assert rows() == before


def rows():
    """How many there are of everything but remembered answers."""
    return {name: n for name, (n, _) in everything().items() if name != "hospital_answer"}


def test_another_accounts_key_is_another_key(world, patient):
    """I5: never another's answer."""
    key, other = uuid4().hex, world.other_patient
    mine = writes.address(world, patient)
    first = raw(mine.by, "POST", mine.path, key=key, body=mine.body)

    theirs = raw(other.client, "POST", mine.path, key=key, body=mine.body)

    assert theirs.status_code == 201
    assert theirs.json()["id"] != first.json()["id"]
    assert "Idempotency-Replayed" not in theirs.headers


def test_answers_are_kept_sealed(world, patient):
    """P1: the remembered answer is not readable in the table."""
    ready, key = writes.address(world, patient), uuid4().hex
    first = raw(ready.by, "POST", ready.path, key=key, body=ready.body)

    stored = bytes(Answer.objects.get(account_id=ready.by.account, key=key).body)

    assert first.json()["id"].encode() not in stored


def member_for(route, members):
    """Somebody who may make this call."""
    allowed = TABLE[f"POST {route.template}"] or set()
    return members[next(role for role in PEOPLE if role in allowed)]


@contextmanager
def read_only():
    """The server's connection writes nothing, as that to a standby."""
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
        try:
            yield
        finally:
            cursor.execute("SET default_transaction_read_only = off")


def _cut(**_: object) -> None:
    raise OperationalError("the connection was cut before COMMIT")


class _held:
    """Another session holds the key's lock, as a first request does while it runs."""

    def __init__(self, account, key):
        self.about = idempotency._about(account, key)
        self.ready, self.done = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._hold)

    def __enter__(self):
        self.thread.start()
        assert self.ready.wait(5)

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()

    def _hold(self):
        digest = hashlib.sha256(self.about.encode()).digest()
        number = int.from_bytes(digest[:8], "big", signed=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [number])
            self.ready.set()
            self.done.wait(5)
            cursor.execute("SELECT pg_advisory_unlock(%s)", [number])
        connections.close_all()
