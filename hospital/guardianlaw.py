"""
What is lawful for guardianships, and for looks of guardians that rest on them: data of the law.

A child's guardian is registered by the registrar and guards until the child comes of age, an
adult's is appointed by the adult's own key (民法典, art. 17, 27 and 33). ``guardian`` names the
guardian as view entries name their reader.

What a patient may sign, the guardian signs for the ward with the guardian's own key; the entry says
so with the fact ``guardianship``, and rests on it (``signed_for``).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from hospital.consents import LONGEST
from hospital.law import Data, condition, is_, move
from hospital.roles import Role

FAMILY, PURPOSE = "guardianship", "guardianship"
NEW, LIVE, ENDED = "unknown", "live", "ended"
REGISTER, APPOINT, END = (f"{FAMILY}.{verb}" for verb in ("register", "appoint", "end"))
CHILDHOOD_DAYS = 6575
"""Eighteen years, five of them leap years: nobody comes of age later after a registration."""
OPENED = ("allergies", "diagnosis/", "dispensing/", "hospital/", "line/")
"""The fields that a guardian sees of the ward's prescriptions."""
CONSULTED = ("at", "author", "complaint", "earlier/", "media_type", "picture", "text")
"""And of the ward's consultations: neither the name, sex nor birth date."""
FACT = "guardianship"
"""Names, in an entry that a guardian has signed for the ward, the guardianship."""
NAMED: Data = {f"{FACT}?": f"{FAMILY}/hex32"}
"""The fact, for the moves that a guardian can make."""
_REMEMBERED = ("appointer", "fields", "patient", "purpose", "reader", "to", "until")
_DAY_S = 86400


def families() -> dict[str, Data]:
    """The family of guardianships."""
    moves = {"register": _register(), "appoint": _appoint(), "end": _end()}
    return {
        FAMILY: {
            "names": "hex32",
            "named_by": "kind",
            "start": NEW,
            "constant": ["commitment", "patient"],
            "moves": moves,
        }
    }


def to_the_second() -> Data:
    """
    The end of a guardianship, without the allowance for clocks that may differ.

    The server computes ``until`` and dates the look, so the two are compared as they stand.
    """
    at, until = ({"later": [one, is_(0)]} for one in ("entry.at", "other.until"))
    return condition(
        "guardian_no_more",
        "a guardian looks before the moment at which the guardianship ends",
        "any",
        ["differ", "other.purpose", is_(PURPOSE)],
        ["less", at, until],
    )


def opened_of(fields: Iterable[str]) -> tuple[str, ...]:
    """
    What a guardian sees where the ward would see these fields; all are prefixes of names.

    >>> opened_of(["line/", "patient/"])
    ('line/',)
    >>> opened_of([""]) == tuple(sorted({*OPENED, *CONSULTED}))
    True
    """
    pairs = itertools.product(fields, {*OPENED, *CONSULTED})
    by_length = (sorted(pair, key=len) for pair in pairs)
    return tuple(sorted({longer for short, longer in by_length if longer.startswith(short)}))


def by_the_patient(words: str) -> Data:
    """Who signs is the patient, or says that the guardian signs, of whom ``signed_for`` judges."""
    return condition(
        "wrong_patient",
        words,
        "any",
        ["has", "facts", is_(FACT)],
        ["equal", "signer.patient", "entry.patient"],
    )


def signed_for() -> Data:
    """What must hold of the guardianship by which somebody signs for the ward."""
    return _resting(
        condition(
            "wrong_patient", "its ward is this patient", "equal", "entry.patient", "other.patient"
        ),
        condition("wrong_guardian", "its guardian signs", "equal", "signer.owner", "other.reader"),
    )


def key_of_guardian() -> Data:
    """What must hold of the guardianship for which a key is entered in the ward's line of logs."""
    return _resting(
        condition("wrong_guardian", "it is its guardian's", "equal", "facts.owner", "other.reader")
    )


def _resting(*more: Data) -> Data:
    """In force, at the very moment that the entry states, as ``to_the_second`` has it."""
    at, until = ({"later": [one, is_(0)]} for one in ("entry.at", "other.until"))
    return {
        "on": f"facts.{FACT}",
        "families": [FAMILY],
        "conditions": [
            condition("no_guardian", "it was not ended", "equal", "other.purpose", is_(PURPOSE)),
            condition(
                "guardian_no_more",
                "it is signed before the moment at which the guardianship ends",
                "less",
                at,
                until,
            ),
            *more,
        ],
    }


def _register() -> Data:
    return _begin(
        REGISTER,
        "registrar",
        CHILDHOOD_DAYS * _DAY_S,
        condition("wrong_patient", "it has a ward", "differ", "entry.patient", is_("")),
        condition(
            "no_commitment", "it commits to its evidence", "differ", "entry.commitment", is_("")
        ),
    )


def _appoint() -> Data:
    return _begin(
        APPOINT,
        Role.PATIENT.value,
        int(LONGEST.total_seconds()),
        condition("wrong_patient", "the ward appoints", "equal", "signer.patient", "entry.patient"),
        condition(
            "own_guardian",
            "nobody is the own guardian",
            "differ",
            "facts.guardian",
            "signer.owner",
        ),
    )


def _begin(kind: str, role: str, longest_s: int, *more: Data) -> Data:
    latest = {"later": ["entry.at", is_(longest_s)]}
    return move(
        kind,
        sources=[NEW],
        target=LIVE,
        signers=[[role]],
        facts={"guardian": "text", "until": "moment"},
        conditions=[
            condition(
                "wrong_end", "it ends after it begins", "not_before", "facts.until", "entry.at"
            ),
            condition("wrong_end", "it ends in time", "not_before", latest, "facts.until"),
            *more,
        ],
        keep={
            "appointer": "signer.owner",
            "fields": is_(sorted({*OPENED, *CONSULTED})),
            "patient": "entry.patient",
            "purpose": is_(PURPOSE),
            "reader": "facts.guardian",
            "to": is_(""),
            "until": "facts.until",
        },
    )


def _end() -> Data:
    return move(
        END,
        sources=[LIVE],
        target=ENDED,
        signers=[[Role.PATIENT.value, "registrar"]],
        facts={},
        conditions=[
            condition(
                "wrong_owner",
                "who appointed ends it, or the guardian, or the registrar",
                "any",
                ["equal", "signer.role", is_("registrar")],
                ["equal", "signer.owner", "kept.appointer"],
                ["equal", "signer.owner", "kept.reader"],
            )
        ],
        forget=sorted(_REMEMBERED),
    )
