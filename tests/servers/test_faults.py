"""What servers survive: killed processes, misleading files, disks that refuse."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import psycopg2  # type: ignore[import-untyped]
import pytest
import redis

from config import home as places
from config.servers import embedded, folder, postgres, programs, valkey
from tests.servers import homes
from tests.servers.homes import quiet, rows


def test_f2_no_acknowledged_write_is_lost_when_postgres_is_killed_under_load(home):
    """F2: kill -9 of the postmaster under load: 0 acknowledged writes lost, back in 10 s."""
    acknowledged: list[int] = []
    ending = threading.Event()

    def write(first: int) -> None:
        number = first
        while not ending.is_set():
            with suppress(psycopg2.Error):
                rows(home, f"INSERT INTO writes VALUES ({number})")
                acknowledged.append(number)
            number += 4

    with embedded.running(home, quiet) as servers:
        rows(home, "CREATE TABLE writes (number int PRIMARY KEY)")
        writers = [threading.Thread(target=write, args=(first,)) for first in range(4)]
        for writer in writers:
            writer.start()
        assert programs.wait_until(lambda: len(acknowledged) > 50, 30)
        killed = postgres.pid(home)
        os.kill(killed, signal.SIGKILL)
        programs.wait_until(lambda: postgres.pid(home) != killed, 5)
        began = time.monotonic()
        servers.repair(quiet)
        count = len(acknowledged)
        assert programs.wait_until(lambda: len(acknowledged) > count + 50, 10)
        took_s = time.monotonic() - began
        ending.set()
        for writer in writers:
            writer.join()

        stored = {number for (number,) in rows(home, "SELECT number FROM writes")}
    assert set(acknowledged) <= stored
    assert took_s < 10


def test_f4_a_killed_valkey_starts_again_empty(home):
    """F4: nothing in it is the truth, so nothing of it has to come back."""
    with embedded.running(home, quiet) as servers:
        with redis.Redis.from_url(servers.redis_url) as client:
            client.set("task", "1")
        killed = valkey.pid(home)
        os.kill(killed, signal.SIGKILL)
        assert programs.wait_until(lambda: not valkey.pid(home), 5)
        servers.repair(quiet)

        with redis.Redis.from_url(servers.redis_url) as client:
            assert client.get("task") is None
        assert valkey.pid(home) not in (0, killed)


def test_servers_killed_while_nobody_watched_start_again(home, another_user):
    with another_user(home) as user:
        rows(home, "CREATE TABLE kept ()")
        for pid in (user.pid, postgres.pid(home), valkey.pid(home)):
            os.kill(pid, signal.SIGKILL)
        user.wait()

    with embedded.running(home, quiet):
        assert rows(home, "SELECT count(*) FROM kept") == [(0,)]
        assert valkey.answers(home)


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize("server", [postgres, valkey])
def test_a_server_that_hangs_is_replaced(home, another_user, server, monkeypatch):
    monkeypatch.setattr(postgres, "PATIENCE_S", 8.0)
    with another_user(home) as user:
        hanging = server.pid(home)
        os.kill(hanging, signal.SIGSTOP)
        user.send_signal(signal.SIGKILL)
        user.wait()

    monkeypatch.setattr(postgres, "STOPPING", [(signal.SIGINT, 0.2), (signal.SIGKILL, 5)])
    with embedded.running(home, quiet):
        assert server.answers(home)
        assert server.pid(home) != hanging


def _of_the_living() -> int:
    return os.getpid()


def _of_a_zombie() -> int:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    programs.wait_until(lambda: not programs.argv_of(pid), 5)
    return pid


def _of_the_dead() -> int:
    child = subprocess.Popen(["true"])
    child.wait()
    return child.pid


@pytest.mark.parametrize("stranger", [_of_the_living, _of_a_zombie, _of_the_dead])
def test_a_stale_pid_file_misleads_nobody(home, stranger: Callable[[], int]):
    """After a crash of the machine the number may be anybody's, even a living process's."""
    with embedded.running(home, quiet):
        written = (postgres.data_folder(home) / "postmaster.pid").read_text().splitlines()
    pid = stranger()
    stale = "\n".join([str(pid), *written[1:]]) + "\n"
    (postgres.data_folder(home) / "postmaster.pid").write_text(stale)
    (home / "valkey.pid").write_text(f"{pid}\n")

    with embedded.running(home, quiet):
        assert rows(home, "SELECT 1") == [(1,)]
        assert valkey.answers(home)
    assert programs.argv_of(os.getpid())


def test_leftover_socket_files_are_no_obstacle(home):
    sockets = places.socket_folder(home)
    sockets.mkdir(mode=0o700)
    for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock", "valkey.sock"):
        (sockets / name).write_text("1\n")

    with embedded.running(home, quiet):
        assert rows(home, "SELECT 1") == [(1,)]


def test_a_half_made_cluster_is_made_anew(home):
    """initdb is killed in the middle; the next start begins again."""
    maker = subprocess.Popen(
        [sys.executable, "-c", homes.START, home], cwd=places.BASE, start_new_session=True
    )
    unfinished = home / "postgres.new"
    assert programs.wait_until((unfinished / "PG_VERSION").exists, 20, pause_s=0.001)
    os.killpg(maker.pid, signal.SIGKILL)
    maker.wait()
    assert not postgres.data_folder(home).exists()

    with embedded.running(home, quiet):
        assert rows(home, "SELECT 1") == [(1,)]
    assert not unfinished.exists()


def test_refuses_a_cluster_of_another_version(home):
    postgres.data_folder(home).mkdir(parents=True)
    (postgres.data_folder(home) / "PG_VERSION").write_text("12\n")
    with pytest.raises(folder.ServerProblem, match="made by PostgreSQL 12"):
        embedded.running(home, quiet).__enter__()


def test_refuses_a_data_folder_that_is_somebody_elses(home):
    postgres.data_folder(home).mkdir(parents=True)
    (postgres.data_folder(home) / "thesis.txt").write_text("years of work")
    with pytest.raises(folder.ServerProblem, match="not a database of ours"):
        embedded.running(home, quiet).__enter__()
    assert (postgres.data_folder(home) / "thesis.txt").exists()


def test_refuses_a_socket_folder_planted_by_somebody_else(home, tmp_path):
    """The name in the shared temporary folder can be computed by everybody."""
    places.socket_folder(home).symlink_to(tmp_path)
    try:
        with pytest.raises(folder.ServerProblem, match="belongs to somebody else"):
            embedded.running(home, quiet).__enter__()
    finally:
        places.socket_folder(home).unlink()


def test_a_home_that_cannot_be_written_is_one_sentence_and_exit_code_1(home):
    """A file in the way stands for every folder that refuses, for root too."""
    home.write_text("in the way")
    ran = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=places.BASE,
        env={**os.environ, "RX_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert str(home) in ran.stderr
    assert "MB free" in ran.stderr
    assert "set RX_HOME" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert home.read_text() == "in the way"
