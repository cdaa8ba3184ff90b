"""``./rx demo FILE``: what it says and how it ends, with files that it has never seen."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from config import home as places
from config.servers import embedded
from tests import invariants
from tests.crashes.runs import NOT_OURS, python
from tests.demo.files import sample, unseen, write
from tests.servers.homes import quiet


def demo(home: Path, *arguments: object) -> tuple[int, str]:
    """The demo's exit code and output, its line breaks and table borders taken out."""
    ran = python(home, "manage.py", "demo", *map(str, arguments))
    return ran.returncode, " ".join(ran.stdout.replace("│", " ").split())


def sound(home: Path) -> None:
    """Everything that the demo has left in this home holds."""
    with embedded.running(home, quiet):
        ran = python(home, *invariants.COMMAND)
    # what a task has to say of servers that are not there stands above
    assert (ran.returncode, ran.stdout.splitlines()[-1]) == (0, "[]")


@pytest.fixture
def folder(home: Path) -> Path:
    home.mkdir()
    return home.parent


@pytest.mark.slow
@pytest.mark.alone
def test_plays_a_file_that_it_has_never_seen_and_again(home, folder):
    """No extras, no phone, unknown doctor, unknown patients; wrong lines are named, not played."""
    wrong = unseen(12)
    wrong["rxdrugdetail"][0]["drugCnt"] = 0
    nowhere = unseen(13)
    nowhere["mdtrtinfo"]["fixmedinsCode"] = "no-such-hospital"
    unlawful = sample(68)
    del unlawful["extras"]  # that it is refused is all that can be expected of it
    lines = (unseen(10), "{", unseen(11), "", wrong, sample(57), nowhere, unlawful)
    file = write(folder / "f", *lines)

    for _ in range(2):
        code, said = demo(home, file)
        assert code == 0, said
        assert "2 – the line is not JSON" in said
        assert "5 rxdrugdetail[0].drugCnt" in said
        assert "7 mdtrtinfo.fixmedinsCode is none of" in said
        assert "4 prescriptions: 1 cancelled, 2 claimed, 1 refused" in said
        assert "rx.five_drugs" in said
        assert said.count("not noticed") == 0
        assert said.endswith("Every expectation held.")
    sound(home)


@pytest.mark.slow
@pytest.mark.alone
def test_an_expectation_that_does_not_hold_is_exit_code_1(home, folder):
    fine = sample(34)
    fine["extras"]["ending"] = "refused_by_rule"
    refused = sample(68)
    refused["extras"]["expect_rule"] = "rx.no_such_rule"

    code, said = demo(home, write(folder / "f", fine, refused, sample(29)))

    assert code == 1
    assert "no rule refused it" in said
    assert "refused by ['rx.five_drugs']" in said
    assert "2 expectations did not hold" in said
    sound(home)


@pytest.mark.slow
@pytest.mark.alone
def test_f1_the_demo_itself_is_killed_and_run_again(home, folder):
    """F1: half-played prescriptions stay whole, and the next run finishes its own."""
    file = write(folder / "f", *(sample(number) for number in (1, 2, 34, 49)))
    process = subprocess.Popen(
        [sys.executable, "manage.py", "demo", file],
        cwd=places.BASE,
        env={
            **{name: value for name, value in os.environ.items() if name not in NOT_OURS},
            "RX_HOME": str(home),
            "PYTHONUNBUFFERED": "1",
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert any(" dispensed" in line for line in process.stdout)
    process.send_signal(signal.SIGKILL)
    process.communicate()

    code, said = demo(home, file)

    assert code == 0, said
    sound(home)


@pytest.mark.parametrize("name", ["missing.jsonl", ".", "a\nb"])
def test_a_file_that_cannot_be_read_is_one_sentence_and_exit_code_1(home, folder, name):
    code, said = demo(home, folder / name)

    assert code == 1
    assert "cannot be read" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff", "{}", "\x00\x01", "null"])
def test_a_file_without_a_prescription_says_so_and_starts_nothing(home, folder, text):
    file = folder / "f"
    file.write_text(text)

    code, said = demo(home, file)

    assert code == 1
    assert "nothing to play" in said
    assert "Traceback" not in said
    assert not (home / "postgres").exists()
