"""Feeds of an organisation of the test's own, told of entries that are made up."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from hospital.client import Client
from hospital.feeds import numbering, publishing, sending
from hospital.feeds.models import Delivery, Item
from hospital.models import Organisation
from hospital.roles import OrganisationKind, Role
from ledger import chain
from tests.world import a_member, an_organisation

FEED = "/api/feed"
ENDPOINTS = f"{FEED}/endpoints"


def a_pharmacy_with(role: Role = Role.PHARMACIST) -> tuple[Organisation, Client]:
    pharmacy = an_organisation(OrganisationKind.PHARMACY)
    return pharmacy, a_member(role, pharmacy)


def a_subject() -> str:
    return f"rx/{uuid4().hex}"


def an_entry(subject: str, version: int, at: datetime | None = None) -> chain.Appended:
    moment = at or timezone.now()
    return chain.Appended(0, "log", subject, version, uuid4().bytes * 2, moment, moment)


def tell(of: Organisation, subject: str, *versions: int, at: datetime | None = None) -> None:
    """Each version is committed by itself, and none has a number yet."""
    for version in versions:
        with transaction.atomic():
            said = {"kind": "insurance.pay", "move": "pay", "state": "paid"}
            publishing.publish({of.id}, an_entry(subject, version, at), **said)


def told(of: Organisation, subject: str, *versions: int, at: datetime | None = None) -> None:
    """As ``tell``, and numbered, and made into deliveries."""
    tell(of, subject, *versions, at=at)
    wake(at)


def wake(at: datetime | None = None) -> int:
    return numbering.number_all(at=at or timezone.now())


def send(at: datetime | None = None) -> int:
    return sending.send_due(at=at or timezone.now())


def whole(by: Client, cursor: str | None = None, size: int = 50) -> list[dict[str, Any]]:
    """All pages of the caller's feed from a cursor on."""
    items: list[dict[str, Any]] = []
    while True:
        page = by.get(FEED, size=size, **({"cursor": cursor} if cursor else {}))
        items += page["items"]
        cursor = page["next"]
        if not page["more"]:
            return items


def end(by: Client) -> str:
    """Where the caller's feed ends now."""
    wake()
    items = whole(by)
    return str(items[-1]["cursor"] if items else by.get(FEED)["next"])


def silence() -> None:
    """What other tests have left waits no longer."""
    Delivery.objects.filter(outcome="").update(due_at=None, outcome="stopped")


def versions(items: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(one["subject"], one["version"]) for one in items]


def numbers(of: Organisation) -> list[int | None]:
    rows = Item.objects.filter(organisation=of).order_by("sequence")
    return list(rows.values_list("sequence", flat=True))
