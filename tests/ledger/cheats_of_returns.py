"""Cheats with what comes back, and with the money that goes back with it."""

from __future__ import annotations

from typing import Any

from tests.ledger.cheating import RX2, TO_COUNTER, Cheat
from tests.ledger.lawful import COLLECTED, LOT, OTHER_TAG, RX, Book

DELIVERED = COLLECTED[:6]
ALL = {"1": 1, "2": 3}
NOTHING_KEPT: dict[str, Any] = {
    "total_fen": 0,
    "patient_fen": 0,
    "payers": {"fund": 0, "insurer": 0},
}
HALF_KEPT: dict[str, Any] = {
    "total_fen": 1000,
    "patient_fen": 200,
    "payers": {"fund": 700, "insurer": 100},
}
TOO_MANY = {True: {"1": 2}, False: {"2": 4}}
"""More of one line than was given, though of both together as many as the move says."""
CLAWBACK = "clawback/" + "c" * 32


def returned(book: Book, part: bool = False, **changes: Any) -> Book:
    """All of it comes back, or the second line; ``changes`` are facts, or ``by`` and ``of``."""
    who = {name: changes.pop(name) for name in ("by", "of") if name in changes}
    decided = changes.pop("decided", ())
    bill, kept = (HALF_KEPT, 200) if part else (NOTHING_KEPT, 0)
    undecided = [one for one in ("fund", "insurer") if one not in decided]
    first = {"fund": 1400, "insurer": 200}
    facts = {
        "pharmacy": "pharmacy",
        "lines": {"2": 3} if part else ALL,
        "reason": "quality",
        "bill": bill,
        "refund_fen": 400 - kept,
        "waiting": {one: bill["payers"][one] for one in undecided if part},
        "back": {one: first[one] - bill["payers"][one] for one in decided},
        **changes,
    }
    book.move("return_part" if part else "return", says=facts, **who)
    return book


def of_it(part: bool, **changes: Any) -> Cheat:
    """A return of what was delivered and nobody has decided on."""
    return lambda book: returned(book.go(*DELIVERED), part, **changes)


def after_the_fund(part: bool, **changes: Any) -> Cheat:
    """A return after the fund has approved its share."""
    return lambda book: returned(
        book.go(*DELIVERED, "decide"), part, **{"decided": ("fund",), **changes}
    )


def of_a_narcotic(part: bool, **changes: Any) -> Cheat:
    """Given out of one lot, and comes back."""

    def write(book: Book) -> None:
        book.go(*TO_COUNTER, "double_check", "dispense", "receive")
        returned(book, part, **changes)

    return write


def settled(book: Book) -> Book:
    """The fund has approved and paid; then all of it comes back."""
    book.go(*COLLECTED).settle(RX)
    return returned(book, decided=("fund", "insurer"))


def accepted(book: Book, *, by: str = "fund", **changes: Any) -> Book:
    """The fund accepts what comes back to it, not paid yet."""
    facts = {"payer": "fund", "reversed_fen": 1400, "left_fen": 0, **changes}
    book.move("reverse", by=by, says=facts)
    return book


def owed_back(book: Book, *, by: str = "fund", **changes: Any) -> Book:
    """The same after it was paid."""
    book.move("claw_back", by=by, says={"payer": "fund", "reversed_fen": 1400, **changes})
    return book


def clawed_back(
    book: Book, *claims: str, by: str = "fund", of: str = CLAWBACK, patient: str = "", **says: Any
) -> Book:
    claimed = list(claims or [RX])
    facts = {"payer": by, "pharmacy": "pharmacy", "claims": claimed, "total_fen": 1400, **says}
    book.add(of, "insurance.clawback", facts, book.keys[by], patient=patient)
    return book


def unordered(book: Book) -> None:
    for rx in (RX, RX2):
        book.go(*COLLECTED, of=rx).settle(rx, batch=rx[-1])
        returned(book, decided=("fund", "insurer"), of=rx)
        book.move("claw_back", of=rx, says={"payer": "fund", "reversed_fen": 1400})
    clawed_back(book, RX2, RX, total_fen=2800)


def too_many(book: Book) -> None:
    owed_back(settled(book))
    clawed_back(book, *(f"rx/{number:032x}" for number in range(1_001)))


def _of_returns(part: bool) -> dict[str, tuple[str, Cheat]]:
    what = "a part" if part else "all"
    bill, kept = (HALF_KEPT, 200) if part else (NOTHING_KEPT, 0)
    lines = {"2": 3} if part else ALL
    cheats: dict[str, tuple[str, Cheat]] = {
        "elsewhere": ("wrong_pharmacy", of_it(part, by="pharmacist2")),
        "in another's name": ("wrong_pharmacy", of_it(part, pharmacy="pharmacy2")),
        "for no reason": ("wrong_reason", of_it(part, reason="not_needed")),
        "in lots that nobody named": (
            "wrong_lots",
            of_it(part, lots={LOT: sum(lines.values())}),
        ),
        "and too much refunded": ("wrong_amount", of_it(part, refund_fen=401 - kept)),
        "and back goes more than was approved": (
            "wrong_payer",
            after_the_fund(part, back={"fund": 1401}),
        ),
        "and a payer stands by what nobody keeps": (
            "wrong_payer",
            after_the_fund(part, back={}),
        ),
        "and another payer is named": (
            "wrong_amount",
            of_it(part, bill={**bill, "payers": {**bill["payers"], "stranger": 0}}),
        ),
        "and the bill does not add up": (
            "wrong_amount",
            of_it(part, bill={**bill, "patient_fen": kept + 1}, refund_fen=399 - kept),
        ),
        "of another lot": (
            "wrong_lots",
            of_a_narcotic(part, lots={"11" * 32: sum(lines.values())}),
        ),
        "of fewer in lots": ("wrong_lots", of_a_narcotic(part, lots={LOT: 2})),
        "of a narcotic without its lot": ("wrong_lots", of_a_narcotic(part)),
        "of more than was given": ("wrong_quantity", of_it(part, lines=TOO_MANY[part])),
    }
    if part:
        dearer = {"total_fen": 1701, "patient_fen": 200, "payers": {"fund": 1401, "insurer": 100}}
        cheats |= {
            "of nothing": ("wrong_quantity", of_it(part, lines={})),
            "that leaves nothing": ("wrong_quantity", of_it(part, lines=ALL)),
            "and a payer pays more": ("wrong_amount", of_it(part, bill=dearer)),
            "and more is to be decided on than is kept": (
                "wrong_payer",
                of_it(part, waiting={"fund": 701, "insurer": 100}),
            ),
            "decided on by who had decided": (
                "wrong_payer",
                after_the_fund(True, waiting={"fund": 1}),
            ),
        }
    return {f"{what} comes back {how}": cheat for how, cheat in cheats.items()}


CHEATS: dict[str, tuple[str, Cheat]] = {
    **_of_returns(True),
    **_of_returns(False),
    "all comes back, and some is left": ("wrong_quantity", of_it(False, lines={"1": 1})),
    "all comes back, and is decided on": ("wrong_payer", of_it(False, waiting={"fund": 1})),
    "all comes back, and the patient pays": (
        "wrong_amount",
        of_it(
            False,
            bill={"total_fen": 1, "patient_fen": 1, "payers": {"fund": 0, "insurer": 0}},
            refund_fen=399,
        ),
    ),
    "it comes back twice": (
        "wrong_state",
        lambda book: returned(returned(book.go(*DELIVERED))),
    ),
    "a part comes back twice": (
        "wrong_quantity",
        lambda book: returned(returned(book.go(*DELIVERED), True), True, refund_fen=0),
    ),
    "reversed by another": (
        "wrong_payer",
        lambda book: accepted(_decided(book), by="insurer"),
    ),
    "less is reversed": (
        "wrong_amount",
        lambda book: accepted(_decided(book), reversed_fen=1399, left_fen=1),
    ),
    "reversed, and more is owed": (
        "wrong_amount",
        lambda book: accepted(_decided(book), left_fen=1),
    ),
    "reversed twice": ("wrong_amount", lambda book: accepted(accepted(_decided(book)))),
    "reversed though it was paid": ("wrong_amount", lambda book: accepted(settled(book))),
    "owed back by another": (
        "wrong_payer",
        lambda book: owed_back(settled(book), by="insurer"),
    ),
    "less is owed back": (
        "wrong_amount",
        lambda book: owed_back(settled(book), reversed_fen=1399),
    ),
    "owed back though it was not paid": ("wrong_move", lambda book: owed_back(_decided(book))),
    "clawed back twice": (
        "nothing_owed",
        lambda book: clawed_back(clawed_back(owed_back(settled(book))), of="clawback/" + "d" * 32),
    ),
    "clawed back before it was accepted": (
        "nothing_owed",
        lambda book: clawed_back(settled(book)),
    ),
    "another total clawed back": (
        "wrong_amount",
        lambda book: clawed_back(owed_back(settled(book)), total_fen=1401),
    ),
    "clawed back from another pharmacy": (
        "wrong_pharmacy",
        lambda book: clawed_back(owed_back(settled(book)), pharmacy="pharmacy2"),
    ),
    "clawed back for another payer": (
        "wrong_payer",
        lambda book: clawed_back(owed_back(settled(book)), payer="insurer"),
    ),
    "clawed back in disorder": ("wrong_claims", unordered),
    "too many clawed back at once": ("wrong_claims", too_many),
    "a clawback about a patient": (
        "wrong_patient",
        lambda book: clawed_back(owed_back(settled(book)), patient=OTHER_TAG),
    ),
}


def _decided(book: Book) -> Book:
    """All has come back before it was paid."""
    return returned(book.go(*DELIVERED, "decide"), decided=("fund",))
