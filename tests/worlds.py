"""
A session's world for everything that goes through the API: keys, an open log, WeChat.

One for all tests of the session: what they pay and owe in one database is known to one WeChat.
"""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from django.core.management import call_command
from django.test import override_settings

from pharmacy.models import ScanRefusals
from tests.simulators.server import Bench, running_simulator
from tests.world import Patient, World


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A simulated WeChat for the whole session, and the letter box of its notices."""
    with (
        running_simulator(tmp_path_factory.mktemp("wechat")) as bench,
        override_settings(
            WECHAT=bench.settings(), TENCENT_CLOUD=bench.tencent(), FACE_PROVIDER="wechat"
        ),
    ):
        yield bench


@pytest.fixture(scope="session")
def session_world(_database: str, private_folders: Path, bench: Bench) -> World:
    call_command("init")
    return World(httpx.Client(base_url=bench.url, trust_env=False))


@pytest.fixture
def world(database: None, session_world: World) -> World:
    """
    Organisations and staff are shared by the session; patients and prescriptions are not, nor how
    often a pharmacist was refused a code.
    """
    ScanRefusals.objects.all().delete()
    return session_world


@pytest.fixture
def patient(world: World) -> Patient:
    return world.a_patient()
