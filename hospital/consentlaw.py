"""What is lawful for grants, emergencies and the looks that rest on them: data of the law."""

from __future__ import annotations

from typing import Any

from hospital import guardianlaw, sharinglaw
from hospital.consents import (
    BREAK_GLASS,
    EMERGENCY,
    GRANT,
    LONGEST,
    MOVES,
    NEW,
    OPENED_BY_EMERGENCY,
    PLEAD,
    REVIEW,
    TERMS,
    WINDOW,
    WITHDRAW,
    Move,
    Purpose,
    Verdict,
)
from hospital.law import Data, condition, is_, move
from hospital.roles import Role

REMEMBERED = ("fields", "patient", "purpose", "reader", "to", "until")
"""What a live grant, or an emergency, says to the looks that rest on it."""


def families() -> dict[str, Data]:
    """The families of subjects that say who may look."""
    grants = {"grant": _grant(), "withdraw": _withdraw()}
    emergencies = {"plead": _plead(), "open": _break_glass(), "review": _review()}
    return {
        GRANT.family: {
            "names": "hex32",
            "named_by": "kind",
            "start": NEW,
            "constant": ["patient"],
            "moves": grants,
        },
        PLEAD.family: {
            "names": "hex32",
            "named_by": "kind",
            "start": NEW,
            "constant": ["commitment", "patient"],
            "moves": emergencies,
        },
    }


def resting() -> Data:
    """What must hold of the grant, or of the emergency, that a look names as its basis."""
    return {
        "on": "facts.basis",
        "families": sorted({guardianlaw.FAMILY, sharinglaw.FAMILY, *(one.family for one in MOVES)}),
        "conditions": [
            condition("no_basis", "it is in force", "before", "entry.at", "other.until"),
            guardianlaw.to_the_second(),
            condition(
                "no_basis",
                "no regulator has said that it was not justified",
                "any",
                ["lacks", "other", is_("verdict")],
                ["equal", "other.verdict", is_(Verdict.JUSTIFIED.value)],
            ),
            condition(
                "wrong_patient",
                "it is this patient's",
                "equal",
                "entry.patient",
                "other.patient",
            ),
            condition(
                "wrong_reader",
                "it is given to the reader's organisation",
                "equal",
                "facts.organisation",
                "other.to",
            ),
            condition(
                "wrong_reader",
                "it is given to the reader, or to everybody there",
                "any",
                ["equal", "other.reader", is_("")],
                ["equal", "other.reader", "facts.reader"],
            ),
            condition(
                "wrong_purpose",
                "the look has its purpose",
                "equal",
                "facts.purpose",
                "other.purpose",
            ),
            condition(
                "wrong_role",
                "who looks has the role of the purpose",
                "one_of",
                ["facts.purpose", "facts.role"],
                [
                    [EMERGENCY, Role.DOCTOR.value],
                    [guardianlaw.PURPOSE, Role.PATIENT.value],
                    *sharinglaw.READERS,
                    *([purpose.value, terms.role.value] for purpose, terms in TERMS.items()),
                ],
            ),
            _within("it opens these fields", "other.fields"),
        ],
    }


def _grant() -> Data:
    return _of(
        GRANT,
        {"fields": "words", "purpose": "text", "reader": "word", "to": "text", "until": "moment"},
        [
            _BY_ITS_PATIENT,
            condition(
                "wrong_end", "it ends after it begins", "not_before", "facts.until", "entry.at"
            ),
            _ends_within(LONGEST.total_seconds()),
            condition(
                "wrong_purpose",
                "it is for one of these purposes",
                "one_of",
                ["facts.purpose"],
                [[one.value] for one in Purpose],
            ),
            *(_of_purpose(purpose, terms.fields) for purpose, terms in TERMS.items()),
            *_SOME_FIELDS,
        ],
        keep={
            **{name: f"facts.{name}" for name in REMEMBERED if name != "patient"},
            "patient": "entry.patient",
        },
    )


def _withdraw() -> Data:
    return _of(WITHDRAW, {}, [_BY_ITS_PATIENT], forget=sorted(REMEMBERED))


def _plead() -> Data:
    """Opens nothing yet: ``until``, which looks are measured by, comes with the second doctor."""
    return _of(
        PLEAD,
        {"fields": "words", "until": "moment"},
        [
            condition("wrong_patient", "it is about a patient", "differ", "entry.patient", is_("")),
            condition(
                "no_commitment", "it commits to its reason", "differ", "entry.commitment", is_("")
            ),
            _ends_within(WINDOW.total_seconds()),
            _within("it opens fields that treatment opens", is_(list(OPENED_BY_EMERGENCY))),
            *_SOME_FIELDS,
        ],
        keep={
            "fields": "facts.fields",
            "opener": "signer.person",
            "patient": "entry.patient",
            "purpose": is_(EMERGENCY),
            "reader": "signer.owner",
            "to": "signer.organisation",
            "pleaded_until": "facts.until",
        },
    )


def _break_glass() -> Data:
    return _of(
        BREAK_GLASS,
        {},
        [
            condition(
                "four_eyes",
                "who opens it is not the person who pleads",
                "differ",
                "signer.person",
                "kept.opener",
            ),
            condition(
                "wrong_owner",
                "it is a doctor of the same hospital",
                "equal",
                "signer.organisation",
                "kept.to",
            ),
            condition(
                "wrong_end", "the half hour is not over", "before", "entry.at", "kept.pleaded_until"
            ),
        ],
        keep={"seconder": "signer.person", "until": "kept.pleaded_until"},
    )


def _review() -> Data:
    return _of(
        REVIEW,
        {"verdict": "text"},
        [
            condition(
                "wrong_decision",
                "it was justified or not",
                "one_of",
                ["facts.verdict"],
                [[one.value] for one in Verdict],
            ),
            condition(
                "four_eyes",
                "who judges it is not the person who opened it",
                "differ",
                "signer.person",
                "kept.opener",
            ),
            condition(
                "four_eyes",
                "nor the one who signed second",
                "differ",
                "signer.person",
                "kept.seconder",
            ),
        ],
        keep={"verdict": "facts.verdict"},
    )


def _of(one: Move, facts: Data, conditions: list[Data], **remembers: object) -> Data:
    return move(
        one.kind,
        sources=[one.source],
        target=one.target,
        signers=[[one.by.value]],
        facts=facts,
        conditions=conditions,
        **remembers,  # type: ignore[arg-type]
    )


def _ends_within(seconds: float) -> Data:
    latest = {"later": ["entry.at", is_(int(seconds))]}
    return condition("wrong_end", "it ends in time", "not_before", latest, "facts.until")


def _of_purpose(purpose: Purpose, fields: tuple[str, ...]) -> Data:
    """Granted for ``purpose``, it opens some of its ``fields``; so do the looks that rest on it."""
    return condition(
        "wrong_fields",
        f"for {purpose.value} it opens fields of that purpose alone",
        "any",
        ["differ", "facts.purpose", is_(purpose.value)],
        _are_in(is_(list(fields))),
    )


def _within(words: str, whole: object) -> Data:
    return condition("wrong_fields", words, *_are_in(whole))


def _are_in(whole: object) -> list[Any]:
    """Every one of the fields is one of ``whole``, a sorted array."""
    return ["equal", {"sorted": ["facts.fields", whole]}, {"sorted": [whole]}]


_BY_ITS_PATIENT = condition(
    "wrong_patient", "the patient whose records it opens signs", "equal", "signer.patient",
    "entry.patient",
)  # fmt: skip
_SOME_FIELDS = [
    condition("wrong_fields", "it names each field once, in order", "ordered", "facts.fields"),
    condition("wrong_fields", "it opens something", "less", is_(0), {"count": "facts.fields"}),
]
