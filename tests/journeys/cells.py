"""
The law of who sees what of a patient, as three tables; whatever is not in them is closed.

``OPEN`` is what parties to a prescription see of it, by which call. ``GRANTED`` is what somebody
else sees while a grant of the patient's for this purpose is in force, to the reader's organisation
or to the reader alone. ``IN_AN_EMERGENCY`` is what a doctor sees between the second signature and
the half hour's end, unless a regulator says no. The names of what is seen are those of
``marks``: words, numbers and ids of one patient that stand nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hospital.consents import Purpose
from tests.journeys.looking import ASKED

LINES = {"paid line", "unpaid line", "remark"}
CONTENT = {"name", "diagnosis", "diagnosis's name", "allergies", "doctor", *LINES}
OTHER = {"other line"}
"""Of another prescription of the same patient, of which no payer pays anything."""
HISTORY = {*CONTENT, *OTHER, "hospital", "pharmacy", "prescription"} - {"name", "doctor"}

# fmt: off
OPEN: Mapping[tuple[str, str], set[str]] = MappingProxyType({
    ("patient",    "one"):      CONTENT,
    ("patient",    "fields"):   CONTENT,
    ("patient",    "versions"): CONTENT,
    ("patient",    "list"):     LINES | OTHER,
    ("guardian",   "ward"):     (CONTENT | OTHER) - {"name", "doctor"},
    ("prescriber", "one"):      CONTENT,
    ("prescriber", "versions"): CONTENT,
    ("prescriber", "list"):     LINES | OTHER,
    ("pharmacist", "scan"):     CONTENT,
    ("pharmacist", "labels"):   {"name", *LINES},
    ("courier",    "parcels"):  {"recipient", "street"},
})

GRANTED: Mapping[tuple[str, Purpose], set[str]] = MappingProxyType({
    ("doctor elsewhere", Purpose.TREATMENT):         HISTORY,
    ("other pharmacy",   Purpose.MEDICATION_REVIEW): HISTORY - {"diagnosis", "diagnosis's name",
                                                                "hospital"},
    ("officer",          Purpose.CLAIM):             {"diagnosis", "paid line", "prescription"},
    ("fund's officer",   Purpose.CLAIM):             {"diagnosis", "paid line", "prescription"},
    ("officer",          Purpose.UNDERWRITING):      {"diagnosis"},
    ("researcher",       Purpose.RESEARCH):          {"diagnosis", "paid line", "unpaid line",
                                                      "other line"},
})
# fmt: on

BY_NUMBER = {Purpose.TREATMENT, Purpose.MEDICATION_REVIEW}
"""Whose readers have the patient before them; all others know a grant and no number."""

# fmt: off
IN_AN_EMERGENCY: Mapping[tuple[str, str], set[str]] = MappingProxyType({
    ("doctor elsewhere", "open"): HISTORY,
})

OF_FIELDS: Mapping[str, set[str]] = MappingProxyType({
    "allergies":   {"allergies"},
    "diagnosis/":  {"diagnosis", "diagnosis's name"},
    "dispensing/": {"pharmacy"},
    "hospital/":   {"hospital"},
    "line/":       LINES | OTHER,
})
"""What each field of a grant opens at most."""
# fmt: on

CALLS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "one": ("GET", "/api/prescriptions/{rx}"),
        "fields": ("GET", "/api/prescriptions/{rx}/fields"),
        "versions": ("GET", "/api/prescriptions/{rx}/versions"),
        "consultation": ("GET", "/api/prescriptions/{rx}/consultation"),
        "countersign": ("GET", "/api/prescriptions/{rx}/countersign"),
        "scan": ("GET", "/api/scans/{scan}"),
        "labels": ("GET", "/api/scans/{scan}/labels"),
        "double check": ("GET", "/api/prescriptions/{rx}/double-check/{scan}"),
        "list": ("GET", "/api/prescriptions"),
        "parcels": ("GET", "/api/parcels"),
        "register": ("GET", "/api/register"),
        "requests": ("GET", "/api/change-requests"),
        "emergencies": ("GET", "/api/emergencies"),
        "pleas": ("GET", "/api/break-glass"),
        "grants": ("GET", "/api/grants"),
        "claims": ("GET", "/api/claims"),
        "unsettled": ("GET", "/api/claims/unsettled"),
        "looks": ("GET", "/api/me/looks"),
        "entries": ("GET", "/api/entries?subject=rx/{rx_hex}"),
        "history": ("POST", ASKED),
        "ward": ("POST", "/api/guardianships/{guardianship}/history"),
    }
)
"""By which parties, and all others, try to see something."""
