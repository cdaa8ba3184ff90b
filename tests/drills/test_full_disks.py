"""F6: the disk of the published log, or of a witness, fills up and has room again."""

import json

import pytest

from tests.servers.disks import on_a_small_disk

pytestmark = [pytest.mark.slow, pytest.mark.alone]

FILL = """
from pathlib import Path

def fill(path):
    with path.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass
"""

SIGNER = (
    FILL
    + """
import json, os, subprocess, sys
home = Path(sys.argv[1])
os.environ["RX_LOG"] = str(home / "log")
answers = []

def does(*verbs):
    argv = [sys.executable, "-m", "tests.drills.operator", *verbs]
    answers.extend(json.loads(subprocess.run(argv, capture_output=True, check=True).stdout))

does("open", "append:300", "sequence", "sign", "size")
fill(home.parent / "filler")
does("append:300", "sequence", "sign", "size")
(home.parent / "filler").unlink()
does("append:1", "sequence", "sign", "size", "audit")
print(json.dumps(answers))
"""
)


def test_f6_the_signers_disk_is_full(make_operator, tmp_path):
    """F6: what was published stays whole, entries go on, and with room again all is published."""
    operator = make_operator("home")
    said = json.loads(on_a_small_disk("size=2m", SIGNER, tmp_path, **operator.env))
    assert said[:5] == [2, 300, 302, 302, 302]
    assert said[5:7] == [300, 300]
    assert said[7] == ["OSError", "[Errno 28] No space left on device"]
    assert said[8] == 302
    assert said[9:] == [1, 1, 603, 603, 603]


WITNESS = (
    FILL
    + """
import json, sys
from tests.witness.programs import served
from tests.witness.trees import Tree, a_home

home, tree = Path(sys.argv[1]), Tree()
a_home(home, tree)
answers, at = [], 0

def add(client, size):
    global at
    answer = client.post("/witness/add-checkpoint", content=tree.body(at, size))
    answers.append(answer.status_code)
    if answer.status_code == 200:
        at = size

with served(home) as (client, _):
    add(client, 5)
    fill(home.parent / "filler")
    for size in range(6, 200):
        add(client, size)
        if answers[-1] != 200:
            break
    add(client, size)
    add(client, size + 1)
    with_room = at
    (home.parent / "filler").unlink()
    add(client, 250)
with served(home) as (client, _):
    add(client, 300)
print(json.dumps([answers[0], answers[-5:], with_room >= 5]))
"""
)


def test_f6_a_witnesss_disk_is_full(tmp_path):
    """F6: what it cannot store it does not say; with room again it goes on from what it said."""
    said = json.loads(on_a_small_disk("size=400k", WITNESS, tmp_path))
    assert said == [200, [503, 503, 503, 200, 200], True]
