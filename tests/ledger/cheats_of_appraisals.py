"""Judging a sampled prescription, months after it was fetched, and how one could cheat with it."""

from __future__ import annotations

from typing import Any

from prescriptions.appraisal.codes import PROBLEMS, Verdict
from tests.ledger.cheating import Cheat
from tests.ledger.lawful import COLLECTED, COMMITMENT, OTHER_TAG, TAG, Book

CASE = "appraisal/" + "1" * 32
APPRAISER, COLLEAGUE = "appraiser", "colleague"


def appraised(book: Book, *, by: str = APPRAISER, says: Any = None, **fields: Any) -> Book:
    """A reviewer of the hospital who had no hand in it finds it reasonable."""
    if APPRAISER not in book.keys:
        book.register(APPRAISER, ("reviewer", "hospital", "p11"))
    facts = {"class": "reasonable", "problems": [], "seed": "5e" * 32, **(says or {})}
    subject = fields.pop("of", CASE)
    usual = {"patient": TAG, "commitment": COMMITMENT, **fields}
    book.add(subject, "prescription.appraise", facts, book.keys[by], **usual)
    return book


def fetched(book: Book) -> Book:
    return book.go(*COLLECTED)


def says(verdict: str, *problems: str) -> Cheat:
    return lambda book: appraised(
        fetched(book), says={"class": verdict, "problems": list(problems)}
    )


def by_one_who_sent_it_back(book: Book) -> None:
    """One reviewer sent it back, the doctor changed it, another approved it."""
    book.register(COLLEAGUE, ("reviewer", "hospital", "p12"))
    book.go("issue", "send_back", "change")
    book.move("approve", by=COLLEAGUE)
    appraised(book, by="reviewer")


def of_changed_content(book: Book) -> None:
    book.go("issue", "approve").move("change", commitment=b"n" * 32)
    appraised(book)


EVERY_CODE: dict[str, Cheat] = {
    f"{verdict.value} for {code}": says(verdict.value, code)
    for verdict, of in PROBLEMS.items()
    for code in of
}
LAWFUL: dict[str, Cheat] = {
    **EVERY_CODE,
    "reasonable": says("reasonable"),
    "unsuitable and irregular": says("unsuitable", "1-10", "1-2", "2-9"),
    "abnormal and all else": says("abnormal", *sorted(c for of in PROBLEMS.values() for c in of)),
    "of one that was cancelled": lambda book: appraised(book.go("issue", "cancel")),
    "of one that nobody reviewed": lambda book: appraised(book.go("issue"), by="reviewer"),
}
OF_LIGHTER = {
    f"{verdict.value} for {code} alone": ("wrong_class", says(verdict.value, code))
    for verdict, code in (
        (Verdict.UNSUITABLE, "1-1"),
        (Verdict.ABNORMAL, "1-1"),
        (Verdict.ABNORMAL, "2-1"),
        (Verdict.REASONABLE, "1-1"),
        (Verdict.IRREGULAR, "2-1"),
        (Verdict.IRREGULAR, "3-1"),
        (Verdict.UNSUITABLE, "3-1"),
        (Verdict.IRREGULAR, "1-16"),
    )
}
CHEATS: dict[str, tuple[str, Cheat]] = {
    **OF_LIGHTER,
    **{
        f"{verdict.value} without a problem": ("wrong_class", says(verdict.value))
        for verdict in PROBLEMS
    },
    "appraised as excellent": ("wrong_class", says("excellent")),
    "a graver problem under a lighter class": ("wrong_class", says("irregular", "1-1", "3-1")),
    "problems in disorder": ("wrong_class", says("irregular", "1-2", "1-1")),
    "a problem twice": ("wrong_class", says("irregular", "1-1", "1-1")),
    "appraised twice": ("wrong_state", lambda book: appraised(appraised(fetched(book)))),
    "appraised for no draw": ("facts", lambda book: appraised(fetched(book), says={"seed": ""})),
    "appraised by a doctor": ("wrong_role", lambda book: appraised(fetched(book), by="doctor2")),
    "appraised by another hospital": (
        "wrong_hospital",
        lambda book: appraised(fetched(book), by="foreign_reviewer"),
    ),
    "appraised before it was issued": ("wrong_hospital", appraised),
    "appraised under another patient": (
        "wrong_patient",
        lambda book: appraised(fetched(book), patient=OTHER_TAG),
    ),
    "appraised of another content": (
        "commitment_changed",
        lambda book: appraised(fetched(book), commitment=b"d" * 32),
    ),
    "appraised of a content that was replaced": ("commitment_changed", of_changed_content),
    "appraised by who prescribed it": (
        "four_eyes",
        lambda book: appraised(fetched(book), by="moonlighter"),
    ),
    "appraised by who approved it": (
        "four_eyes",
        lambda book: appraised(fetched(book), by="reviewer"),
    ),
    "appraised by who once sent it back": ("four_eyes", by_one_who_sent_it_back),
}
