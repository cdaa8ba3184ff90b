"""
What all tests share: running servers, a database of their own, and folders of their own.

Tests commit for real, use threads and processes, and the ledger's tables refuse UPDATE, DELETE
and TRUNCATE. So nothing is rolled back or flushed between tests: a test that needs the database
asks for ``database`` and makes its own world, under names that nobody else uses.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test.utils import override_settings
from hypothesis import HealthCheck
from hypothesis import settings as examples

from config import home
from config.servers import embedded, locks
from config.servers.folder import ServerProblem
from tests import template

pytest_plugins = ["tests.worlds"]
os.environ.setdefault("RX_FSYNC", "off")
# No example is too slow: that is for the machine to say, and never a fault of the code.
examples.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow])
examples.load_profile("ours")
LINES = 2
"""People's entries are spread over two lines of logs, as they would be in a large network."""
TEMPLATES = {topic: f"template-{topic}" for topic in ("prescription", "parcel", "security")}
"""At WeChat, for subscribe messages."""
LATE_S = 86_400
"""No sequencer runs beside the tests of single calls, so entries wait as long as the tests run."""
LONG_S = 10**9
"""Tests travel in time, each for itself, and all write into one log."""


@pytest.fixture(scope="session")
def servers() -> Iterator[embedded.Servers]:
    """PostgreSQL and Valkey of this home; the last run that uses them stops them."""
    try:
        running = embedded.running()
        found = running.__enter__()
    except ServerProblem as problem:
        pytest.exit(str(problem), returncode=1)
    try:
        yield found
    finally:
        running.__exit__(None, None, None)


@pytest.fixture(scope="session", autouse=True)
def private_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keys and published log in a temporary folder, here and in every program that tests start."""
    folder = tmp_path_factory.mktemp("home")
    keys, log = folder / "keys", folder / "log"
    for path in (keys, log):
        path.mkdir(mode=0o700)
    wechat = {**settings.WECHAT, "key_folder": keys / "wechat"}
    moved = override_settings(
        KEY_FOLDER=keys,
        LOG_FOLDER=log,
        LEDGER_POLICY=folder / "policy",
        LEDGER_MERGE_DELAY_S=LATE_S,
        LEDGER_LINES=LINES,
        LEDGER_CLOCKS_S=(LONG_S, LONG_S),
        WECHAT=wechat,
        WECHAT_TEMPLATES=TEMPLATES,
    )
    with pytest.MonkeyPatch.context() as patch, moved:
        patch.setenv("RX_KEYS", str(keys))
        patch.setenv("RX_LOG", str(log))
        patch.setenv("RX_POLICY", str(folder / "policy"))
        patch.setenv("RX_MERGE_DELAY_S", str(LATE_S))
        patch.setenv("RX_LINES", str(LINES))
        for topic, template in TEMPLATES.items():
            patch.setenv(f"WECHAT_TEMPLATE_{topic.upper()}", template)
        yield folder


@pytest.fixture(scope="session")
def django_db_modify_db_settings(servers: embedded.Servers) -> Iterator[None]:
    """
    Name the test database after the first number that no other run holds.

    Two runs in one home, or the workers of ``pytest -n``, so never share a database, and a
    database left by a killed run is made anew by the next holder of its number.
    """
    number, handle = next(
        (number, handle)
        for number in range(100)
        if (handle := locks.only_one(home.HOME / f"test-{number}.lock")) is not None
    )
    connection.settings_dict["TEST"]["NAME"] = f"test_{home.DATABASE}_{number}"
    yield
    os.close(handle)


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker, django_db_modify_db_settings: None
) -> Iterator[None]:
    """The test database, as the migrations make it."""
    name = connection.settings_dict["TEST"]["NAME"]
    with django_db_blocker.unblock():
        template.copy(name)
    yield
    with django_db_blocker.unblock():
        template.drop(name)


@pytest.fixture(scope="session")
def _database(django_db_setup: None, django_db_blocker) -> Iterator[None]:
    """Open the database to this thread and to all others, for the whole session."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def database(_database: None) -> Iterator[None]:
    """The test database, for threads too; nothing is undone after the test."""
    yield
    connections.close_all()
