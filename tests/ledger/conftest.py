from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger import checkpoints
from tests.ledger.exports import EXPORTED, Export, ascending
from tests.ledger.logs import ALog, Memory


@pytest.fixture
def log(database: None, tmp_path: Path) -> Iterator[ALog]:
    """A log that no other test knows, open and current; its doctor's key is registered."""
    with ALog(tmp_path / "log").current() as opened:
        yield opened


@pytest.fixture(scope="session")
def exported(_database: str, tmp_path_factory: pytest.TempPathFactory) -> Memory:
    """The files of a log of 300 entries: full and partial tiles, two levels."""
    return _export(tmp_path_factory.mktemp("exported"), 298)


@pytest.fixture(scope="session")
def small(_database: str, tmp_path_factory: pytest.TempPathFactory) -> Memory:
    """The files of a log of 9 entries."""
    return _export(tmp_path_factory.mktemp("small"), 7)


@pytest.fixture(scope="session")
def export(_database: str, tmp_path_factory: pytest.TempPathFactory) -> Export:
    """Where the same log lies, exported at the sizes of ``EXPORTED``."""
    return ascending(tmp_path_factory.mktemp("exports"), EXPORTED).__getitem__


def _export(folder: Path, entries: int) -> Memory:
    with ALog(folder / "log").current() as log:
        log.append_many(entries)
        log.checkpoint()
        checkpoints.export(log.origin, folder / "export")
    return Memory.of(folder / "export")
