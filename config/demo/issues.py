"""A long-term prescription in several issues: of the others, the demo tries the next one."""

from __future__ import annotations

from hospital.client import Client, Problem

TOGETHER = ("issue", "review")
"""What is signed for all issues in one call."""


class OpenTooEarly(Exception):
    """The next issue could be fetched on the day of the first one."""


def next_one(patient: Client, series: str, pharmacy: str) -> str:
    """Try to fetch the second issue today; says when it opens. Raises ``OpenTooEarly``."""
    second = patient.get(f"/api/series/{series}")["prescriptions"][1]
    choice = {"pharmacy": pharmacy, "way": "collect", "key": patient.key_name}
    try:
        patient.post(f"/api/prescriptions/{second['id']}/authorize/statement", choice)
    except Problem as problem:
        if problem.code != "prescription.too_early":
            raise
        number, all_of_them = second["issue"]["number"], second["issue"]["of"]
        return f"issue {number} of {all_of_them} opens {problem.body['opens_at']}"
    raise OpenTooEarly(series)
