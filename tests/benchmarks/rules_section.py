"""
What ``./rx bench rules`` measures: judging a draft of five medicines, every rule over each.

The floor is what nobody can leave out: reading the same draft's JSON. Rounds of both take turns.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from config.sample import loader
from hospital.units import SHANGHAI
from prescriptions import drafts, rules
from tests.benchmarks.gates import Row, bound

DRAFTS = 200
MS, GATE_MS, AIM_MS = 1000, 1, 0.3
NOON = datetime(2026, 11, 23, 12, tzinfo=SHANGHAI)
CHRONIC = ("盐酸二甲双胍片", "阿托伐他汀钙片", "缬沙坦胶囊", "阿司匹林肠溶片", "酒石酸美托洛尔片")
"""What many take together: five groups of which each table knows something."""


def body() -> bytes:
    """The content of the draft as JSON: an old patient with weak kidneys and three illnesses."""
    known = {one.generic_name: one for one in loader.medicines().values()}
    lines = {
        f"line/{number}": {
            "code": known[name].code,
            "dose": "1",
            "dose_unit": known[name].pack_unit,
            "frequency": "bid",
            "route": "1",
            "days": 7,
            "quantity": 1,
            "note": "",
            "skin_test": "",
        }
        for number, name in enumerate(CHRONIC, 1)
    }
    diagnoses = {
        f"diagnosis/{number}": {"code": code, "name": "", "main": number == 1}
        for number, code in enumerate(("I10.x00", "E11.900", "I25.100"), 1)
    }
    about = {"patient/born": "1948-05-17", "allergies": "青霉素过敏，否认食物过敏", "egfr": 55}
    return json.dumps({**about, **diagnoses, **lines}, ensure_ascii=False).encode()


def measured(rounds: int) -> list[Row]:
    """Milliseconds to judge, against a gate; and how many readings of the JSON that is."""
    raw = body()
    catalogue = loader.medicines()
    draft = as_draft(json.loads(raw), catalogue)
    laps: dict[str, list[float]] = {"judge": [], "read": []}
    for turn in range(rounds + 1):
        for name, work in (
            ("judge", lambda: rules.check(draft, NOON)),
            ("read", lambda: json.loads(raw)),
        ):
            seconds = _seconds(work)
            if turn:
                laps[name].append(seconds)
    judge, read = (statistics.median(laps[name]) * MS / DRAFTS for name in ("judge", "read"))
    return [
        bound("five medicines judged, ms", judge, GATE_MS, AIM_MS),
        bound("readings of the same draft's JSON that takes", judge / read, 100, 0),
    ]


def as_draft(fields: dict[str, Any], catalogue: Any) -> rules.Draft:
    return drafts.as_sealed(
        fields,
        catalogue,
        online=False,
        prescriber=rules.Prescriber(),
        for_oneself=False,
        consulted=None,
        guardian_present=False,
    )


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    for _ in range(DRAFTS):
        work()
    return time.perf_counter() - began
