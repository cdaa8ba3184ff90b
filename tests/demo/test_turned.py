"""The logs are turned while prescriptions are on their way, under real witnesses and validators."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config import home as places
from config.sample import loader
from config.servers import embedded
from ledger import note as notes
from ledger import treehead
from tests import invariants
from tests.crashes.runs import NOT_OURS, python
from tests.servers.homes import quiet

LINES = {"RX_LINES": "2"}
PATIENCE_S = 240.0
"""Longer than any wait of the demo, so that it says itself what did not come."""


def size(home: Path) -> int:
    """How many entries of the first log are final."""
    try:
        text = notes.parse((home / "log" / "checkpoint").read_bytes()).text
    except (FileNotFoundError, notes.Malformed):
        return 0
    return treehead.TreeHead.parse(text).size


def rest(playing: subprocess.Popen[str]) -> str:
    """All that the demo said, also where it does not end."""
    try:
        return playing.communicate(timeout=PATIENCE_S)[0]
    except subprocess.TimeoutExpired:
        playing.kill()
        said = playing.communicate()[0]
        pytest.fail(f"the demo did not end within {PATIENCE_S:.0f} s of the turn:\n{said}")


@pytest.mark.slow
@pytest.mark.alone
def test_prescriptions_go_on_while_the_logs_turn(home: Path):
    """L2, L3, F3: nothing is lost, every receipt holds, validators replay across the turn."""
    home.mkdir()
    file = home.parent / "f"
    lines = loader.PRESCRIPTIONS.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[9:50]))
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    playing = subprocess.Popen(
        [sys.executable, "manage.py", "demo", str(file)],
        cwd=places.BASE,
        env={**inherited, "RX_HOME": str(home), **LINES},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        until = time.monotonic() + PATIENCE_S
        while size(home) < 70 and time.monotonic() < until and playing.poll() is None:
            time.sleep(0.1)
        for step in ("prepare", "now"):
            ran = python(home, "manage.py", "turn", step, "2027q1", **LINES)
            assert ran.returncode == 0, ran.stdout
        said = rest(playing)
    finally:
        playing.kill()
    assert playing.returncode == 0, said[-4000:]
    assert "Every expectation held." in said
    with embedded.running(home, quiet):
        ran = python(home, *invariants.COMMAND, **LINES)
        assert (ran.returncode, ran.stdout.splitlines()[-1]) == (0, "[]"), ran.stdout
        verified = python(home, "manage.py", "verify", **LINES).stdout
    for name in ("", "/1", "/national"):
        assert f"published: rx.example/log{name}/2027q1" in verified
    assert "FAULT" not in verified
