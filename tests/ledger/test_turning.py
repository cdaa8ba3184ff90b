"""Turning a line: the log is frozen, its successor opened, and nothing is lost on the way."""

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from ledger import (
    audit,
    chain,
    checkpoints,
    feeding,
    inspection,
    keyfile,
    lag,
    network,
    note,
    opening,
    patientlists,
    places,
    queries,
    receiptfile,
    sequencer,
    tasks,
    turning,
)
from ledger.models import Event, Log
from ledger.policy import Policy
from tests.ledger.logs import ALog

NAME = "2027q1"


def nothing(done: int, total: int | None) -> None:
    """No progress is shown."""


@pytest.fixture
def line(log: ALog, tmp_path: Path) -> Iterator[ALog]:
    """A line with one open log, whose key lies where keys lie."""
    with override_settings(KEY_FOLDER=tmp_path / "keys", LOG_FOLDER=tmp_path / "log"):
        log.folder = tmp_path / "log"
        keyfile.save(tmp_path / "keys" / "log.key", log.signer)
        yield log


def turn(line: ALog, name: str = NAME) -> Log:
    successor = turning.prepare(line.origin, name)
    keys = {"registrar": line.registrar.verifier.vkey}
    return turning.turn(
        line.origin, successor, service_keys=keys, policy=policy(line, successor), law=""
    )


def policy(line: ALog, *more: note.Signer) -> Policy:
    names = [line.signer.verifier, *(one.verifier for one in more)]
    text = "".join(f"log {one.vkey}\n" for one in names)
    return Policy.parse(f"{text}quorum none\n".encode())


def checkpoint(origin: str) -> None:
    sequencer.sequence(origin)
    folder = places.published(origin)
    checkpoints.advance(places.signer(origin), folder)
    checkpoints.publish_final(Log.objects.get(origin=origin), folder)


def verify(*origins: str) -> list[audit.Summary]:
    """The tables and the files, each as one history."""
    tables, files = audit.History(), audit.History()
    for origin in origins:
        inspection.database(origin, nothing, history=tables)
    return [
        inspection.published(origin, places.published(origin), nothing, history=files)
        for origin in origins
    ]


def kinds(origin: str) -> list[str]:
    rows = Event.objects.filter(log_id=network.log_id(origin)).order_by("id")
    return list(rows.values_list("kind", flat=True))


def test_a_subject_goes_on_in_the_next_log(line):
    """L2: versions and ``prev`` continue; both logs verify as one history."""
    line.append("rx/1")
    before = line.append("rx/1")
    made = turn(line)
    after = line.append("rx/1")
    checkpoint(made.origin)

    assert kinds(line.origin)[-1] == "log.freeze"
    assert (after.log, after.version) == (made.origin, 3)
    assert chain.tip("rx/1").leaf == after.leaf != before.leaf
    assert [entry.log for entry in queries.entries_about("rx/1")] == [
        line.origin,
        line.origin,
        made.origin,
    ]
    first, second = verify(line.origin, made.origin)
    assert (first.size, second.size) == (5, 2)


def test_a_frozen_log_takes_no_entry(line):
    """L1: not even one that was drawn before."""
    drawn = line.draw("rx/1")
    turn(line)
    with transaction.atomic(), pytest.raises(chain.Turned):
        chain.append(note.sign(drawn.text(), line.doctor), drawn=drawn)
    with transaction.atomic(), pytest.raises(chain.Outrun):
        chain.append(note.sign(drawn.text(), line.doctor))
    assert kinds(line.origin)[-1] == "log.freeze"


def a_doctor(line: ALog) -> note.Signer:
    """Somebody whose key is registered under its name."""
    key = note.Signer.generate("hospital/doctor/2")
    line.append(
        f"key/{key.verifier.name}",
        kind="key.register",
        facts={"vkey": key.verifier.vkey},
        signers=(key, line.registrar),
    )
    return key


def test_receipts_of_the_next_log_prove_keys_of_the_one_before(line):
    """K9: offline, with the policy alone."""
    key = a_doctor(line)
    made = turn(line)
    entry = line.append("rx/1", signers=(key,))
    checkpoint(made.origin)
    data = queries.receipt_file_for(entry.leaf)
    verified = receiptfile.verify(data, policy(line, places.signer(made.origin)))
    assert verified.signers == (key.verifier.name,)
    assert verified.head.origin == made.origin
    file = receiptfile.read(data)
    assert len(file.keys) == 2
    with pytest.raises(receiptfile.UnknownSigner):
        receiptfile.verify(
            receiptfile.complete(file.receipt.bytes(), file.entry, keys=file.keys[1:]),
            policy(line, places.signer(made.origin)),
        )


def test_the_patients_lists_of_the_log_before_reach_its_end(line):
    """L15: whoever takes a copy away later is shown all of it, though the log turned in between."""
    line.append("rx/1", patient="tag")
    made = turn(line)
    assert not patientlists.is_whole(line.origin)
    tasks.patients(line.origin)
    head = patientlists.published(
        Log.objects.get(origin=line.origin), places.published(line.origin)
    )
    assert head is not None
    assert head.size == len(kinds(line.origin))
    checkpoint(made.origin)
    tasks.patients(line.origin)
    assert patientlists.is_whole(made.origin)


def test_who_began_before_is_waited_for(line):
    """F3: a transaction that saw the log open appends, and its entry precedes the freeze."""
    began, may_append = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                statement = line.draw("rx/slow")
                began.set()
                may_append.wait(10)
                chain.append(note.sign(statement.text(), line.doctor), drawn=statement)
        except chain.Turned:
            pass
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(slow)
        began.wait(10)
        turned = pool.submit(closing(turn), line)
        may_append.set()
        writing.result(20)
        turned.result(20)
    assert kinds(line.origin)[-1] == "log.freeze"
    assert kinds(line.origin).count("rx.issue") <= 1


def closing(call):
    def run(*arguments):
        try:
            return call(*arguments)
        finally:
            connections.close_all()

    return run


def test_nothing_is_lost_or_doubled_while_many_write(line):
    """F3, L2: every acknowledged entry is in one of the logs, once, and versions are whole."""
    turned, done = threading.Event(), itertools.count()

    def write(subject: str) -> list[bytes]:
        leaves: list[bytes] = []
        try:
            while not turned.is_set() or len(leaves) < 20:
                with one_more():
                    leaves.append(line.append(subject).leaf)
                    next(done)
        finally:
            connections.close_all()
        return leaves

    with ThreadPoolExecutor(5) as pool:
        writing = [pool.submit(write, f"rx/{number}") for number in range(4)]
        made = pool.submit(closing(turn), line).result(60)
        turned.set()
        written = [leaf for one in writing for leaf in one.result(60)]
    checkpoint(made.origin)

    stored = Event.objects.filter(log_id__in=network.logs_of(line.origin), kind="rx.issue")
    assert sorted(written) == sorted(bytes(leaf) for leaf in stored.values_list("leaf", flat=True))
    assert kinds(line.origin)[-1] == "log.freeze"
    assert {"rx.issue"} <= set(kinds(made.origin))
    verify(line.origin, made.origin)


@contextmanager
def one_more() -> Iterator[None]:
    """A write that may come while the line turns; who writes draws again."""
    with suppress(chain.Turned, network.Turning):
        yield


def test_writes_are_pushed_back_while_the_line_turns(line):
    turning._close(line.id)
    with pytest.raises(network.Turning):
        lag.check()
    with pytest.raises(network.Turning):
        line.draw("rx/1")


STEPS = ("_wait_for_others", "_freeze", "_final")


@pytest.mark.parametrize("step", [*STEPS, "open_log"])
def test_whoever_is_interrupted_turns_again(line, step, monkeypatch):
    """F1: between any two steps; the second time it is one freeze and one successor."""
    line.append("rx/1")
    where = opening if step == "open_log" else turning
    with monkeypatch.context() as patched:
        patched.setattr(where, step, interrupted)
        with pytest.raises(KeyboardInterrupt):
            turn(line)
    made = turn(line)
    assert turn(line) == made
    line.append("rx/1")
    checkpoint(made.origin)
    assert kinds(line.origin).count("log.freeze") == 1
    verify(line.origin, made.origin)


def interrupted(*arguments, **named):
    raise KeyboardInterrupt


def test_a_log_frozen_for_one_successor_gets_no_other(line, monkeypatch):
    """L3"""
    with monkeypatch.context() as patched:
        patched.setattr(turning, "_final", interrupted)
        with pytest.raises(KeyboardInterrupt):
            turn(line)
    with pytest.raises(turning.NotTurned, match="frozen already"):
        turn(line, "other")


def test_without_the_witnesses_the_next_log_is_not_opened(line, monkeypatch):
    """L6: the successor names a final tree and no other."""
    monkeypatch.setattr(turning, "PATIENCE_S", 0.3)
    monkeypatch.setattr(feeding, "feed", lambda log, folder: None)
    monkeypatch.setattr(checkpoints, "publish_final", lambda log, folder: None)
    with pytest.raises(turning.NotTurned, match="witnesses"):
        turn(line)
    assert not Log.objects.filter(origin=f"{line.origin}/{NAME}").exists()


def test_the_policy_must_name_the_next_log(line):
    successor = turning.prepare(line.origin, NAME)
    with pytest.raises(turning.NotTurned, match="does not list"):
        turning.turn(line.origin, successor, service_keys={}, policy=policy(line), law="")
    line.append("rx/1")  # nothing has been closed


@pytest.mark.parametrize("name", ["", "A", "../x", "a b", "a//b", "-a", "a/"])
def test_a_log_has_a_name_that_folders_and_addresses_can_have(line, name):
    with pytest.raises(places.BadName):
        turning.prepare(line.origin, name)


def test_a_line_turns_again_and_again(line):
    """Receipts and history go back as far as it takes."""
    key = a_doctor(line)
    made = [turn(line, f"2027q{number}") for number in (1, 2, 3)]
    entry = line.append("rx/1", signers=(key,))
    for one in made:
        checkpoint(one.origin)
    verify(line.origin, *(one.origin for one in made))
    data = queries.receipt_file_for(entry.leaf)
    known = policy(line, *(places.signer(one.origin) for one in made))
    assert receiptfile.verify(data, known).head.origin == made[-1].origin
    assert len(receiptfile.read(data).keys) == 4


def test_a_turned_line_costs_no_more_queries(line):
    """G4: which log is open is asked once per process."""
    turn(line)
    line.append("rx/1")
    with CaptureQueriesContext(connection) as asked:
        line.append("rx/1")
    assert [query["sql"].split()[0] for query in asked if "SAVEPOINT" not in query["sql"]] == [
        "BEGIN",
        "SELECT",
        "SELECT",
        "SELECT",
        "COMMIT",
    ]


@pytest.mark.parametrize("lines", [2, 5])
def test_the_number_of_lines_cannot_be_changed_later(line, lines):
    """A person's line follows from it: what was entered about him would be looked for elsewhere."""
    turn(line)
    with (
        override_settings(LEDGER_LINES=lines),
        pytest.raises(CommandError, match=r"begun with 1 lines of logs: set RX_LINES=1,"),
    ):
        call_command("init")
    assert network.begun() == {line.origin}
