"""Two histories of one log, each signed by it, race for a witness that is real and may die."""

import hashlib
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest

from ledger import note, treehead
from ledger.witness.home import WatchedLog
from tests.witness.programs import served
from tests.witness.trees import Tree, a_home

ADD = "/witness/add-checkpoint"
ROUNDS = 12


def histories(origin: str) -> tuple[Tree, Tree]:
    """Two trees under one key."""
    tree = Tree(origin=origin)
    return tree, Tree(tree.signer, salt="another history ")


LOGS = [histories(f"tests.example/raced/{number}") for number in range(ROUNDS)]


@pytest.fixture(scope="module")
def witness(tmp_path_factory) -> Iterator[httpx.Client]:
    """It watches many logs and has seen nothing of any."""
    folder = tmp_path_factory.mktemp("raced")
    made = a_home(folder, LOGS[0][0])
    for tree, _ in LOGS[1:]:
        made = made.watching(WatchedLog((tree.signer.verifier.vkey,), "http://127.0.0.1:1"))
    with served(folder) as (client, _):
        yield client


def at_once(url: str, bodies: list[bytes]) -> list[httpx.Response]:
    """What each body is answered, all of them sent at the same moment."""
    gate = threading.Barrier(len(bodies))
    answers: list[httpx.Response | None] = [None] * len(bodies)

    def post(place: int) -> None:
        with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
            client.get("/healthz")
            gate.wait(30)
            answers[place] = client.post(ADD, content=bodies[place])

    threads = [threading.Thread(target=post, args=(place,)) for place in range(len(bodies))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answer for answer in answers if answer is not None]


@pytest.mark.parametrize("number", range(ROUNDS))
def test_of_two_histories_at_once_one_is_cosigned(witness, number):
    """L3, L4: both are new to the witness and signed; one gets in, and stays."""
    tree, fork = LOGS[number]
    shown = [(one, size) for one in (tree, fork) for size in (5, 7, 9)]
    random.Random(number).shuffle(shown)

    answers = at_once(str(witness.base_url), [one.body(0, size) for one, size in shown])

    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 5]
    ((won, size),) = (
        pair for pair, answer in zip(shown, answers, strict=True) if answer.status_code == 200
    )
    assert {answer.text for answer in answers if answer.status_code == 409} == {f"{size}\n"}
    assert latest(witness, tree) == treehead.TreeHead.parse(note.parse(won.checkpoint(size)).text)

    lost = fork if won is tree else tree
    steps = [
        *(won.body(size, size + more) for more in (1, 2, 3)),
        *(lost.body(size, size + more) for more in (1, 2, 3)),
    ]
    answers = at_once(str(witness.base_url), steps)
    grown = [answer.status_code for answer in answers]
    assert sorted(grown[:3]) == [200, 409, 409]
    assert set(grown[3:]) <= {409, 422}
    assert latest(witness, tree).size == size + 1 + grown.index(200)


def latest(witness: httpx.Client, tree: Tree) -> treehead.TreeHead:
    digest = hashlib.sha256(tree.signer.verifier.name.encode()).hexdigest()
    content = witness.get(f"/witness/{digest}/checkpoint").content
    return treehead.open_checkpoint(content, tree.signer.verifier)


@dataclass
class Feeder:
    """Shows one history, a step at a time, until the witness is dead; remembers what it said."""

    tree: Tree
    dice: random.Random
    told: list[tuple[int, int]] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)

    def feed(self, url: str) -> None:
        old = 0
        try:
            with httpx.Client(base_url=url, trust_env=False) as client:
                while old < 290:
                    size = old + self.dice.randint(0, 2)
                    answer = client.post(ADD, content=self.tree.body(old, size))
                    if answer.status_code == 409:
                        old = int(answer.text)
                    elif answer.status_code == 200:
                        old = size
                        self.told.append((size, self._time(size, answer.content)))
                    else:
                        self.refused.add(answer.status_code)
                        return
        except httpx.TransportError:
            return

    def _time(self, size: int, lines: bytes) -> int:
        (line,) = note.parse(note.parse(self.tree.checkpoint(size)).text + b"\n" + lines).signatures
        return int.from_bytes(line.value[:8])


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize("seed", range(3))
def test_killed_in_the_midst_of_it_the_witness_stands_by_all_it_has_said(tmp_path, seed):
    """L3, L4, F1, L12: 30 kill -9 while three feed it; no word of it contradicts another."""
    dice = random.Random(seed)
    tree, fork = histories("tests.example/killed")
    a_home(tmp_path, tree)
    feeders = [Feeder(one, random.Random(seed + 9)) for one in (tree, tree, fork)]
    stood = treehead.TreeHead("", 0, b"")
    for _ in range(30):
        with served(tmp_path) as (client, process):
            told = [word for feeder in feeders for word in feeder.told]
            if told:
                standing = latest(client, tree)
                assert standing.size >= max(stood.size, max(size for size, _ in told))
                stood = standing
            url = str(client.base_url)
            threads = [threading.Thread(target=feeder.feed, args=(url,)) for feeder in feeders]
            for thread in threads:
                thread.start()
            time.sleep(dice.uniform(0, 0.12))
            os.kill(process.pid, signal.SIGKILL)
            for thread in threads:
                thread.join()
    # the empty tree is both histories'
    grown = [any(size for size, _ in feeder.told) for feeder in feeders]
    assert (grown[0] or grown[1]) != grown[2]
    for feeder, got_in in zip(feeders, grown, strict=True):
        assert feeder.told == sorted(feeder.told)
        assert [at_s for _, at_s in feeder.told] == sorted(at_s for _, at_s in feeder.told)
        assert feeder.refused == (set() if got_in else {422})  # the other history got in
