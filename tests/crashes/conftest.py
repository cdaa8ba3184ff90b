"""
Homes of their own for stacks that are hurt; for single steps the journeys' world, and a server
beside it whose processes die where they are told.
"""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.db import connection

from tests.crashes.dying import Dying, dying
from tests.servers.conftest import home, make_home
from tests.world import World

__all__ = ["home", "make_home"]


@pytest.fixture(scope="session")
def server(
    _database: None, session_world: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Dying]:
    """A web server on the tests' database that forks for each request."""
    with dying(_url(), tmp_path_factory.mktemp("crashes")) as running:
        yield running


def _url() -> str:
    """The tests' database as a program beside them finds it."""
    to = {name: quote(str(part), safe="") for name, part in connection.settings_dict.items()}
    login = f"{to['USER']}:{to['PASSWORD']}" if to["PASSWORD"] else to["USER"]
    host = f"{to['HOST']}:{to['PORT']}" if to["PORT"] else to["HOST"]
    return f"postgresql://{login}@{host}/{to['NAME']}"
