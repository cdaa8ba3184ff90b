"""How an operator could cheat at countersignatures and at reviews by two."""

from tests.ledger.cheating import Cheat, move
from tests.ledger.lawful import COLLECTED, Book

SUBMITTED, COUNTERSIGNED = ("submit",), ("submit", "countersign")
TOXIC, CHECKED = ("issue_toxic",), ("issue_toxic", "check")
TO_DISPENSE = (*COUNTERSIGNED, *COLLECTED[1:4])
WAITS = ["rx.countersignature"]
AS_ISSUED = (
    *("issued in another's name", "issued for nobody", "issued without content"),
    *("issued without lines", "a form of no law", "one of five"),
    *("an issue that does not say its series", "an issue that never opens"),
    *("open for longer than four weeks", "ends later than twelve weeks"),
    *("prescribed online without consulting", "prescribed in person, of a consultation"),
    *("prescribed online by a doctor who was not asked", "prescribed online after it was closed"),
    *("prescribed online for another patient", "prescribed online at a first visit"),
    *("prescribed online after the end", "a narcotic that any pharmacy may give out"),
)
"""What is no better if a doctor writes it whose prescriptions wait for a countersignature."""
AS_CHANGED = (
    *("changed by another doctor", "changed into nothing", "changed without content"),
    *("changed to a form of no law", "changed without an answer", "changed in answer to nothing"),
    "changed to a narcotic that any pharmacy may give out",
)


def instead(write: Cheat, **moves: str) -> Cheat:
    """The same cheat, with other moves in the place of these."""

    def cheat(book: Book) -> None:
        book.instead = moves
        write(book)

    return cheat


def waiting(known: dict[str, tuple[str, Cheat]]) -> dict[str, tuple[str, Cheat]]:
    """Cheats at what is issued or changed, where it waits for a countersignature as well."""
    return {
        f"{name}, and waits": (known[name][0], instead(known[name][1], **moves))
        for names, moves in ((AS_ISSUED, {"issue": "submit"}), (AS_CHANGED, {"change": "resubmit"}))
        for name in names
    }


def toxic(name: str, *before: str) -> Cheat:
    """Who countersigned what two must approve is one of the two."""

    def write(book: Book) -> None:
        book.move("submit", says={"form": "toxic"})
        book.go("countersign", *before).move(name, by="countersigner_at_review")

    return write


CHEATS: dict[str, tuple[str, Cheat]] = {
    # a doctor whose prescriptions count only when another has signed them
    "an assistant's counts alone": ("countersignature", move("issue", says={"warnings": WAITS})),
    "an assistant's change counts alone": (
        "countersignature",
        move("change", "issue", says={"warnings": WAITS}),
    ),
    "a warning among others": (
        "countersignature",
        move("issue", says={"warnings": ["rx.allergy", "rx.countersignature", "rx.dose"]}),
    ),
    "waits without a reason": ("countersignature", move("submit", says={"warnings": []})),
    "a change waits without a reason": (
        "countersignature",
        move("resubmit", "issue", says={"warnings": ["rx.dose"]}),
    ),
    "reviewed before it was countersigned": ("wrong_state", move("approve", *SUBMITTED)),
    "reviewed though it waits again": (
        "wrong_state",
        move("approve", *COUNTERSIGNED, "resubmit"),
    ),
    "countersigned by who wrote it": ("four_eyes", move("countersign", *SUBMITTED, by="doctor")),
    "refused by who wrote it": ("four_eyes", move("refuse", *SUBMITTED, by="doctor")),
    "countersigned elsewhere": (
        "wrong_hospital",
        move("countersign", *SUBMITTED, by="foreign_doctor"),
    ),
    "refused elsewhere": ("wrong_hospital", move("refuse", *SUBMITTED, by="foreign_doctor")),
    "countersigned by a reviewer": ("wrong_role", move("countersign", *SUBMITTED, by="reviewer")),
    "countersigned and refused": (
        "wrong_decision",
        move("countersign", *SUBMITTED, says={"decision": "return"}),
    ),
    "refused and countersigned": (
        "wrong_decision",
        move("refuse", *SUBMITTED, says={"decision": "approve"}),
    ),
    "countersigned twice": ("wrong_state", move("countersign", *COUNTERSIGNED)),
    "reviewed by who countersigned": (
        "four_eyes",
        move("approve", *COUNTERSIGNED, by="countersigner_at_review"),
    ),
    "returned by who countersigned": (
        "four_eyes",
        move("send_back", *COUNTERSIGNED, by="countersigner_at_review"),
    ),
    "dispensed by who countersigned": (
        "four_eyes",
        move("dispense", *TO_DISPENSE, by="countersigner_at_counter"),
    ),
    "a part dispensed by who countersigned": (
        "four_eyes",
        move("dispense_part", *TO_DISPENSE, by="countersigner_at_counter"),
    ),
    "another medicine proposed by who countersigned": (
        "four_eyes",
        move("substitute", *TO_DISPENSE, by="countersigner_at_counter"),
    ),
    "asked by who countersigned": (
        "four_eyes",
        move("ask_change", *TO_DISPENSE, by="countersigner_at_counter"),
    ),
    # what two must approve
    "checked by who countersigned": ("four_eyes", toxic("check")),
    "confirmed by who countersigned": ("four_eyes", toxic("confirm", "check")),
    "approved by one alone": ("two_reviewers", move("approve", *TOXIC)),
    "checked though one is enough": ("two_reviewers", move("check", "issue")),
    "confirmed by who checked": (
        "two_reviewers",
        move("confirm", *CHECKED, by="first_reviewer_again"),
    ),
    "confirmed before it was checked": ("wrong_state", move("confirm", *TOXIC)),
    "authorized when only checked": ("wrong_state", move("authorize", *CHECKED)),
    "checked elsewhere": ("wrong_hospital", move("check", *TOXIC, by="foreign_reviewer")),
    "confirmed elsewhere": ("wrong_hospital", move("confirm", *CHECKED, by="foreign_reviewer")),
    "checked by who prescribed it": ("four_eyes", move("check", *TOXIC, by="moonlighter")),
    "confirmed by who prescribed it": ("four_eyes", move("confirm", *CHECKED, by="moonlighter")),
    "checked and returned": (
        "wrong_decision",
        move("check", *TOXIC, says={"decision": "return"}),
    ),
    "confirmed and returned": (
        "wrong_decision",
        move("confirm", *CHECKED, says={"decision": "return"}),
    ),
    "changed and confirmed": ("wrong_state", move("confirm", *CHECKED, "change")),
}
