"""The whole system as ``./rx up`` serves it, in a home of its own, for browsers to come to."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from config import home as places
from config.demo.cast import Cast, Keys
from config.servers import folder, locks, postgres, programs, valkey
from config.servers.processes import LEASH
from hospital.models import Account
from prescriptions.uploaded import Patient
from tests.crashes.runs import NOT_OURS
from tests.world import an_id_number

READY = "Ctrl-C stops everything."
START_S, STOP_S = 240.0, 60.0


@dataclass(frozen=True)
class Stack:
    """What runs: the web, the simulator of WeChat, and the folder of its state."""

    home: Path

    @property
    def web_url(self) -> str:
        return f"http://127.0.0.1:{self._ports['web']}"

    @property
    def wechat_url(self) -> str:
        return f"http://127.0.0.1:{self._ports['simulator']}"

    @property
    def origins(self) -> set[str]:
        """What pages may ask: ourselves, the live feed, and WeChat on the phone."""
        asked = {"web", "live", "simulator"} & set(self._ports)
        return {f"http://127.0.0.1:{self._ports[name]}" for name in asked}

    @cached_property
    def _ports(self) -> dict[str, int]:
        known: dict[str, int] = json.loads((self.home / "ports.json").read_text())
        return known

    @cached_property
    def cast(self) -> Cast:
        """
        Everybody by API, for what a story needs but does not show: ``cast.patient(somebody)``,
        ``cast.member("liuzhou-hospital", "doctor")``. It asks no database.
        """
        web, wechat = (
            httpx.Client(base_url=url, trust_env=False, timeout=20)
            for url in (self.web_url, self.wechat_url)
        )
        keys = Keys.read(self.home / "demo")
        staff = [name for name in keys.held if not name.startswith("patient/")]
        return Cast(web, wechat, keys, dict.fromkeys(staff, Account()))

    def somebody(self, name: str = "韦秀英", born: date = date(1951, 3, 8)) -> Patient:
        """A person whom nobody knows yet. A kept home knows the persons of former runs."""
        number = an_id_number(born)
        sex = "male" if int(number[-2]) % 2 else "female"
        return Patient(name, number, born, sex, "+8613900139000", None, "", False)

    def enrolment_code(self, name: str) -> str:
        """A fresh one for one of the staff (about 2 s)."""
        return self.operator("code", name)

    def operator(self, *verb: str) -> str:
        """What the operator does, see ``tests.web.operator`` (about 2 s); the answer."""
        command = [sys.executable, "-m", "tests.web.operator", *verb]
        return subprocess.check_output(
            command, cwd=places.BASE, env=environment(self.home), text=True
        )

    def wechat(self, path: str, **content: Any) -> Any:
        """A switch of the simulator: ``wechat("behaviour", answer="…")``; its answer."""
        answer = self.cast.wechat.post(f"/simulator/{path}", json=content).raise_for_status()
        return answer.json() if answer.content else None


@contextmanager
def running() -> Iterator[Stack]:
    """
    A stack in a home that is thrown away afterwards (35 s until it answers); in RX_STACK_HOME, if
    that names one (12 s the next time), and if somebody's ``./rx up`` serves that one, theirs.
    """
    kept = os.environ.get("RX_STACK_HOME", "")
    if not kept:
        top = Path(tempfile.mkdtemp(prefix="rx-test-")).resolve()
        top.chmod(0o755)  # the servers run as an ordinary user
        try:
            with _served(top / "home") as stack:
                yield stack
        finally:
            shutil.rmtree(places.socket_folder(top / "home"), ignore_errors=True)
            shutil.rmtree(top, ignore_errors=True)
    elif _is_served(Path(kept).resolve()):
        yield Stack(Path(kept).resolve())
    else:
        with _served(Path(kept).resolve()) as stack:
            yield stack


def _is_served(home: Path) -> bool:
    folder.prepare(home)
    handle = locks.only_one(home / "stack.lock")
    if handle is not None:
        os.close(handle)
    return handle is None


@contextmanager
def _served(home: Path) -> Iterator[Stack]:
    folder.prepare(home)
    log = home / "logs" / "up.log"
    log.unlink(missing_ok=True)
    leash = (sys.executable, "-S", "-E", str(LEASH), str(os.getpid()))
    command = [*leash, sys.executable, "-u", str(places.BASE / "manage.py"), "up"]
    process = programs.launch(command, log=log, cwd=places.BASE, env=environment(home))
    try:
        programs.wait_until(
            lambda: READY in log.read_text() or process.poll() is not None, START_S, pause_s=0.2
        )
        assert READY in log.read_text(), f"./rx up does not come up:\n{log.read_text()}"
        yield Stack(home)
    finally:
        process.terminate()
        process.wait(timeout=STOP_S)
        postgres.stop(home)
        valkey.stop(home)


def environment(home: Path) -> dict[str, str]:
    """The environment of the stack, in which nothing is of this run's own servers and folders."""
    away = (*NOT_OURS, "RX_LINES")
    ours = {name: value for name, value in os.environ.items() if name not in away}
    return {**ours, "DJANGO_SETTINGS_MODULE": "config.settings", "RX_HOME": str(home)}
