"""A shop of a story's own: its medicines stand in no other story's prescriptions."""

from __future__ import annotations

import csv
import random
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from config import home as places
from config.sample import loader
from hospital.client import Client
from tests.web.counter import AMLODIPINE
from tests.web.stacks import Stack, environment

PHARMACY = "liubei-pharmacy"
PRICE_FEN = 1_000


def listed(stack: Stack, *named: dict[str, str]) -> list[str]:
    """Take medicines into the catalogue, each like amlodipine but for what is said; their codes."""
    with loader.CATALOGUE.open(encoding="utf-8") as file:
        like = next(row for row in csv.DictReader(file) if row["code"] == AMLODIPINE)
    rows = [{**like, "code": f"XTEST{uuid4().hex[:16].upper()}", **one} for one in named]
    with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(like))
        writer.writeheader()
        writer.writerows(rows)
        file.flush()
        Path(file.name).chmod(0o644)
        command = [sys.executable, "manage.py", "medicines", "--strict", file.name]
        env = environment(stack.home)
        subprocess.run(command, cwd=places.BASE, env=env, check=True, capture_output=True)
    return [row["code"] for row in rows]


def code() -> str:
    """A traceability code that no box has."""
    return f"8{random.randrange(10**19):019d}"


@dataclass(frozen=True, slots=True)
class Shop:
    """One pharmacist of the shop by API."""

    pharmacist: Client

    def keeps(self, medicine: str, storage: str = "room") -> None:
        asked = {"medicine": medicine, "price_fen": PRICE_FEN, "storage": storage}
        self.pharmacist.write("/api/stock", asked)

    def receives(
        self, medicine: str, number: str, units: int, *, days: int = 700, **more: Any
    ) -> str:
        """A lot that expires in so many days; its id."""
        expires = (datetime.now(UTC) + timedelta(days=days)).date().isoformat()
        note = {"medicine": medicine, "number": number, "expires_on": expires, "units": units}
        lot = self.pharmacist.write("/api/stock/receipts", {**note, "document": "送货单1", **more})
        return str(lot["id"])
