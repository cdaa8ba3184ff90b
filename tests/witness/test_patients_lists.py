"""A validator keeps the patients' lists of what it replays, and cosigns no others."""

import hashlib
import io
import itertools
import json
import random
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from config import law as published
from ledger import note, patients
from ledger.cosignature import Algorithm, Cosigner, cosigned_by
from ledger.entry import Statement
from ledger.note import Malformed
from ledger.treehead import TreeHead
from ledger.witness import home, requests
from ledger.witness import patients as witnessed
from ledger.witness.home import BadHome, WatchedLog
from ledger.witness.patients import ListCosigning, Lists, OutOfStep
from ledger.witness.records import Records
from ledger.witness.server import Application
from ledger.witness.validating import Validating
from ledger.witness.validator import FILE
from tests.ledger.lawful import COLLECTED, LOG, OTHER_TAG, TAG, Book
from tests.ledger.listed import naive_root
from tests.ledger.witnessed import published as written
from tests.witness.offices import Office

OF_LISTS = note.Signer(patients.origin_of(LOG.verifier.name), LOG.seed)
KEY = Cosigner("office/validator", b"v" * 32)
TAGS = [TAG, OTHER_TAG, *(f"{number:064x}" for number in range(20))]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.validator.close()


@pytest.fixture(scope="module")
def book() -> Book:
    """A log of 600 entries about 22 patients and nobody. Do not write into it."""
    book, chance = Book(), random.Random(7)
    for number in range(20):
        book.go(*COLLECTED, of=f"rx/{number:032x}")
    while len(book.entries) < 600:
        book.view(f"{len(book.entries):x}", patient=chance.choice([*TAGS, ""]))
    return book


def lists_in(book: Book, size: int | None = None) -> dict[str, list[int]]:
    """Whose the entries are, read from them."""
    found: dict[str, list[int]] = {}
    for index, entry in enumerate(book.entries[:size]):
        tag = Statement.parse(note.parse(entry).text).patient
        if tag:
            found.setdefault(tag, []).append(index)
    return found


def head(size: int, root: bytes, signer: note.Signer = OF_LISTS) -> bytes:
    return note.sign(TreeHead(signer.verifier.name, size, root).text(), signer)


def cosigning(office: Office, now: float = 1_800_000_000) -> ListCosigning:
    logs = WatchedLog((LOG.verifier.vkey,), "http://127.0.0.1:1").keys
    records = Records(office.home / "validator.db")
    return ListCosigning(logs, [KEY], records, office.lists, clock=lambda: now)


# --- the map --------------------------------------------------------------------------------------


def test_the_root_is_that_of_the_entries_at_every_size_that_was_admitted(office, book):
    """L6: from the definition, and however the log grew."""
    for size in (1, 2, 30, 256, 257, 600):
        office.admit(book, size)
        assert office.lists.root_at(size) == naive_root(lists_in(book, size))
        assert office.lists.size() == size
        office.reopen()
    for size in (1, 30, 257):
        assert office.lists.root_at(size) == naive_root(lists_in(book, size))
    assert office.lists.root_at(29) is None


def test_an_unlawful_entry_is_in_no_list(office, book):
    """The batch that holds it comes to nothing, and what was seen of it is forgotten."""
    office.admit(book, 40)
    cheated = Book()
    cheated.entries = list(book.entries[:40])
    cheated.tips, cheated.now, cheated.keys = dict(book.tips), book.now, book.keys
    cheated.view("1" * 32, patient=TAG)
    cheated.view("2" * 32, by="cashier", patient=TAG)
    assert office.refuses(cheated, office_rule(cheated)).lasting
    assert office.lists.size() == 40
    assert office.lists.root_at(40) == naive_root(lists_in(book, 40))


def office_rule(book: Book) -> str:
    return book.broken()[1]


def test_a_batch_that_failed_is_taken_once(office, book):
    """F6: the disk is full before the commit; later all goes on."""

    def fails(*_: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    office.admit(book, 100)
    office.watcher.finish = fails
    for size in (150, 300):
        with pytest.raises(sqlite3.OperationalError):
            office.admit(book, size)
    del office.watcher.finish
    assert office.lists.size() == 100
    office.admit(book)
    assert office.lists.root_at(600) == naive_root(lists_in(book))


def test_a_killed_validator_keeps_lists_and_replay_in_step(office, book, tmp_path):
    """F1: killed in the middle of batches, and with all but the commit done."""
    folder = written(tmp_path / "published", office_files(office, book))
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    for place in sorted(chance.sample(range(576), 4)):
        for kill_at in (place, -(place - place % 64 + 64)):
            arguments = [str(office.home), str(folder), "2026-12-24T00:00:00Z", str(kill_at)]
            program = [sys.executable, "-m", "tests.witness.killed", *arguments]
            subprocess.run(program, check=False)
            office.reopen()
            assert office.lists.size() == office.size, seed
    office.admit(book)
    assert office.lists.root_at(600) == naive_root(lists_in(book)), seed


def office_files(office: Office, book: Book) -> Any:
    office.publish(book)
    return office.files


def test_the_last_thousand_roots_are_kept(office, book, monkeypatch):
    monkeypatch.setattr(witnessed, "KEPT_ROOTS", 3)
    for size in range(30, 36):
        office.admit(book, size)
    known = [size for size in range(40) if office.lists.root_at(size)]
    assert known == [33, 34, 35]


def test_lists_that_are_not_of_what_was_replayed_are_refused(office, book):
    """A replay that began before there were lists cannot go on with them."""
    office.admit(book, 40)
    office.validator.close()
    database = sqlite3.connect(office.home / FILE)
    database.execute("DELETE FROM patient_root")
    database.commit()
    database.close()
    with pytest.raises(OutOfStep, match="40 entries"):
        office.open()


# --- cosigning ------------------------------------------------------------------------------------


def test_cosigns_the_lists_that_it_has_found(office, book):
    office.admit(book)
    signed = head(600, naive_root(lists_in(book)))

    answer = cosigning(office).add(signed)

    assert answer.status == 200
    whole = note.parse(note.parse(signed).text + b"\n" + answer.body)
    assert cosigned_by(whole, [KEY.verifier]) == {KEY.verifier: 1_800_000_000}
    shown = note.parse(cosigning(office).latest())
    assert [one.name for one in shown.signatures] == [OF_LISTS.verifier.name, "office/validator"]


def test_cosigns_a_size_that_is_past_and_shows_the_largest(office, book):
    """The operator is slower than the log grows; a clock that was set back is not believed."""
    for size in (40, 50):
        office.admit(book, size)
    later, earlier = cosigning(office), cosigning(office, 1_700_000_000)
    for who, size in ((later, 50), (earlier, 40)):
        answer = who.add(head(size, naive_root(lists_in(book, size))))
        text = note.parse(head(size, naive_root(lists_in(book, size)))).text
        times = cosigned_by(note.parse(text + b"\n" + answer.body), [KEY.verifier])
        assert times == {KEY.verifier: 1_800_000_000}
    assert patients.head_of(later.latest()).size == 50


def test_has_an_answer_to_everything(office, book):
    """L3, L4: unsigned, unknown, not yet, not any more, and wrong."""
    office.admit(book, 50)
    offered = cosigning(office)
    by_origin = {offered.origin: offered}
    right = naive_root(lists_in(book, 50))
    other = note.Signer("example/other/patients", b"o" * 32)
    stranger = note.Signer(OF_LISTS.verifier.name, b"s" * 32)
    forged = note.Signature(OF_LISTS.verifier.name, OF_LISTS.verifier.key_id, bytes(64)).line()
    text = TreeHead(OF_LISTS.verifier.name, 50, right).text()
    cases = [
        (400, b""),
        (400, note.sign(b"one line\n", OF_LISTS)),
        (404, head(50, right, other)),
        (404, head(50, right, LOG)),
        (403, head(50, right, stranger)),
        (403, note.assemble(text, [OF_LISTS.sign(text), forged])),
        (409, head(49, right)),
        (409, head(51, right)),
        (409, head(0, right)),
        (422, head(50, b"x" * 32)),
        (200, head(50, right)),
    ]
    for status, body in cases:
        answer = witnessed.add(body, by_origin)
        assert answer.status == status, (body, answer)
        if status == 409:
            assert (answer.body, answer.content_type) == (b"50\n", "text/x.tlog.size")
    assert offered.suspects() == [head(50, b"x" * 32)]


def test_a_lying_operator_finds_nobody_to_cosign(office, book):
    """
    Cheats with a list: an entry left out, added to another's, filed under another tag, doubled.

    The entries are as they are; whatever else the head claims has another root.
    """
    office.admit(book)
    offered = cosigning(office)
    true = lists_in(book)
    lies = []
    for index in (true[TAG][0], true[TAG][-1]):
        left = [one for one in true[TAG] if one != index]
        lies.append({**true, TAG: left})
        lies.append({**true, OTHER_TAG: sorted([*true[OTHER_TAG], index])})
        lies.append({**true, TAG: left, OTHER_TAG: sorted([*true[OTHER_TAG], index])})
    lies.append({**true, TAG: [*true[TAG], true[TAG][-1]]})
    lies.append({tag: indices for tag, indices in true.items() if tag != TAG})
    lies.append({**true, "a stranger": [0]})
    for lie in lies:
        assert offered.add(head(600, naive_root(lie))).status == 422
    assert offered.latest() == b""
    assert offered.add(head(600, naive_root(true))).status == 200


def test_never_cosigns_two_roots_for_one_size(office, book, tmp_path):
    """Though the replay were lost and came to something else, as with a faulty program."""
    office.admit(book, 50)
    assert cosigning(office).add(head(50, naive_root(lists_in(book, 50)))).status == 200
    database = sqlite3.connect(office.home / FILE)
    database.execute("UPDATE patient_root SET root = ?", (b"w" * 32,))
    database.commit()
    database.close()
    for root in (b"w" * 32, naive_root(lists_in(book, 50))):
        assert cosigning(office).add(head(50, root)).status == 422


def test_many_at_once_get_the_same_cosignature(office, book):
    """L7"""
    office.admit(book, 50)
    offered = cosigning(office)
    signed = head(50, naive_root(lists_in(book, 50)))
    answers: list[Any] = []
    threads = [
        threading.Thread(target=lambda: answers.append(offered.add(signed))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(one.status, one.body) for one in answers} == {(200, answers[0].body)}
    assert len(answers) == 8


def test_no_log_is_named_as_lists_are(tmp_path):
    """Else its checkpoints would say something of another log's patients."""
    vkey = OF_LISTS.verifier.vkey
    with pytest.raises(Malformed, match="lists"):
        home.make(
            tmp_path / "home",
            "office",
            algorithms=(Algorithm.ED25519,),
            validates=True,
            log=WatchedLog((vkey,), "http://127.0.0.1:1"),
        )


# --- the program ----------------------------------------------------------------------------------


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def served(tmp_path: Path, book: Book) -> Iterator[tuple[Application, home.Home]]:
    """The program of an organisation that validates the book, which is served beside it."""
    folder = written(tmp_path / "log", book.files())
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    made = home.make(
        tmp_path / "home",
        "office",
        algorithms=(Algorithm.ED25519, Algorithm.ML_DSA_44),
        validates=True,
        log=WatchedLog((LOG.verifier.vkey,), f"http://127.0.0.1:{server.server_port}"),
    )
    made.accept(published.document(), published.digest())
    yield Application(made), made
    server.shutdown()
    server.server_close()


def call(application: Application, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    statuses: list[str] = []
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    answer = b"".join(application(environ, lambda status, headers: statuses.append(status)))
    return int(statuses[0].split()[0]), answer


def test_the_program_cosigns_with_all_its_keys(served, book):
    application, made = served
    place = f"/validator/{hashlib.sha256(LOG.verifier.name.encode()).hexdigest()}"
    signed = head(600, naive_root(lists_in(book)))
    assert call(application, "POST", "/validator/add-patients", signed) == (409, b"0\n")
    assert call(application, "GET", f"{place}/patients")[0] == 404

    shown = requests.encode(0, (), book.files()["checkpoint"])
    assert call(application, "POST", "/validator/add-checkpoint", shown)[0] == 200
    status, lines = call(application, "POST", "/validator/add-patients", signed)

    assert status == 200
    keys = [key.verifier for key in made.cosigners("validator")]
    assert len(cosigned_by(note.parse(note.parse(signed).text + b"\n" + lines), keys)) == 2
    assert call(application, "GET", f"{place}/patients") == (200, signed + lines)
    lie = head(600, b"x" * 32)
    assert call(application, "POST", "/validator/add-patients", lie)[0] == 422
    status, suspects = call(application, "GET", f"{place}/suspected-patients")
    assert (status, json.loads(suspects)) == (200, [lie.decode()])
    assert call(application, "POST", "/witness/add-patients", signed)[0] == 404
    assert call(application, "GET", "/validator/add-patients")[0] in (404, 405)


def test_a_replay_that_is_older_than_the_lists_says_what_to_do(served, book):
    _, made = served
    (folder,) = made.path.glob("replay-*")
    database = sqlite3.connect(folder / FILE)
    database.execute("UPDATE position SET entries = 7")
    database.commit()
    database.close()
    with pytest.raises(BadHome, match=f"remove {folder}"):
        Validating(made, made.logs[0])


def test_the_two_sides_share_no_state():
    """The map that a validator keeps is in its own file; nothing of it is asked of the operator."""
    assert not {"django", "httpx"} & {
        name.partition(".")[0]
        for name in itertools.chain(vars(witnessed), vars(patients))
        if name.islower()
    }
    assert Lists(Path("/nowhere"))._seen == []
