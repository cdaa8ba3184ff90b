"""Organisations with reading keys: how two put one in force, and what a box holds."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from nacl.public import PrivateKey

import tests.world
from hospital import boxes, readingkeylaw
from hospital.client import Client, Json
from hospital.models import Organisation
from hospital.roles import EMPLOYERS
from tests.world import World, a_client, a_member, an_organisation

ONE = "/api/reading-key"


def text_of(key: PrivateKey) -> str:
    """The public key, as requests name it."""
    return base64.b64encode(bytes(key.public_key)).decode()


def people_of(organisation: Organisation) -> tuple[Client, Client]:
    """Two who may sign for it."""
    role = next(one for one in readingkeylaw.ROLES if organisation.kind in EMPLOYERS[one])
    return a_member(role, organisation), a_member(role, organisation)


def in_force(key: PrivateKey, first: Client, second: Client) -> Json:
    """Proposed by the first, put in force by the second."""
    first.propose_reading_key(key)
    return second.command(f"{ONE}/register", {"public_key": text_of(key)})


def lifts(first: Client, second: Client) -> Json:
    first.command(f"{ONE}/propose")
    return second.command(f"{ONE}/lift")


def held(body: bytes | str, *keys: PrivateKey) -> Any:
    """What is in a box, ``looks`` beside the answer. Raises ``boxes.DoesNotOpen``."""
    return boxes.looked_into(json.loads(body), keys)


def is_box(body: bytes | str) -> bool:
    return set(json.loads(body)) == {boxes.SEALED_TO, boxes.KEY, boxes.BOX}


@contextmanager
def keyed(world: World) -> Iterator[World]:
    """
    Another world, all of whose organisations have a reading key: who comes in while it is open
    holds it, and each organisation that is founded there has put it in force.
    """
    key, founded = PrivateKey.generate(), an_organisation

    def a_reader(**options: Any) -> Client:
        return a_client(**{"reading_keys": [key], **options})

    def founds(*kinds: Any, **said: Any) -> Organisation:
        made = founded(*kinds, **said)
        in_force(key, *people_of(made))
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tests.world, "a_client", a_reader)
        patch.setattr(tests.world, "an_organisation", founds)
        yield World(world.wechat)
