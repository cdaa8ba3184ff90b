"""Cheats of guardians who act for wards, one for each condition of each move that they can make."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hospital.units import stamp
from tests.ledger import consulting
from tests.ledger.cheating import TO_AUTHORIZE, TO_DISPENSE, Cheat
from tests.ledger.cheats_of_claims import refused
from tests.ledger.cheats_of_guardians import GUARDIANSHIP, ended, registered
from tests.ledger.lawful import COLLECTED, NOON, TAG, Book

GUARDIAN, OWNER = "patient2", "/patient/q2"
"""Whose key is known in the ward's line, and who that is."""
GUEST = ("patient", "", "q9")
"""Whose key is entered there for a guardianship alone."""
THIRD_TAG = "7c" * 32
COMES_OF_AGE = NOON + timedelta(hours=1)
BY_GUARDIAN: dict[str, Any] = {"by": GUARDIAN, "says": {"guardianship": GUARDIANSHIP}}


Act = Callable[..., object]
"""Writes what comes before, and then the guardian's entry with these changes."""


def guarded(book: Book, *, guardian: str = OWNER, ward: str = TAG) -> Book:
    """The guardian of a ward who comes of age in an hour."""
    says = {"guardian": guardian, "until": stamp(COMES_OF_AGE)}
    return registered(book, says=says, patient=ward)


def prescribed(name: str, *before: str) -> Act:
    return lambda book, **changes: book.go(*before).move(name, **BY_GUARDIAN, **changes)


def consulted(name: str) -> Act:
    return lambda book, **changes: consulting.talked(name, **BY_GUARDIAN, **changes)(book)


ACTS: dict[str, Act] = {
    "authorize": prescribed("authorize", *TO_AUTHORIZE),
    "agree": prescribed("agree", *TO_DISPENSE, "substitute"),
    "disagree": prescribed("disagree", *TO_DISPENSE, "substitute"),
    "withdraw": prescribed("withdraw", *TO_DISPENSE),
    "give_up": prescribed("give_up", *TO_AUTHORIZE),
    "receive": prescribed("receive", *COLLECTED[:5]),
    "withhold": prescribed("withhold", *COLLECTED[:6], "ask_field"),
    "appeal": lambda book, **changes: refused(book).move("appeal", **BY_GUARDIAN, **changes),
    **{name: consulted(name) for name in ("ask", "retract", "leave")},
}
"""What a guardian signs for the ward, after what comes before."""


def enters_key(book: Book, **fields: Any) -> int:
    """The guardian's key is entered in the ward's line, under the guardian's tag there."""
    return book.register("guest", GUEST, tag=THIRD_TAG, guardianship=GUARDIANSHIP, **fields)


def of_guest(book: Book) -> Book:
    return guarded(book, guardian="/patient/q9")


def _cheats(name: str, act: Act) -> dict[str, tuple[str, Cheat]]:
    return {
        f"{name} by no guardian": ("no_guardian", act),
        f"{name} by who was guardian": (
            "no_guardian",
            lambda book: act(ended(guarded(book), commitment=b"g" * 32)),
        ),
        f"{name} by the guardian on the 18th birthday": (
            "guardian_no_more",
            lambda book: act(guarded(book), at=COMES_OF_AGE),
        ),
        f"{name} by the guardian of another ward": (
            "wrong_patient",
            lambda book: act(guarded(book, ward=THIRD_TAG)),
        ),
        f"{name} by a stranger who names the guardian": (
            "wrong_guardian",
            lambda book: act(guarded(book, guardian="/patient/q9")),
        ),
    }


CHEATS: dict[str, tuple[str, Cheat]] = {
    cheat: broken for name, act in ACTS.items() for cheat, broken in _cheats(name, act).items()
} | {
    "a guest's key of no guardian": ("no_guardian", enters_key),
    "a guest's key of who was guardian": (
        "no_guardian",
        lambda book: enters_key(ended(of_guest(book), commitment=b"g" * 32)),
    ),
    "a guest's key on the 18th birthday": (
        "guardian_no_more",
        lambda book: enters_key(of_guest(book), at=COMES_OF_AGE),
    ),
    "a guest's key of another guardian": (
        "wrong_guardian",
        lambda book: enters_key(guarded(book)),
    ),
    "a key revoked by the registrar": (
        "wrong_owner",
        lambda book: book.revoke("doctor", by="registrar"),
    ),
    "a guest's key revoked by a stranger": (
        "wrong_owner",
        lambda book: (
            enters_key(of_guest(book)),
            book.revoke("guest", by="patient", patient=THIRD_TAG),
        ),
    ),
}
