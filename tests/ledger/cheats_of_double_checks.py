"""How an operator could cheat where one pharmacist gives out and another checks."""

from typing import Any

from tests.ledger.cheating import AUTHORIZED_PART, TO_COUNTER, TO_DISPENSE, Cheat, move
from tests.ledger.lawful import COLLECTED, LOT, Book

CHECKED = (*TO_COUNTER, "double_check")
AGAIN = COLLECTED[2:4]
OTHER_SCAN = {"scan": "5d" * 16}
OTHER_LOT, TOO_FEW = {"lots": {"11" * 32: 4}}, {"lots": {LOT: 3}}
BOX = "22" * 32
TWO_LOTS = {"lots": {LOT: 3, "11" * 32: 1}}


def of_two_lots(**then: Any) -> Cheat:
    """Checked as it is taken from two lots; then given out."""

    def write(book: Book) -> None:
        book.go(*TO_COUNTER).move("double_check", says=TWO_LOTS)
        book.move("dispense", **then)

    return write


def checked_twice(**then: Any) -> Cheat:
    """Checked for one scan, then for another; then given out."""

    def write(book: Book) -> None:
        book.go(*CHECKED).move("double_check", says=OTHER_SCAN)
        book.move("dispense", **then)

    return write


def changed(*after: str) -> Cheat:
    """Changed at the counter after the check to another narcotic; then these."""

    def write(book: Book) -> None:
        book.go(*CHECKED).move("change", says={"form": "narcotic", "dispenser": "pharmacy"})
        book.go("check", "confirm", *AGAIN, *after[:-1]).move(after[-1])

    return write


def a_part_authorized(name: str) -> Cheat:
    """The patient has let a pharmacy give out one line, and this is about both."""

    def write(book: Book) -> None:
        book.go(*TO_COUNTER[:-2])
        book.move("authorize", says=AUTHORIZED_PART)
        book.move("pay", says={"patient_fen": 200})
        book.move(name)

    return write


def by_the_countersigner(book: Book) -> None:
    book.move("submit", says={"form": "narcotic", "dispenser": "pharmacy"})
    book.go("countersign", *TO_COUNTER[1:]).move("double_check", by="countersigner_at_counter")


LAWFUL: dict[str, Cheat] = {
    "checked by one, given out by another": move("dispense", *CHECKED),
    "checked again for another scan": checked_twice(says=OTHER_SCAN),
    "from two lots": of_two_lots(says=TWO_LOTS),
    "out of a box, and some that came without": move(
        "dispense", *TO_DISPENSE, says={"boxes": {BOX: 3}}
    ),
    "all of it out of boxes": move("dispense", *TO_DISPENSE, says={"boxes": {BOX: 3, LOT: 1}}),
    "withdrawn, chosen and checked again": move(
        "dispense", *CHECKED, "withdraw", *AGAIN, "double_check"
    ),
    "changed, and checked again": changed("double_check", "dispense"),
    "no narcotic any more": lambda book: book.go(*CHECKED, "change", "approve", *AGAIN).move(
        "dispense", says={"lines": {"1": 2, "2": 3}}
    ),
}
CHEATS: dict[str, tuple[str, Cheat]] = {
    "a narcotic that nobody checked": ("double_check", move("dispense", *TO_COUNTER)),
    "given out by who checked it": ("double_check", move("dispense", *CHECKED, by="colleague")),
    "given out from another account of who checked it": (
        "double_check",
        move("dispense", *CHECKED, by="colleague_again"),
    ),
    "less checked than is left": (
        "wrong_quantity",
        move("double_check", *TO_COUNTER, says={"lines": {"1": 1, "2": 2}}),
    ),
    "all checked though a part is authorized": (
        "wrong_quantity",
        a_part_authorized("double_check"),
    ),
    "a narcotic given out of no lot": ("no_lots", move("dispense", *CHECKED, says={"lots": None})),
    "a narcotic checked of no lot": (
        "no_lots",
        move("double_check", *TO_COUNTER, says={"lots": None}),
    ),
    "an ordinary prescription that names lots": (
        "no_lots",
        move("dispense", *TO_DISPENSE, says={"lots": {LOT: 4}}),
    ),
    "more out of boxes than is given out": (
        "wrong_boxes",
        move("dispense", *TO_DISPENSE, says={"boxes": {BOX: 3, LOT: 2}}),
    ),
    "less out of its lots than is given out": (
        "wrong_lots",
        move("dispense", *CHECKED, says=TOO_FEW),
    ),
    "more checked than lies in the lots": (
        "wrong_lots",
        move("double_check", *TO_COUNTER, says=TOO_FEW),
    ),
    "another lot than was checked": ("double_check", move("dispense", *CHECKED, says=OTHER_LOT)),
    "one lot where two were checked": ("double_check", of_two_lots()),
    "another scan than was checked": ("double_check", move("dispense", *CHECKED, says=OTHER_SCAN)),
    "a scan of which the check was replaced": ("double_check", checked_twice()),
    "checked before it was withdrawn": (
        "double_check",
        move("dispense", *CHECKED, "withdraw", *AGAIN),
    ),
    "checked before it was changed": ("double_check", changed("dispense")),
    "an ordinary prescription checked by two": ("double_check", move("double_check", *TO_DISPENSE)),
    "checked before it was paid": ("wrong_state", move("double_check", *TO_COUNTER[:-1])),
    "checked at another pharmacy": (
        "wrong_pharmacy",
        move("double_check", *TO_COUNTER, by="pharmacist2"),
    ),
    "checked in another's name": (
        "wrong_pharmacy",
        move("double_check", *TO_COUNTER, says={"pharmacy": "pharmacy2"}),
    ),
    "more checked than prescribed": (
        "wrong_quantity",
        move("double_check", *TO_COUNTER, says={"lines": {"1": 1, "2": 4}}),
    ),
    "checked at the counter by who prescribed it": (
        "four_eyes",
        move("double_check", *TO_COUNTER, by="prescriber_at_counter"),
    ),
    "checked at the counter by who countersigned it": ("four_eyes", by_the_countersigner),
    "checked at the counter by a reviewer": (
        "wrong_role",
        move("double_check", *TO_COUNTER, by="reviewer"),
    ),
}
