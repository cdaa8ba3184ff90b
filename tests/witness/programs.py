"""The witness as a program of its own: served on a home, or run for one command."""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from config import home as places
from config.servers import ports

PROGRAM = (sys.executable, "-m", "ledger.witness")


@contextmanager
def served(
    folder: Path, *, program: Sequence[str] = PROGRAM
) -> Iterator[tuple[httpx.Client, subprocess.Popen[bytes]]]:
    """The program on a home; what is said to it is said over one kept connection."""
    port = ports._any()
    process = subprocess.Popen(
        [*program, "serve", "--home", str(folder), "--port", str(port)], cwd=places.BASE
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            _wait(client)
            yield client, process
    finally:
        process.kill()
        process.wait()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """One command, to its end."""
    return subprocess.run(
        [*PROGRAM, *arguments], cwd=places.BASE, capture_output=True, text=True, check=False
    )


def _wait(client: httpx.Client) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            client.get("/healthz")
            return
        except httpx.TransportError:
            time.sleep(0.02)
    raise AssertionError("the program does not answer")
