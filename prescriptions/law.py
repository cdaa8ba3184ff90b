"""What is lawful for a prescription until a pharmacy is chosen: data of the law."""

from __future__ import annotations

from hospital.law import Data, condition, is_
from hospital.units import SHANGHAI_S
from prescriptions import lawcontrolled, lawplan, lawseconds, lifecycle, rules
from prescriptions.clauses import Clause as Clause
from prescriptions.clauses import by_its_patient as by_its_patient
from prescriptions.clauses import equal as equal
from prescriptions.facts import Form
from prescriptions.lifecycle import Move

DOUBLE_CHECKED = ["checked_lots", "checked_scan", "double_checker"]
"""What a second pharmacist has checked at the counter."""
CHOSEN = [
    *("approved", "asked", "at_payment", "chosen", "courier", "patient_fen", "pharmacy"),
    *("proposed", "shares", "waiting", "way"),
    *DOUBLE_CHECKED,
]
"""
What an authorization chooses, and what its pharmacy asks and checks; taking it back forgets it.
"""
BEFORE = [
    *("checker", "countersigner", "dispenser", "doctor", "form", "latest", "left", "opens_at"),
    *("unnumbered", "uploaded_by", "valid_until"),
]
"""
What counts until the medicines are received. The rest stays for those who appraise it months later:
content, hospital, patient, and who prescribed and reviewed it.
"""


BEGINS = (lifecycle.ISSUE, lifecycle.SUBMIT, lifecycle.UPLOAD, lifecycle.UPLOAD_REVIEWED)
"""Moves by which it is written."""
BRINGS_CONTENT = (*BEGINS, lifecycle.OWE, lifecycle.VOID, lifecycle.CHANGE, lifecycle.RESUBMIT)
"""Moves before which no content was signed, or another; every other entry is about the same."""
FOLLOWS_CONTENT = (
    *(lifecycle.COUNTERSIGN, lifecycle.REFUSE, lifecycle.CHECK, lifecycle.SEND_BACK),
    *(lifecycle.CHANGE, lifecycle.RESUBMIT, lifecycle.EXTEND),
    *(lifecycle.CANCEL, lifecycle.GIVE_UP, lifecycle.EXPIRE),
)
"""Moves that could be the first after what a doctor writes on the form of narcotics."""
_SAME_CONTENT = equal(
    "commitment_changed",
    "it is about the content that was signed",
    "entry.commitment",
    "kept.commitment",
)
_BY_ITS_DOCTOR = equal("wrong_doctor", "who issued it signs", "signer.owner", "kept.doctor")
_IN_ITS_HOSPITAL = equal(
    "wrong_hospital", "the hospital that issued it signs", "signer.organisation", "kept.hospital"
)
_ONLINE_AFTER_CONSULTING = condition(
    "wrong_consultation",
    "it names the consultation of which it comes, exactly when it is online",
    "any",
    ["all", ["equal", "facts.online", is_(True)], ["has", "facts", is_("consultation")]],
    ["all", ["equal", "facts.online", is_(False)], ["lacks", "facts", is_("consultation")]],
)
FACTS_OF_CONTENT: Data = {
    "dispenser?": "text",
    "form": "text",
    "lines": {"*": "count"},
    "rules": "text",
    "warnings": "words",
}
CONTENT = [
    condition("no_commitment", "it commits to its content", "differ", "entry.commitment", is_("")),
    condition(
        "wrong_form",
        "it is written on one of the forms of the law",
        "one_of",
        ["facts.form"],
        [[form.value] for form in Form],
    ),
    condition("wrong_quantity", "it has a line at least", "less", is_(0), {"count": "facts.lines"}),
    lawcontrolled.NAMES_DISPENSER,
]
KEPT_OF_CONTENT: Data = {
    **lawcontrolled.OWED,
    "commitment": "entry.commitment",
    "dispenser": "facts.dispenser",
    "form": "facts.form",
    "left": "facts.lines",
}
_CONSULTED: Data = {
    "on": "facts.consultation",
    "families": ["consultation"],
    "conditions": [
        equal(
            "wrong_doctor",
            "who accepted the consultation, which has not ended, signs",
            "signer.owner",
            "other.doctor",
        ),
        equal(
            "wrong_patient", "the consultation is this patient's", "entry.patient", "other.patient"
        ),
        equal(
            "first_visit",
            "its doctor has seen evidence of an earlier diagnosis",
            "other.follow_up",
            is_(True),
        ),
        condition(
            "out_of_time", "only before close_until", "before", "entry.at", "other.close_until"
        ),
    ],
}
"""What must hold of the consultation of which an online prescription comes."""


def in_general(move: Move) -> list[Data]:
    """What the table of moves says about time and about four eyes."""
    found = [] if move in BRINGS_CONTENT else [_SAME_CONTENT]
    if move is lifecycle.EXPIRE:
        until = ["not_before", "entry.at", "kept.valid_until"]
        found.append(condition("out_of_time", "only from valid_until on", *until))
    elif move.in_time:
        end = "facts.valid_until" if move in BEGINS else "kept.valid_until"
        found.append(condition("out_of_time", "only before valid_until", "before", "entry.at", end))
    if move.four_eyes:
        words = "who signs is not the person who prescribed it"
        found.append(condition("four_eyes", words, "differ", "signer.person", "kept.prescriber"))
    if move.four_eyes and not move.colleague:
        found.append(lawseconds.NOT_THE_COUNTERSIGNER)
    if move in FOLLOWS_CONTENT:
        found.append(lawcontrolled.NUMBERED_FIRST)
    return found


def clauses() -> dict[str, Clause]:
    """Move's name → clause, for the moves of hospital, clock and the patient who gives up."""
    return {
        **_changes(),
        "issue": _issue(lawseconds.SIGNED_ALONE),
        "submit": _issue(lawseconds.TO_COUNTERSIGN),
        "countersign": _decision("approve", keep={"countersigner": "signer.person"}),
        "refuse": _decision("return"),
        "approve": _decision("approve", lawseconds.BY_ONE),
        "check": _decision("approve", lawseconds.BY_TWO, keep={"checker": "signer.person"}),
        "confirm": _decision("approve", lawseconds.BY_ANOTHER),
        "send_back": _decision("return"),
        "cancel": Clause({"reason": "text"}, [_BY_ITS_DOCTOR], forget=CHOSEN + BEFORE),
        "give_up": by_its_patient({"reason": "text"}, forget=CHOSEN + BEFORE),
        "expire": Clause(
            {"valid_until": "moment"},
            [
                equal(
                    "wrong_end",
                    "it states the end as it was issued, or extended",
                    "facts.valid_until",
                    "kept.valid_until",
                )
            ],
            forget=CHOSEN + BEFORE,
        ),
    }


def _issue(signatures: Data) -> Clause:
    return Clause(
        {
            **FACTS_OF_CONTENT,
            "consultation?": "consultation/hex32",
            "hospital": "text",
            "issue?": "count",
            "issues?": "count",
            "online": "flag",
            "opens_at?": "moment",
            "series?": "hex32",
            "valid_until": "moment",
        },
        [
            equal(
                "wrong_hospital",
                "the doctor's own hospital issues it",
                "signer.organisation",
                "facts.hospital",
            ),
            _ONLINE_AFTER_CONSULTING,
            lawplan.PLACE_IN_SERIES,
            lawplan.WINDOW_IN_SERIES,
            condition("wrong_patient", "it is for a patient", "differ", "entry.patient", is_("")),
            *CONTENT,
            signatures,
        ],
        keep={
            **KEPT_OF_CONTENT,
            "doctor": "signer.owner",
            "hospital": "facts.hospital",
            "latest": {"day_end": ["entry.at", is_(rules.VALID_DAYS_MAX), is_(SHANGHAI_S)]},
            "opens_at": "facts.opens_at",
            "patient": "entry.patient",
            "prescriber": "signer.person",
            "valid_until": "facts.valid_until",
        },
        rests=_CONSULTED,
    )


def _changes() -> dict[str, Clause]:
    """What doctors do to what they have issued, besides cancelling it."""
    this_request = equal(
        "wrong_request", "it answers what was asked", "facts.request", "kept.asked"
    )
    return {
        "change": _change(lawseconds.SIGNED_ALONE),
        "resubmit": _change(lawseconds.TO_COUNTERSIGN),
        "keep": Clause(
            {"reason": "text", "request": "hex64"},
            [_BY_ITS_DOCTOR, this_request],
            forget=["asked"],
        ),
        "extend": Clause(
            {"valid_until": "moment"},
            [
                _BY_ITS_DOCTOR,
                condition(
                    "wrong_end",
                    "it ends later than before",
                    "all",
                    ["not_before", "facts.valid_until", "kept.valid_until"],
                    ["differ", "facts.valid_until", "kept.valid_until"],
                ),
                condition(
                    "wrong_end",
                    "it ends by 24:00 in Shanghai of the third day from the day of issue",
                    "not_before",
                    "kept.latest",
                    "facts.valid_until",
                ),
            ],
            keep={"valid_until": "facts.valid_until"},
        ),
    }


_ANSWERS_IF_ASKED = condition(
    "wrong_request",
    "it answers what was asked, exactly when something was asked",
    "any",
    ["equal", "facts.request", "kept.asked"],
    ["all", ["lacks", "facts", is_("request")], ["lacks", "kept", is_("asked")]],
)


def _change(signatures: Data) -> Clause:
    return Clause(
        {**FACTS_OF_CONTENT, "request?": "hex64"},
        [_BY_ITS_DOCTOR, *CONTENT, _ANSWERS_IF_ASKED, signatures],
        keep=KEPT_OF_CONTENT,
        forget=["dispenser", *CHOSEN, "checker", "countersigner", "unnumbered"],
    )


def _decision(decision: str, *more: Data, keep: Data | None = None) -> Clause:
    """A reviewer's, or a countersigning doctor's."""
    return Clause(
        {"decision": "text", "reason": "text"},
        [
            equal("wrong_decision", "the move is what is decided", "facts.decision", is_(decision)),
            _IN_ITS_HOSPITAL,
            *more,
        ],
        keep={"reviewers": {"sorted": ["kept.reviewers", "signer.person"]}, **(keep or {})},
    )
