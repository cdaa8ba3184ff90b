"""Cheats with offers, with opt-ins, and with the looks of researchers that rest on them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hospital import sharing
from hospital.sharing import APPROVE, CLOSE, OPT_IN, PUBLISH, REFUSE, WITHDRAW
from hospital.units import stamp
from tests.ledger.cheating import Cheat
from tests.ledger.cheats_of_consents import SKEW, looked
from tests.ledger.lawful import END, NOON, OTHER_TAG, TAG, Book

OFFER, OPTIN = "offer/" + "6" * 32, "optin/" + "4" * 32
FIELDS = list(sharing.FIELDS)
TERMS = {"fields": FIELDS, "reward_fen": 500, "until": stamp(END)}
USES = {
    "reader": "institute/researcher/r1",
    "role": "researcher",
    "organisation": "institute",
    "purpose": sharing.Mode.RECORDS.value,
    "basis": OPTIN,
    "of": "research",
    "fields": FIELDS,
}


def published(book: Book, *, by: str = "researcher", says: Any = None, **fields: Any) -> Book:
    """An institute pays 5 yuan for each use, until ``END``."""
    facts = {
        **TERMS,
        "aim": sharing.Aim.DRUG_SAFETY.value,
        "budget_fen": 5000,
        "epsilon_milli": 1000,
        "ethics": "KY2026-015",
        "group_size": 5,
        "mode": sharing.Mode.RECORDS.value,
        "since": stamp(NOON),
        **(says or {}),
    }
    book.add(OFFER, PUBLISH.kind, facts, book.keys[by], **fields)
    return book


def decided(book: Book, kind: str = APPROVE.kind, *, by: str = "regulator") -> Book:
    book.add(OFFER, kind, {}, book.keys[by])
    return book


def closed(book: Book, *, by: str = "researcher") -> Book:
    book.add(OFFER, CLOSE.kind, {}, book.keys[by])
    return book


def given(book: Book, *, by: str = "patient", says: Any = None, **fields: Any) -> Book:
    """The patient opts in, under the offer's terms."""
    facts = {
        **TERMS,
        "approval": "a5" * 32,
        "mode": sharing.Mode.RECORDS.value,
        "offer": OFFER,
        "to": "institute",
        **(says or {}),
    }
    book.add(OPTIN, OPT_IN.kind, facts, book.keys[by], **{"patient": TAG, **fields})
    return book


def withdrawn(book: Book, *, by: str = "patient", **fields: Any) -> Book:
    book.add(OPTIN, WITHDRAW.kind, {}, book.keys[by], **{"patient": TAG, **fields})
    return book


def used(book: Book, *, says: Any = None, **fields: Any) -> Book:
    """The institute uses the patient's data."""
    return looked(book, says={**USES, **(says or {})}, **fields)


def publishing(**says: Any) -> Cheat:
    return lambda book: published(book, says=says)


def giving(**says: Any) -> Cheat:
    return lambda book: given(book, says=says)


def using(**says: Any) -> Cheat:
    return lambda book: used(given(book), says=says)


PAST = stamp(END - timedelta(days=4))
TOO_LONG = stamp(END + sharing.LONGEST)
CHEATS: dict[str, tuple[str, Cheat]] = {
    # an offer
    "an offer of a doctor": ("wrong_role", lambda book: published(book, by="doctor")),
    "an offer about a patient": ("wrong_patient", lambda book: published(book, patient=TAG)),
    "an offer for advertising": ("wrong_purpose", publishing(aim="advertising")),
    "an offer for names": ("wrong_purpose", publishing(mode="names")),
    "an offer that ends before it begins": ("wrong_end", publishing(since=TOO_LONG)),
    "an offer for years": ("wrong_end", publishing(until=TOO_LONG)),
    "an offer for the patient's name": ("wrong_fields", publishing(fields=["line/", "patient/"])),
    "an offer for nothing": ("wrong_fields", publishing(fields=[])),
    "an offer in disorder": ("wrong_fields", publishing(fields=FIELDS[::-1])),
    "an offer for nothing in return": ("wrong_reward", publishing(reward_fen=0)),
    "an offer that cannot pay once": ("wrong_reward", publishing(reward_fen=5001)),
    "an offer to show four alike": ("wrong_group", publishing(group_size=4)),
    "an offer without noise": ("wrong_epsilon", publishing(epsilon_milli=5001)),
    "an offer approved by who made it": (
        "four_eyes",
        lambda book: decided(published(book), by="offers_and_approves"),
    ),
    "an offer refused by who made it": (
        "four_eyes",
        lambda book: decided(published(book), REFUSE.kind, by="offers_and_approves"),
    ),
    "an offer approved by a doctor": (
        "wrong_role",
        lambda book: decided(published(book), by="doctor"),
    ),
    "an offer approved after all": (
        "wrong_state",
        lambda book: decided(decided(published(book), REFUSE.kind)),
    ),
    "an offer closed by another institute": (
        "wrong_owner",
        lambda book: closed(decided(published(book)), by="foreign_researcher"),
    ),
    "an offer closed twice": (
        "wrong_state",
        lambda book: closed(closed(decided(published(book)))),
    ),
    # an opt-in
    "opted in by another patient": ("wrong_patient", lambda book: given(book, by="patient2")),
    "opted in by a doctor": ("wrong_role", lambda book: given(book, by="doctor")),
    "opted in to advertising": ("wrong_purpose", giving(mode="advertising")),
    "opted in until yesterday": ("wrong_end", giving(until=PAST)),
    "opted in for years": ("wrong_end", giving(until=TOO_LONG)),
    "opted in to no offer": ("facts", giving(offer="grant/" + "6" * 32)),
    "shared the patient's name": ("wrong_fields", giving(fields=["line/", "patient/"])),
    "shared nothing": ("wrong_fields", giving(fields=[])),
    "shared in disorder": ("wrong_fields", giving(fields=FIELDS[::-1])),
    "shared for nothing": ("wrong_reward", giving(reward_fen=9)),
    "opted in twice": ("wrong_state", lambda book: given(given(book))),
    "opted out twice": ("wrong_state", lambda book: withdrawn(withdrawn(given(book)))),
    "opted out by another patient": (
        "wrong_patient",
        lambda book: withdrawn(given(book), by="patient2"),
    ),
    "an opt-in moved to another patient": (
        "patient_changed",
        lambda book: withdrawn(given(book), by="patient2", patient=OTHER_TAG),
    ),
    # a use
    "a use without an opt-in": ("no_basis", used),
    "a use after the withdrawal": ("no_basis", lambda book: used(withdrawn(given(book)))),
    "a use after the end": ("no_basis", lambda book: used(given(book), at=END + SKEW)),
    "a use of another patient": (
        "wrong_patient",
        lambda book: used(given(book), patient=OTHER_TAG),
    ),
    "a use by another institute": ("wrong_reader", using(organisation="institute2")),
    "records used under an opt-in to counts": (
        "wrong_purpose",
        lambda book: used(given(book, says={"mode": sharing.Mode.COUNTS.value})),
    ),
    "a use for treatment": ("wrong_purpose", using(purpose="treatment")),
    "a use by a doctor": ("wrong_role", using(role="doctor")),
    "a use of the name": ("wrong_fields", using(fields=["patient/"])),
}
