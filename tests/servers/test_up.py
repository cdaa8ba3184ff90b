"""``./rx up``: the whole of it, started, hurt and stopped."""

import http.client
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from config import home as places
from config.servers import postgres, programs, services, valkey
from config.servers.folder import ServerProblem
from tests.servers.homes import quiet

pytestmark = [pytest.mark.slow, pytest.mark.alone]


@contextmanager
def up(home: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """``manage.py up`` as a process, and the web's address that it prints."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up"],
        cwd=places.BASE,
        env={**os.environ, "RX_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        lines = iter(process.stdout.readline, "")
        address = next(line.split()[1] for line in lines if line.startswith("API"))
        yield process, address.removesuffix("/api/docs/")
    finally:
        process.terminate()
        process.wait(timeout=60)
        process.stdout.close()


def status(url: str) -> int:
    """The answer's status to one GET; 0 if nobody answers."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def those_of(home: Path) -> list[int]:
    """The living processes whose environment names this home."""
    mark = f"RX_HOME={home}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def test_serves_until_sigterm_and_leaves_nothing_running(home):
    with up(home) as (process, url):
        assert 200 <= status(url) < 500
        process.terminate()
        assert process.wait(timeout=60) == 0
        assert status(url) == 0
    assert those_of(home) == []
    assert (postgres.pid(home), valkey.pid(home)) == (0, 0)


def test_ctrl_c_ends_it_quietly_and_the_address_stays_the_same(home):
    with up(home) as (process, url):
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
    with up(home) as (_, again):
        assert again == url


def test_programs_of_a_killed_up_end_and_the_next_one_takes_over(home):
    with up(home) as (process, url):
        servers = postgres.pid(home), valkey.pid(home)
        process.kill()
        process.wait()
        assert programs.wait_until(lambda: set(those_of(home)) <= set(servers), 20)
        assert (postgres.pid(home), valkey.pid(home)) == servers
    with up(home) as (_, again):
        assert (postgres.pid(home), valkey.pid(home)) == servers
        assert again == url


def test_a_second_one_in_the_same_home_is_refused(home):
    with up(home), pytest.raises(ServerProblem, match="already served"):
        services.running(home, say=quiet).__enter__()


@pytest.fixture
def stack(home: Path) -> Iterator[services.Stack]:
    """Everything running in a new home."""
    with services.running(home, say=quiet) as running:
        yield running


def comes_back(check: Callable[[], bool]) -> bool:
    """Whether it happens within the ten seconds that F2 allows."""
    return programs.wait_until(check, 10, pause_s=0.1)


def test_every_killed_program_and_server_comes_back(stack):
    """F2, F3, F4: kill -9 of each in turn; everything answers again within 10 seconds."""
    for name in ("web", "worker", "beat", "wechat"):
        killed = stack.supervisor.kill(name)
        assert comes_back(partial(_is_another, stack.supervisor.pid, name, killed))
    assert comes_back(lambda: 200 <= status(stack.web_url) < 500)
    assert comes_back(lambda: status(stack.simulator_url) == 200)

    for server in (postgres, valkey):
        killed = server.pid(stack.home)
        os.kill(killed, signal.SIGKILL)
        assert comes_back(partial(_is_another, server.pid, stack.home, killed))
        assert comes_back(partial(server.answers, stack.home))
    assert comes_back(lambda: 200 <= status(stack.web_url) < 500)


def _is_another(pid: Callable[[Any], int], of: object, killed: int) -> bool:
    """Whether something lives again under a new number."""
    return pid(of) not in (0, killed)


def test_a_killed_worker_of_the_web_is_replaced_without_its_parent(stack):
    """F1: one of granian's processes dies; the other goes on answering."""
    parent = stack.supervisor.pid("web")
    workers = [pid for pid in stack.supervisor.processes("web") if pid != parent]
    os.kill(workers[0], signal.SIGKILL)

    assert comes_back(
        lambda: len(set(stack.supervisor.processes("web")) - {workers[0]}) >= len(workers) + 1
    )
    assert stack.supervisor.pid("web") == parent
    assert comes_back(lambda: 200 <= status(stack.web_url) < 500)


def test_commands_run_inside_the_stack(stack):
    assert re.search(r"\[X\]", services.manage(stack, "showmigrations", "ledger"))
    with pytest.raises(ServerProblem, match=r"manage.py nonsense failed"):
        services.manage(stack, "nonsense")
