"""What is lawful for an issue of a long-term prescription: conditions of the law."""

from __future__ import annotations

from hospital import signing
from hospital.law import condition, is_
from prescriptions import plan
from prescriptions.rules.prescribing import DAYS_LONG_TERM_MAX

_DAY_S = 24 * 60 * 60
_LONGEST_OPEN_S = plan.INTERVAL_MAX_DAYS * _DAY_S
_LONGEST_S = DAYS_LONG_TERM_MAX * _DAY_S + int(signing.FRESH.total_seconds())
"""The windows begin with the day of the call, which may be later than the statement is dated."""
_PLACE = ("series", "issue", "issues", "opens_at")
_ALONE = ["all", *(["lacks", "facts", is_(name)] for name in _PLACE)]
PLACE_IN_SERIES = condition(
    "wrong_series",
    "it names its place in a long-term prescription of at most four issues, or no part of it",
    "any",
    _ALONE,
    [
        "all",
        *(["has", "facts", is_(name)] for name in _PLACE),
        ["at_most", "facts.issue", "facts.issues"],
        ["less", is_(1), "facts.issues"],
        ["at_most", "facts.issues", is_(plan.ISSUES_MAX)],
    ],
)
WINDOW_IN_SERIES = condition(
    "wrong_window",
    "an issue is open for at most 28 days, and ends within 84 days of signing, to ten minutes",
    "any",
    _ALONE,
    [
        "all",
        ["less", "facts.opens_at", "facts.valid_until"],
        ["not_before", {"later": ["facts.opens_at", is_(_LONGEST_OPEN_S)]}, "facts.valid_until"],
        ["not_before", {"later": ["entry.at", is_(_LONGEST_S)]}, "facts.valid_until"],
    ],
)
OPENED = condition(
    "too_early",
    "an issue of a long-term prescription has opened",
    "any",
    ["lacks", "kept", is_("opens_at")],
    ["not_before", "entry.at", "kept.opens_at"],
)
"""What holds for choosing a pharmacy."""
