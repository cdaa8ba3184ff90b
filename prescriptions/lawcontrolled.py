"""
What is lawful for narcotics and psychotropics of class I besides the rest: data of the law.

A content on a numbered form owes a number (``OWED``), and its prescription makes no other move
until it has got it; an entry of the register takes what is owed. Both are in one log, so whoever
replays that log alone sees a content without a number, a number without a content, and a second
number of one content.
"""

from __future__ import annotations

from hospital.faces.models import LIFE
from hospital.law import NO_PATIENT, Data, condition, is_, move
from hospital.units import SHANGHAI_S
from prescriptions.controlled import AT_ITS_HOSPITAL, NUMBERED, TO_FACES
from prescriptions.facts import Form

_FORMS = [[form.value] for form in AT_ITS_HOSPITAL]

NAMES_DISPENSER = condition(
    "wrong_dispenser",
    "it names the only pharmacy that gives it out exactly when it is written on such a form",
    "any",
    ["all", ["one_of", ["facts.form"], _FORMS], ["has", "facts", is_("dispenser")]],
    [
        "all",
        *(["differ", "facts.form", is_(form)] for (form,) in _FORMS),
        ["lacks", "facts", is_("dispenser")],
    ],
)
"""What holds for bringing a content."""

FETCHED_THERE = condition(
    "wrong_dispenser",
    "what only one pharmacy gives out is collected there",
    "any",
    ["lacks", "kept", is_("dispenser")],
    [
        "all",
        ["equal", "facts.pharmacy", "kept.dispenser"],
        ["equal", "facts.way", is_("collect")],
    ],
)
"""What holds for choosing a pharmacy."""

SEEN: list[Data] = [
    condition(
        "no_face",
        "whoever sends what is written on such a form to a pharmacy was seen to be the patient",
        "any",
        ["has", "facts", is_("face")],
        ["one_of", ["kept.form"], [[form.value] for form in Form if form not in TO_FACES]],
    ),
    condition(
        "wrong_face",
        "the face was recognised shortly before",
        "any",
        ["lacks", "facts", is_("face")],
        [
            "all",
            ["not_before", "entry.at", "facts.face"],
            ["before", "entry.at", {"later": ["facts.face", is_(int(LIFE.total_seconds()))]}],
        ],
    ),
]
"""What holds of the patient's face for choosing a pharmacy."""

_OWED = "unnumbered"
OWED: Data = {
    _OWED: {"of": [is_({form.value: {form.value: 1} for form in NUMBERED}), "facts.form"]},
}
"""What bringing a content keeps: the number that it needs, by its form."""
NUMBERED_FIRST = condition(
    "unnumbered",
    "what is written on a form that is numbered has got its number",
    "any",
    ["lacks", "kept", is_(_OWED)],
    ["equal", "kept.unnumbered", is_({})],
)
"""What holds for the moves that could follow a content at once."""
_TAKES: Data = {
    "subjects": {"sorted": ["facts.prescription"]},
    "owed": _OWED,
    "key": "facts.form",
    "total": is_(1),
    "conditions": [
        condition(
            "commitment_changed",
            "it is about the content that was signed",
            "equal",
            "entry.commitment",
            "other.commitment",
        ),
        condition(
            "wrong_hospital",
            "it is numbered in the register of the hospital that issued it",
            "equal",
            "facts.hospital",
            "other.hospital",
        ),
    ],
}
_ITS_REGISTER = condition(
    "wrong_register",
    "the register is the only one of this hospital and day",
    "equal",
    "entry.name",
    {"subject": ["facts.hospital", "facts.ends"]},
)
_FOLLOWS = condition(
    "wrong_number",
    "a hospital's numbers of one day count from 1 and follow each other",
    "any",
    ["all", ["equal", "state", is_("unopened")], ["equal", "facts.number", is_(1)]],
    [
        "all",
        ["equal", "state", is_("open")],
        ["equal", "facts.number", {"sum": ["kept.number", is_(1)]}],
    ],
)
_ON_ITS_DAY = condition(
    "wrong_day",
    "it is numbered on the day, in Shanghai, of which the register is",
    "equal",
    "facts.ends",
    {"day_end": ["entry.at", is_(1), is_(SHANGHAI_S)]},
)
_NUMBERED_FORM = condition(
    "wrong_form",
    "it is written on a form that is numbered",
    "one_of",
    ["facts.form"],
    [[form.value] for form in NUMBERED],
)


def families() -> dict[str, Data]:
    """The registers: in each log one for each hospital and day, whose numbers have no gap."""
    number = move(
        "register.number",
        sources=["unopened", "open"],
        target="open",
        signers=[["registrar"]],
        facts={
            "ends": "moment",
            "form": "text",
            "hospital": "text",
            "number": "count",
            "prescription": "rx/hex32",
        },
        conditions=[NO_PATIENT, _NUMBERED_FORM, _ON_ITS_DAY, _ITS_REGISTER, _FOLLOWS],
        keep={"number": "facts.number"},
    )
    register = {
        "names": "text",
        "named_by": "kind",
        "start": "unopened",
        "constant": [],
        "moves": {"number": {**number, "takes": _TAKES}},
    }
    return {"register": register}
