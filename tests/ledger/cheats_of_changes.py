"""How an operator could cheat at change requests, changes and extensions."""

from datetime import timedelta
from typing import Any

from hospital.units import stamp
from tests.ledger.cheating import TO_AUTHORIZE, TO_DISPENSE, Cheat, move
from tests.ledger.lawful import COLLECTED, END, LATEST, Book

ASKED = (*TO_DISPENSE, "ask_change")
OTHER = "8d" * 32
NEW = b"n" * 32


def changed(*after: str, **changes: Any) -> Cheat:
    """A change before review, then these moves as if the old content were still in force."""

    def write(book: Book) -> None:
        book.go("issue").move("change", commitment=NEW)
        for name in after[:-1]:
            book.move(name, commitment=NEW)
        book.move(after[-1], **{"commitment": NEW, **changes})

    return write


CHEATS: dict[str, tuple[str, Cheat]] = {
    "asked by another pharmacy": (
        "wrong_pharmacy",
        move("ask_change", *TO_DISPENSE, by="pharmacist2"),
    ),
    "asked by who prescribed it": (
        "four_eyes",
        move("ask_change", *TO_DISPENSE, by="prescriber_at_counter"),
    ),
    "asked by who has not seen it": (
        "not_scanned",
        move("ask_change", *TO_DISPENSE, says={"scan": None}),
    ),
    "asked twice": ("already_asked", move("ask_change", *ASKED)),
    "asked before a pharmacy was chosen": ("wrong_state", move("ask_change", *TO_AUTHORIZE)),
    "kept by another doctor": ("wrong_doctor", move("keep", *ASKED, by="doctor2")),
    "kept though nothing was asked": ("wrong_request", move("keep", *TO_DISPENSE)),
    "kept in answer to something else": (
        "wrong_request",
        move("keep", *ASKED, says={"request": OTHER}),
    ),
    "kept twice": ("wrong_request", move("keep", *ASKED, "keep")),
    "kept after the authorization was taken back": (
        "wrong_request",
        move("keep", *ASKED, "withdraw", *COLLECTED[2:4]),
    ),
    "changed by another doctor": ("wrong_doctor", move("change", "issue", by="doctor2")),
    "changed by the pharmacist": ("wrong_role", move("change", *ASKED, by="pharmacist")),
    "changed into nothing": ("wrong_quantity", move("change", "issue", says={"lines": {}})),
    "changed without content": ("no_commitment", move("change", "issue", commitment=b"")),
    "changed to a form of no law": ("wrong_form", move("change", "issue", says={"form": "blank"})),
    "changed without an answer": ("wrong_request", move("change", *ASKED)),
    "changed in answer to something else": (
        "wrong_request",
        move("change", *ASKED, says={"request": OTHER}),
    ),
    "changed in answer to nothing": (
        "wrong_request",
        move("change", "issue", says={"request": OTHER}),
    ),
    "changed after it was dispensed": ("wrong_state", move("change", *COLLECTED[:5])),
    "authorized before the change was reviewed": ("wrong_state", changed("authorize")),
    "dispensed before the change was reviewed": ("wrong_state", changed("dispense")),
    "the old content approved": ("commitment_changed", changed("approve", commitment=b"c" * 32)),
    "the old content dispensed": (
        "commitment_changed",
        changed("approve", "authorize", "pay", "dispense", commitment=b"c" * 32),
    ),
    "more dispensed than the change says": (
        "wrong_quantity",
        changed("approve", "authorize", "pay", "dispense", says={"lines": {"1": 3, "2": 3}}),
    ),
    "extended by another doctor": ("wrong_doctor", move("extend", "issue", by="doctor2")),
    "extended by the patient": ("wrong_role", move("extend", "issue", by="patient")),
    "extended to the same end": (
        "wrong_end",
        move("extend", "issue", says={"valid_until": stamp(END)}),
    ),
    "extended backwards": (
        "wrong_end",
        move("extend", "issue", says={"valid_until": stamp(END - timedelta(hours=1))}),
    ),
    "extended into the fourth day": (
        "wrong_end",
        move(
            "extend",
            "issue",
            says={"valid_until": stamp(LATEST + timedelta(microseconds=1))},
        ),
    ),
    "expired at the end before its extension": (
        "out_of_time",
        move("expire", "issue", "extend", at=END, says={"valid_until": stamp(END)}),
    ),
}
