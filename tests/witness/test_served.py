"""The witness as a program: quick to start, without Django, deaf to bad requests, hard to kill."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from config import home as places
from config.servers import ports
from ledger import note, treehead
from ledger.witness import home, requests
from tests.witness.programs import run, served
from tests.witness.trees import ORIGIN, Tree, a_home

TREE = Tree()
FORK = Tree(TREE.signer, salt="another history ")
DIGEST = hashlib.sha256(ORIGIN.encode()).hexdigest()


@pytest.fixture(scope="module")
def witness(tmp_path_factory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("witness")
    a_home(folder, TREE)
    with served(folder) as (client, _):
        assert client.post("/witness/add-checkpoint", content=TREE.body(0, 5)).status_code == 200
        yield client


def test_it_knows_no_django():
    """Whoever runs a witness need not have the rest of this system."""
    code = "import sys, ledger.witness.__main__; print([m for m in sys.modules if 'django' in m])"
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=places.BASE, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "[]\n"


def test_shows_what_it_cosigned_last(witness):
    """L4: monitors compare it with what others were shown."""
    shown = witness.get(f"/witness/{DIGEST}/checkpoint").content
    head = treehead.open_checkpoint(shown, TREE.signer.verifier)
    assert head.size == 5
    assert len(note.parse(shown).signatures) == 2


def test_shows_the_checkpoints_that_contradict_it(witness):
    """L4: evidence for whoever asks."""
    body = requests.encode(5, (), FORK.checkpoint(5))
    assert witness.post("/witness/add-checkpoint", content=body).status_code == 422
    assert FORK.checkpoint(5).decode() in witness.get(f"/witness/{DIGEST}/suspects").json()


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("GET", "/", b"", 404),
        ("GET", "/witness", b"", 404),
        ("GET", f"/witness/{'0' * 64}/checkpoint", b"", 404),
        ("GET", f"/witness/{DIGEST}/secrets", b"", 404),
        ("GET", f"/validator/{DIGEST}/status", b"", 404),
        ("GET", "/witness/add-checkpoint", b"", 405),
        ("POST", f"/witness/{DIGEST}/checkpoint", b"", 405),
        ("PUT", "/witness/add-checkpoint", b"", 405),
        ("POST", "/witness/add-checkpoint", b"", 400),
        ("POST", "/witness/add-checkpoint", b"\xff\x00" * 9, 400),
        ("POST", "/witness/add-checkpoint", Tree(origin="other.example/log").body(0, 3), 404),
        ("POST", "/witness/add-checkpoint", b"old 0\n" * 300_000, 413),
        ("POST", "/witness/../../etc/passwd", b"", 404),
    ],
)
def test_answers_everything_else_with_its_status(witness, method, path, content, status):
    """D2, D4, D5: and lives."""
    assert witness.request(method, path, content=content).status_code == status
    assert witness.get("/healthz").status_code == 200


def test_making_a_home_twice_keeps_its_keys(tmp_path):
    where = ("--home", str(tmp_path / "home"), "--log", TREE.signer.verifier.vkey)
    made = run("init", *where, "--name", "office", "--log-url", "http://127.0.0.1:1/log")
    again = run("init", *where, "--name", "office", "--log-url", "http://127.0.0.1:2/log")

    assert (made.returncode, again.returncode) == (0, 0)
    assert made.stdout == again.stdout
    assert made.stdout.startswith("witness office/witness office/witness+")
    assert run("init", *where, "--name", "x", "--log-url", "http://x").returncode == 1
    assert (tmp_path / "home/witness.key").stat().st_mode & 0o077 == 0
    config = json.loads((tmp_path / "home/config.json").read_text())
    assert [one["url"] for one in config["logs"]] == ["http://127.0.0.1:2/log"]


@pytest.mark.parametrize("fault", ["no home", "readable key", "broken config", "taken port"])
def test_says_what_to_do_when_it_cannot_serve(tmp_path, fault):
    """P4: no start with a key that others can read."""
    folder = tmp_path / "home"
    if fault != "no home":
        a_home(folder, TREE)
    if fault == "readable key":
        (folder / "witness.key").chmod(0o644)
    if fault == "broken config":
        (folder / "config.json").write_text("{")
    with served(folder) if fault == "taken port" else served_by_nobody() as (client, _):
        port = str(client.base_url.port or ports._any())
        ran = run("serve", "--home", str(folder), "--port", port)
    assert ran.returncode == 1
    assert ran.stderr.startswith("witness: ")
    assert "Traceback" not in ran.stderr


@contextmanager
def served_by_nobody() -> Iterator[tuple[httpx.Client, None]]:
    with httpx.Client() as client:
        yield client, None


def test_a_home_in_another_form_is_refused(tmp_path):
    with pytest.raises(home.BadHome):
        home.load(tmp_path)
