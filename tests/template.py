"""
The test database, copied from a template that the migrations make once.

A hundred migrations take half a minute, a copy takes a second: each worker of each run gets one.
The template's name holds a digest of what it was made by, so a new migration makes a new one.
"""

import fcntl
import hashlib
import os
from pathlib import Path

from django.conf import settings
from django.db import connection

from config import home
from tests import watched

BASE = Path(settings.BASE_DIR)
PREFIX = f"template_{home.DATABASE}_"
TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = %s AND backend_type = 'client backend'"
    " AND pid <> pg_backend_pid()"  # an autovacuum worker ends by itself
)


def copy(name: str) -> None:
    """Make the database called ``name``, anew if there is one, and connect to it."""
    with open(home.HOME / "template.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        template = PREFIX + _digest()
        if template not in _templates():
            _make(template)
        _execute(f'DROP DATABASE IF EXISTS "{name}"')
        _execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    _use(name)


def drop(name: str) -> None:
    """End what threads and programs of the tests have left, and the database with them."""
    _use(home.DATABASE)
    with connection.creation._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(TERMINATE, [name])
    _execute(f'DROP DATABASE "{name}"')


def _digest() -> str:
    """Of the migrations, ours and those of the libraries, which the lock file names."""
    read = hashlib.sha256((BASE / "requirements-dev.lock").read_bytes())
    read.update(Path(watched.__file__).read_bytes())
    for path in sorted(BASE.glob("*/**/migrations/*.py")):
        if not path.is_relative_to(BASE / ".venv"):
            read.update(str(path.relative_to(BASE)).encode() + path.read_bytes())
    return read.hexdigest()[:16]


def _templates() -> set[str]:
    with connection.creation._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        return {name for (name,) in cursor.fetchall()}


def _make(template: str) -> None:
    """Under another name until it is whole; what older migrations had made goes."""
    for old in _templates():
        _execute(f'DROP DATABASE "{old}"')
    test, usual = connection.settings_dict["TEST"], connection.settings_dict["NAME"]
    name, test["NAME"] = test["NAME"], f"making_{home.DATABASE}_{os.getpid()}"
    making = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    watched.prepare()
    test["NAME"] = name
    _use(usual)
    _execute(f'ALTER DATABASE "{making}" RENAME TO "{template}"')


def _use(name: str) -> None:
    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name


def _execute(statement: str) -> None:
    with connection.creation._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(statement)
