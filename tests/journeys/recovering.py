"""A patient whose phone is lost, with a new one in the hand."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import time_machine
from django.utils import timezone

from hospital.client import Client
from ledger import note
from tests.world import Patient, World, a_client, a_face

PATH = "/api/keys/recover"
WAIT = timedelta(hours=24)
LINES = {"lines": {"1": 1, "2": 1}}


def public_of(seed: bytes) -> str:
    return base64.b64encode(note.Signer("new", seed).verifier.public_key).decode()


def signed_by(client: Client, seed: bytes, path: str = PATH) -> tuple[dict[str, Any], note.Signer]:
    """The body of a registration, but for the face, and the new key."""
    public = public_of(seed)
    drawn = client.post(f"{path}/statement", {"public_key": public})
    signer = note.Signer(drawn["key"], seed)
    signed = note.sign(drawn["statement"].encode(), signer).decode()
    return {"public_key": public, "note": signed}, signer


def ready(patient: Patient) -> tuple[dict[str, Any], note.Signer]:
    """The whole body of a recovery, and the new key."""
    body, signer = signed_by(patient.client, os.urandom(32))
    return {**body, "face_check": a_face(patient.client, "recovery")}, signer


def new_phone(world: World, patient: Patient) -> Patient:
    """The same patient, come in with WeChat on another phone that has no key yet."""
    client = a_client()
    client.enter_with_wechat(world.wechat_code(patient.openid))
    return replace(patient, client=client)


def recovered(world: World, patient: Patient, device: str = "") -> tuple[Patient, datetime]:
    """The patient with the new phone, and from when its key signs."""
    phone = new_phone(world, patient)
    body, phone.client.signer = ready(phone)
    answer = phone.client.write(PATH, {**body, **({"device": device} if device else {})})
    return phone, datetime.fromisoformat(answer["active_from"])


@contextmanager
def at(moment: datetime, world: World, *phones: Patient) -> Iterator[None]:
    """The clock stands at ``moment``, and who is needed has logged in then."""
    _ = (world.doctor, world.reviewer, world.pharmacist)  # who is registered before that moment
    with time_machine.travel(moment, tick=False):
        enter(world, *phones)
        yield
    enter(world, *phones)


def enter(world: World, *phones: Patient) -> None:
    for client in (world.doctor, world.reviewer, world.pharmacist):
        client.enter_with_key()
    for phone in phones:
        phone.client.enter_with_wechat(world.wechat_code(phone.openid))


def states(patient: Patient) -> list[str]:
    """Of the patient's keys, in the order in which they were registered."""
    return [key["state"] for key in patient.client.get("/api/keys")["keys"]]


def now() -> datetime:
    return timezone.now()
