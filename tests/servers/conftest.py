"""Homes to start servers in, and other processes that use them."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config import home as places
from config.servers import postgres, valkey

USE = """
import sys
from pathlib import Path
from config.servers import embedded
with embedded.running(Path(sys.argv[1])):
    print("running", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def only_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests are about our own servers, whatever the rest of the run uses."""
    for name in (
        "DATABASE_URL",
        "REDIS_URL",
        "RX_KEYS",
        "RX_LOG",
        "RX_POLICY",
        "RX_MERGE_DELAY_S",
        "WECHAT_MCHID",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def make_home() -> Iterator[Callable[..., Path]]:
    """
    Make homes that any user may enter; whatever runs in them afterwards is ended.

    They lie outside pytest's folder, which is closed to other users.
    """
    made: list[Path] = []

    def make(name: str = "home") -> Path:
        parent = Path(tempfile.mkdtemp(prefix="rx-test-")).resolve()
        parent.chmod(0o755)
        made.append(parent / name)
        return parent / name

    yield make
    for home in made:
        postgres.stop(home)
        valkey.stop(home)
        shutil.rmtree(places.socket_folder(home), ignore_errors=True)
        top = next(path for path in home.parents if path.name.startswith("rx-test-"))
        shutil.rmtree(top, ignore_errors=True)


@pytest.fixture
def home(make_home: Callable[..., Path]) -> Path:
    """A home that does not exist yet."""
    return make_home()


@pytest.fixture
def another_user() -> Callable[..., object]:
    """Run another process that uses the servers of a home, until the block ends."""

    @contextmanager
    def using(home: Path, **env: str) -> Iterator[subprocess.Popen[str]]:
        process = subprocess.Popen(
            [sys.executable, "-c", USE, home],
            cwd=places.BASE,
            env={**os.environ, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "running\n"
            yield process
        finally:
            process.stdin.close()
            process.wait(timeout=60)
            process.stdout.close()

    return using
