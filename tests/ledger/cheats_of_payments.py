"""Cheats where the fund pays its share together with the patient, and not by a claim."""

from __future__ import annotations

from typing import Any

from tests.ledger.cheating import TO_AUTHORIZE, Cheat
from tests.ledger.cheats_of_parts import PROPOSED
from tests.ledger.cheats_of_returns import HALF_KEPT, NOTHING_KEPT
from tests.ledger.lawful import BILL, COLLECTED, PART_BILL, Book

FUND, PART, HALF = {"fund": 1400}, {"fund": 420}, {"fund": 700}
AT_PAYMENT = {"bill": {**BILL, "payers": {"insurer": 200}, "at_payment": FUND}}
PAID = {"patient_fen": 400, "at_payment": FUND}
PART_AT_PAYMENT = {**PART_BILL, "payers": {"insurer": 60}, "at_payment": PART}
TWICE = {"bill": {**BILL, "payers": {"fund": 700, "insurer": 200}, "at_payment": HALF}}
"""The fund pays a half with the patient, and is claimed from for the other."""
CLAIM = {"payer": "insurer", "claimed_fen": 200, "approved_fen": 200}


def authorized(book: Book) -> Book:
    book.go(*TO_AUTHORIZE).move("authorize", says=AT_PAYMENT)
    return book


def delivered(book: Book) -> Book:
    authorized(book).move("pay", says=PAID)
    return book.go("dispense", "receive")


def paying(**says: Any) -> Cheat:
    return lambda book: authorized(book).move("pay", says={**PAID, **says})


def parted(**bill: Any) -> Cheat:
    def write(book: Book) -> None:
        authorized(book).move("pay", says=PAID)
        book.move("dispense_part", says={"bill": {**PART_AT_PAYMENT, **bill}})

    return write


def returned(part: bool, **bill: Any) -> Cheat:
    """All of it comes back, or the second line."""
    kept = {**(HALF_KEPT if part else NOTHING_KEPT), "payers": {"insurer": 100 if part else 0}}
    kept |= {"at_payment": HALF} if part else {}
    says = {
        "bill": {**kept, **bill},
        "lines": {"2": 3} if part else {"1": 1, "2": 3},
        "refund_fen": 200 if part else 400,
        "waiting": {"insurer": 100} if part else {},
    }
    return lambda book: delivered(book).move("return_part" if part else "return", says=says)


LAWFUL: dict[str, Cheat] = {
    "paid by fund and patient at once": lambda book: delivered(book).move("claim", says=CLAIM),
    "a part of what the fund has paid": parted(),
    "all of it brought back": returned(part=False),
    "a part of it brought back": returned(part=True),
    "withdrawn, and paid by claims": lambda book: authorized(book).go("withdraw", *COLLECTED[2:]),
}
CHEATS: dict[str, tuple[str, Cheat]] = {
    "the fund's share taken twice": (
        "wrong_payer",
        lambda book: book.go(*TO_AUTHORIZE).move("authorize", says=TWICE),
    ),
    "agreed that the fund's share is taken twice": (
        "wrong_payer",
        lambda book: book.go(*PROPOSED).move("agree", says=TWICE),
    ),
    "claimed from a fund that has paid": (
        "wrong_payer",
        lambda book: delivered(book).move("decide"),
    ),
    "paid without the fund": ("wrong_amount", paying(at_payment={})),
    "paid by the fund with a fen less": ("wrong_amount", paying(at_payment={"fund": 1399})),
    "paid by another fund": ("wrong_amount", paying(at_payment={"fund2": 1400})),
    "a part for which the fund pays more": (
        "wrong_amount",
        parted(payers={}, at_payment={"fund": 420, "insurer": 60}),
    ),
    "returned, and another has paid with the patient": (
        "wrong_amount",
        returned(part=False, at_payment={"insurer": 0}),
    ),
    "returned in part, and the fund keeps paying for the rest": (
        "wrong_amount",
        returned(part=True, at_payment={"fund": 1401}, total_fen=1701),
    ),
}
