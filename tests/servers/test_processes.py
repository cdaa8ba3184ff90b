"""The supervisor of child programs, with real children."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import home as places
from config.servers import ports, processes, programs
from config.servers.folder import ServerProblem
from config.servers.processes import Program, Supervisor
from tests.servers.homes import quiet


def shell(name: str, script: str, **more) -> Program:
    """A program that is a shell script."""
    return Program(name, ("/bin/sh", "-c", script), dict(os.environ), **more)


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    """A supervisor that stops what a test has left running."""
    (tmp_path / "logs").mkdir()
    with Supervisor(tmp_path) as running:
        yield running


def test_starts_a_program_and_waits_until_it_is_ready(supervisor, tmp_path):
    sign = tmp_path / "ready"
    supervisor.start(
        [shell("one", f"sleep .2; touch '{sign}'; sleep 60", ready=sign.exists)], quiet
    )
    assert sign.exists()
    assert supervisor.pid("one")


def test_starts_a_killed_program_again(supervisor):
    supervisor.start([shell("one", "exec sleep 60")], quiet)
    killed = supervisor.kill("one")

    assert programs.wait_until(lambda: supervisor.pid("one") not in (0, killed), 5)
    assert supervisor.deaths("one") == 1


def test_what_a_killed_program_has_started_ends_before_it_starts_again(supervisor):
    """An orphan would hold its port and answer with old code."""
    supervisor.start([shell("one", "sleep 61 & sleep 62 & wait")], quiet)
    assert programs.wait_until(lambda: len(supervisor.processes("one")) == 3, 5)
    before = supervisor.processes("one")
    supervisor.kill("one")

    assert programs.wait_until(lambda: supervisor.pid("one") not in (0, *before), 5)
    assert programs.wait_until(lambda: not any(map(programs.argv_of, before)), 5)


def test_gives_up_at_the_start_on_a_program_that_keeps_ending(supervisor):
    with pytest.raises(ServerProblem, match=r"(?s)one keeps ending.*no such colour"):
        supervisor.start([shell("one", "echo no such colour; exit 3", ready=lambda: False)], quiet)


def test_waits_longer_each_time_before_it_starts_a_program_again(supervisor):
    supervisor.start([shell("one", "sleep .1")], quiet)
    assert programs.wait_until(lambda: supervisor.deaths("one") == 3, 10)
    third = supervisor.deaths("one")
    assert not programs.wait_until(lambda: supervisor.deaths("one") > third, 1)


def test_says_which_program_does_not_get_ready_in_its_time(supervisor):
    never = shell("one", "exec sleep 60", ready=lambda: False, ready_within_s=0.3)
    with pytest.raises(ServerProblem, match="one does not get ready"):
        supervisor.start([never], quiet)


def test_stops_in_reverse_order_and_kills_who_does_not_listen(supervisor, tmp_path):
    told = tmp_path / "told"
    script = 'trap \'echo {0} >> "{1}"; exit 0\' TERM; touch "{1}.{0}"; while :; do sleep .05; done'
    wanted = [
        shell(name, script.format(name, told), ready=Path(f"{told}.{name}").exists)
        for name in ("one", "two")
    ]
    deaf = shell("deaf", "trap '' TERM; sleep 60; sleep 60", stop_within_s=0.3)
    supervisor.start([*wanted, deaf], quiet)
    pids = [supervisor.pid(name) for name in ("one", "two", "deaf")]
    supervisor.stop()

    assert told.read_text().split() == ["two", "one"]
    assert not [pid for pid in pids if programs.argv_of(pid)]


ORPHANS = """
import os, sys, time
from pathlib import Path
from config.servers.processes import Program, Supervisor
home = Path(sys.argv[1])
with Supervisor(home) as supervisor:
    program = Program("one", ("/bin/sleep", "60"), dict(os.environ))
    supervisor.start([program], lambda sentence: None)
    while not supervisor.pid("one"):
        time.sleep(0.01)
    print(supervisor.pid("one"), flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_children_do_not_outlive_a_killed_supervisor(tmp_path):
    (tmp_path / "logs").mkdir()
    killed = subprocess.Popen(
        [sys.executable, "-c", ORPHANS, tmp_path],
        cwd=places.BASE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert killed.stdout is not None
    child = int(killed.stdout.readline())
    assert programs.wait_until(lambda: bool(programs.argv_of(child)), 5)  # forked, perhaps no more
    killed.send_signal(signal.SIGKILL)
    killed.communicate()

    assert programs.wait_until(lambda: not programs.argv_of(child), 5)


@pytest.mark.parametrize("problem", [ServerProblem("still no room"), OSError("disk full")])
def test_the_watch_goes_on_after_a_problem(tmp_path, problem):
    beats: list[int] = []

    def beat() -> None:
        beats.append(1)
        raise problem

    (tmp_path / "logs").mkdir()
    with Supervisor(tmp_path, heartbeat=beat):
        assert programs.wait_until(lambda: len(beats) > 2, 5)


def test_a_port_is_remembered_as_long_as_it_is_free(tmp_path):
    first = ports.choose(tmp_path, "web")
    assert ports.choose(tmp_path, "web") == first
    assert ports.choose(tmp_path, "simulator") != first

    with _holding(first):
        other = ports.choose(tmp_path, "web")
        assert other != first
        with pytest.raises(ServerProblem, match=f"Port {first} is in use"):
            ports.choose(tmp_path, "web", first)


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"web": "x"}', '{"web": 99999999}'])
def test_a_damaged_memory_of_ports_is_forgotten(tmp_path, content):
    (tmp_path / "ports.json").write_text(content)
    assert 0 < ports.choose(tmp_path, "web") < 65536


def test_a_web_server_is_ready_when_it_answers(tmp_path):
    assert not processes.answers(f"http://127.0.0.1:{ports.choose(tmp_path, 'web')}/")


def _holding(port: int):
    import socket

    held = socket.socket()
    held.bind(("127.0.0.1", port))
    held.listen()
    return held
