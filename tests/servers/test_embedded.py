"""Starting, sharing and stopping PostgreSQL and Valkey, with real processes."""

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg2  # type: ignore[import-untyped]
import pytest
import redis

from config import home as places
from config.servers import embedded, folder, postgres, programs, valkey
from tests.servers.homes import quiet, rows


def test_both_servers_answer_while_used_and_end_afterwards(home):
    with embedded.running(home, quiet) as servers:
        with closing(psycopg2.connect(servers.database_url)) as connection:
            connection.cursor().execute("SELECT 1")
        with redis.Redis.from_url(servers.redis_url) as client:
            assert client.ping()
        pids = postgres.pid(home), valkey.pid(home)
        assert all(pids)

    assert (postgres.pid(home), valkey.pid(home)) == (0, 0)
    assert [programs.argv_of(pid) for pid in pids] == [[], []]


@pytest.mark.parametrize("setting", ["fsync", "synchronous_commit", "full_page_writes"])
def test_a_commit_is_on_the_disk_before_it_is_acknowledged(home, setting, monkeypatch):
    monkeypatch.delenv("RX_FSYNC")
    with embedded.running(home, quiet):
        assert rows(home, f"SHOW {setting}") == [("on",)]


def test_the_role_is_no_superuser_and_listens_on_no_port(home):
    with embedded.running(home, quiet):
        assert rows(home, "SHOW is_superuser") == [("off",)]
        assert rows(home, "SHOW listen_addresses") == [("",)]
        assert places.socket_folder(home).stat().st_mode & 0o777 == 0o700


def test_the_second_user_gets_the_same_servers_and_the_last_one_stops_them(home, another_user):
    with another_user(home):
        first = postgres.pid(home), valkey.pid(home)
        with embedded.running(home, quiet):
            assert (postgres.pid(home), valkey.pid(home)) == first
        assert (postgres.pid(home), valkey.pid(home)) == first

    assert (postgres.pid(home), valkey.pid(home)) == (0, 0)


def test_two_homes_run_side_by_side(make_home):
    one, other = make_home(), make_home()
    with embedded.running(one, quiet), embedded.running(other, quiet):
        rows(one, "CREATE TABLE mine ()")

        assert rows(other, "SELECT to_regclass('mine')") == [(None,)]
        assert postgres.pid(one) != postgres.pid(other)
        assert valkey.pid(one) != valkey.pid(other)


def test_ctrl_c_in_the_terminal_does_not_reach_the_servers(home):
    """Ctrl-C goes to the terminal's process group: the servers are in sessions of their own."""
    with embedded.running(home, quiet):
        for pid in (postgres.pid(home), valkey.pid(home)):
            assert os.getsid(pid) == pid != os.getsid(0)


def test_servers_of_a_killed_user_are_used_again_and_then_stopped(home, another_user):
    with another_user(home) as killed:
        left = postgres.pid(home), valkey.pid(home)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert (postgres.pid(home), valkey.pid(home)) == left

    with embedded.running(home, quiet):
        assert (postgres.pid(home), valkey.pid(home)) == left
    assert (postgres.pid(home), valkey.pid(home)) == (0, 0)


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize("name", ["a deep home " + "x" * 120, "家 里 'with' \"quotes\" 50% {}"])
def test_a_home_may_have_any_name(make_home, name):
    """A socket's path holds 107 bytes; a home may be deeper, and be called anything."""
    home = make_home(name)
    with embedded.running(home, quiet):
        assert rows(home, "SELECT 1") == [(1,)]
    with embedded.running(home, quiet):
        assert rows(home, "SELECT 1") == [(1,)]


def test_real_servers_take_the_place_of_the_embedded_ones(make_home, monkeypatch):
    real, home = make_home(), make_home()
    with embedded.running(real, quiet) as elsewhere:
        monkeypatch.setenv("DATABASE_URL", elsewhere.database_url)
        monkeypatch.setenv("REDIS_URL", elsewhere.redis_url)
        with embedded.running(home, quiet) as servers:
            assert servers.database_url == elsewhere.database_url
            assert servers.redis_url == elsewhere.redis_url
        monkeypatch.undo()

        assert not postgres.data_folder(home).exists()
        assert postgres.answers(real)
        assert valkey.answers(real)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("DATABASE_URL", "postgresql://rx:secret@127.0.0.1:9/rx"),
        ("REDIS_URL", "redis://:secret@127.0.0.1:9/0"),
    ],
)
def test_a_real_server_that_does_not_answer_is_named_without_its_password(
    home, monkeypatch, name, url
):
    monkeypatch.setenv(name, url)
    with pytest.raises(folder.ServerProblem, match=name) as problem, embedded.running(home, quiet):
        pass
    assert "secret" not in str(problem.value)
    assert f"unset {name}" in str(problem.value)


RUN_AS_NOBODY = """
import os, sys
from pathlib import Path
from config.servers import embedded, postgres, valkey
with embedded.running(Path(sys.argv[2])):
    pass  # import, as root, what is imported late: the library may be closed to nobody
os.setgroups([]); os.setgid(65534); os.setuid(65534)
home = Path(sys.argv[1]) / "home"
with embedded.running(home):
    assert postgres.answers(home) and valkey.answers(home)
    print(home.stat().st_uid)
assert not postgres.pid(home) and not valkey.pid(home)
"""


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests run as an ordinary user already")
def test_an_ordinary_user_runs_them_too(home, make_home):
    home.mkdir()
    os.chown(home, 65534, 65534)
    ran = subprocess.run(
        [sys.executable, "-c", RUN_AS_NOBODY, home, make_home()],
        cwd=places.BASE,
        capture_output=True,
        text=True,
        check=False,
    )
    if "Permission denied" in ran.stderr and "bin/initdb" in ran.stderr:
        pytest.skip("user nobody may not enter the folder of this virtual environment")
    assert (ran.returncode, ran.stdout) == (0, "65534\n"), ran.stderr


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
@pytest.mark.parametrize("mode", [0o755, 0o700], ids=oct)
def test_root_runs_postgres_as_nobody_where_namespaces_are_forbidden(home, another_user, mode):
    """Also below a folder that is closed to nobody, as root's home is."""
    home.parent.chmod(mode)
    for _ in range(2):
        with another_user(home, RX_NO_NAMESPACE="1"):
            assert Path(f"/proc/{postgres.pid(home)}").stat().st_uid == 65534
            assert rows(home, "SELECT 1") == [(1,)]
    with embedded.running(home, quiet):
        assert Path(f"/proc/{postgres.pid(home)}").stat().st_uid == 65534
