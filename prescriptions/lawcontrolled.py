"""What is lawful for narcotics and psychotropics of class I besides the rest: data of the law."""

from __future__ import annotations

from hospital.law import NO_PATIENT, Data, condition, is_, move
from hospital.units import SHANGHAI_S
from prescriptions.controlled import AT_ITS_HOSPITAL, NUMBERED

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

_FOLLOWS = condition(
    "wrong_number",
    "a hospital's numbers of one day count from 1 and follow each other",
    "any",
    ["all", ["equal", "state", is_("unopened")], ["equal", "facts.number", is_(1)]],
    [
        "all",
        ["equal", "state", is_("open")],
        ["equal", "facts.number", {"sum": ["kept.number", is_(1)]}],
        ["equal", "facts.hospital", "kept.hospital"],
        ["equal", "facts.ends", "kept.ends"],
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
_NAMES_CONTENT = condition(
    "no_commitment", "it commits to its content", "differ", "entry.commitment", is_("")
)


def families() -> dict[str, Data]:
    """The registers: one subject for each hospital and day, whose numbers have no gap."""
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
        conditions=[NO_PATIENT, _NUMBERED_FORM, _NAMES_CONTENT, _ON_ITS_DAY, _FOLLOWS],
        keep={"ends": "facts.ends", "hospital": "facts.hospital", "number": "facts.number"},
    )
    register = {
        "names": "hex32",
        "named_by": "kind",
        "start": "unopened",
        "constant": [],
        "moves": {"number": number},
    }
    return {"register": register}
