"""The folder of an organisation's program, and the commands that make and change it."""

import json

import pytest

from config import law
from ledger import note
from ledger.cosignature import Algorithm, Verifier
from ledger.witness import home
from ledger.witness.home import BadHome, WatchedLog
from tests.witness.programs import run, served
from tests.witness.trees import ORIGIN, Tree, a_home

TREE = Tree()
SUCCESSOR = Tree(origin="tests.example/witnessed/2")
URL = "http://127.0.0.1:1/log"


@pytest.fixture
def law_file(tmp_path):
    path = tmp_path / "law.json"
    path.write_bytes(law.document())
    return path


def init(folder, *more: str):
    vkey = TREE.signer.verifier.vkey
    return run(
        *("init", "--home", str(folder), "--name", "office"),
        *("--log", vkey, "--log-url", URL, *more),
    )


def test_it_prints_the_lines_of_the_policy(tmp_path, law_file):
    """K1: name and verifier key of both roles; the keys on the disk are those."""
    ran = init(tmp_path / "home", "--law", str(law_file))
    lines = [line.split(" ") for line in ran.stdout.splitlines()]
    assert [line[:2] for line in lines] == [
        ["witness", "office/witness"],
        ["witness", "office/validator"],
    ]
    made = home.load(tmp_path / "home")
    found = [Verifier.from_vkey(vkey) for _, _, vkey in lines]
    assert found == [key.verifier for role in made.roles for key in made.cosigners(role)]


@pytest.mark.parametrize(
    ("chosen", "algorithms"),
    [("ml-dsa-44", [Algorithm.ML_DSA_44]), ("both", [Algorithm.ED25519, Algorithm.ML_DSA_44])],
)
def test_keys_are_of_the_kind_that_was_chosen(tmp_path, chosen, algorithms):
    ran = init(tmp_path / "home", "--algorithm", chosen)
    vkeys = [line.split(" ")[2] for line in ran.stdout.splitlines()]
    assert [Verifier.from_vkey(vkey).algorithm for vkey in vkeys] == algorithms


def test_a_witness_may_become_a_validator_and_keeps_its_key(tmp_path, law_file):
    folder = tmp_path / "home"
    before = init(folder).stdout.splitlines()
    after = init(folder, "--law", str(law_file)).stdout.splitlines()
    assert after[:1] == before
    assert after[1].startswith("witness office/validator ")
    assert init(folder).stdout.splitlines() == after
    assert [path.read_bytes() for path in (folder / "laws").iterdir()] == [law.document()]


def test_a_lost_key_is_not_made_anew(tmp_path):
    """L11: nobody would know it; and two keys under one name would be two witnesses."""
    init(tmp_path / "home")
    (tmp_path / "home/witness.key").unlink()
    ran = init(tmp_path / "home")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert not (tmp_path / "home/witness.key").exists()


def test_watches_the_successor_of_a_log_too(tmp_path):
    """L11: and what it knew of the first one it still knows."""
    folder = tmp_path / "home"
    a_home(folder, TREE)
    with served(folder) as (client, _):
        add = "/witness/add-checkpoint"
        assert client.post(add, content=TREE.body(0, 5)).status_code == 200
        assert client.post(add, content=SUCCESSOR.body(0, 3)).status_code == 404

    vkey = SUCCESSOR.signer.verifier.vkey
    ran = run("add-log", "--home", str(folder), "--log", vkey, "--log-url", URL)
    assert (ran.returncode, ran.stdout) == (0, f"watching {SUCCESSOR.signer.verifier.name}\n")

    with served(folder) as (client, _):
        assert client.post(add, content=SUCCESSOR.body(0, 3)).status_code == 200
        assert client.post(add, content=TREE.body(0, 5)).text == "5\n"
    sizes = [
        line.split(" ")[:3] for line in run("status", "--home", str(folder)).stdout.split("\n")
    ]
    assert sizes[:2] == [
        ["office/witness", ORIGIN, "5"],
        ["office/witness", SUCCESSOR.signer.verifier.name, "3"],
    ]


def test_one_logs_key_signs_nothing_of_another_log(tmp_path):
    """L3: a checkpoint of the first log, signed by the second one's key alone."""
    folder = tmp_path / "home"
    made = a_home(folder, TREE)
    made.watching(WatchedLog((SUCCESSOR.signer.verifier.vkey,), URL))
    with served(folder) as (client, _):
        foreign = b"old 0\n\n" + TREE.checkpoint(3, SUCCESSOR.signer)
        assert client.post("/witness/add-checkpoint", content=foreign).status_code == 403


def test_keys_of_two_logs_are_not_one_log(tmp_path):
    """P4: refused before anything is made."""
    vkeys = (TREE.signer.verifier.vkey, SUCCESSOR.signer.verifier.vkey)
    with pytest.raises(note.Malformed):
        home.make(
            tmp_path / "home",
            "office",
            algorithms=[Algorithm.ED25519],
            validates=False,
            log=WatchedLog(vkeys, URL),
        )
    assert not (tmp_path / "home").exists()
    ran = init(tmp_path / "home", "--log", vkeys[1])
    assert (ran.returncode, "not those of one log" in ran.stderr) == (1, True)


@pytest.mark.parametrize(
    ("argument", "value"),
    [("--log", "office"), ("--log-url", "ftp://x"), ("--log-url", "/var/log"), ("--name", "a b")],
)
def test_says_what_is_unfit(tmp_path, argument, value):
    """D4: a sentence, no traceback, and no home."""
    given = {"--log": TREE.signer.verifier.vkey, "--log-url": URL, "--name": "office"}
    given[argument] = value
    words = [word for pair in given.items() for word in pair]
    ran = run("init", "--home", str(tmp_path / "home"), *words)
    assert ran.returncode == 1
    assert ran.stderr.startswith("witness: ")
    assert "Traceback" not in ran.stderr
    assert not (tmp_path / "home/config.json").exists()


def test_accepts_a_law_by_its_digest_and_nothing_else(tmp_path, law_file):
    folder = tmp_path / "home"
    a_home(folder, TREE)
    assert (
        run("accept", "--home", str(folder), str(law_file)).stdout == f"accepted {law.digest()}\n"
    )
    assert (folder / f"laws/{law.digest()}.json").read_bytes() == law.document()
    law_file.write_bytes(law.document() + b" ")
    ran = run("accept", "--home", str(folder), str(law_file))
    assert (ran.returncode, ran.stdout, len(list((folder / "laws").iterdir()))) == (1, "", 1)


def test_records_that_are_none_stop_it(tmp_path):
    """L12, P4: it does not begin again from size 0 where it cannot read what it has said."""
    a_home(tmp_path, TREE)
    (tmp_path / "witness.db").write_bytes(b"no database" * 1000)
    ran = run("serve", "--home", str(tmp_path), "--port", "1")
    assert (ran.returncode, ran.stderr) == (1, "witness: file is not a database\n")


def test_a_home_holds_what_it_was_told(tmp_path):
    made = a_home(tmp_path, TREE, *Algorithm)
    assert home.load(tmp_path) == made
    content = json.loads((tmp_path / "config.json").read_bytes())
    content["algorithms"] = ["RSA"]
    (tmp_path / "config.json").write_text(json.dumps(content))
    with pytest.raises(BadHome):
        home.load(tmp_path)
