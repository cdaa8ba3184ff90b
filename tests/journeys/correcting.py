"""What tests of corrections share: disputing a record, and each party's answer."""

from __future__ import annotations

import base64
import os
from typing import Any

from hospital.client import Client
from tests.world import Patient, World

PATH = "/api/corrections"
WRONG, RIGHT = "青霉素", "对青霉素不过敏，二〇二五年皮试阴性"
Json = dict[str, Any]


def words(right: str | None = RIGHT, *, field: str = "allergies", **more: Any) -> Json:
    """What is said of one field of a record, and the salt under which it is signed."""
    salt = base64.b64encode(os.urandom(16)).decode()
    said = {} if right is None else {"right": {field: right}}
    return {**said, "why": "附皮试报告", "salt": salt, **more}


def disputed(world: World, patient: Patient) -> str:
    """A prescription that was given out, with an allergy in it that the patient does not have."""
    return world.delivered(patient, allergies=WRONG)


def one(correction: Json | str, verb: str = "") -> str:
    named = correction if isinstance(correction, str) else correction["id"]
    return f"{PATH}/{named}/{verb}".rstrip("/")


def asks(patient: Patient, rx: str, **more: Any) -> Json:
    return patient.client.command(PATH, {"prescription": rx, **words(), **more})


def accepts(doctor: Client, correction: Json, right: str = RIGHT, **more: Any) -> Json:
    return doctor.command(one(correction, "accept"), words(right, **more))


def refuses(doctor: Client, correction: Json, reason: str = "correct") -> Json:
    body = {**words(None), "reason": reason, "why": "皮试记录在案"}
    return doctor.command(one(correction, "refuse"), body)


def appeals(patient: Patient, correction: Json, right: str = "我从未做过皮试") -> Json:
    return patient.client.command(one(correction, "appeal"), words(right))


def decides(regulator: Client, correction: Json, decision: str) -> Json:
    return regulator.command(one(correction, "decide"), {"decision": decision})


def takes_back(patient: Patient, correction: Json) -> Json:
    return patient.client.command(one(correction, "take-back"))


def beside(client: Client, path: str) -> list[Json]:
    """What stands next to the record that this address shows."""
    return list(client.get(path)["amendments"])
