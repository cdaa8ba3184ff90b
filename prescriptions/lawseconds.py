"""What is lawful where a second person signs: conditions of the law (Order 53, art. 9, 12, 34)."""

from __future__ import annotations

from hospital.law import condition, is_
from prescriptions import rules
from prescriptions.facts import TWO_PHARMACISTS, TWO_REVIEWERS, Form

_WARNED = {"sorted": ["facts.warnings"]}
_AND_WAITS = {"sorted": ["facts.warnings", is_(rules.COUNTERSIGNATURE)]}
SIGNED_ALONE = condition(
    "countersignature",
    "no warning says that it counts only when countersigned",
    "differ",
    _WARNED,
    _AND_WAITS,
)
TO_COUNTERSIGN = condition(
    "countersignature",
    "a warning says that it counts only when countersigned",
    "equal",
    _WARNED,
    _AND_WAITS,
)
BY_ONE = condition(
    "two_reviewers",
    "one reviewer is enough for what is written on this form",
    "one_of",
    ["kept.form"],
    [[form.value] for form in Form if form not in TWO_REVIEWERS],
)
BY_TWO = condition(
    "two_reviewers",
    "what is written on this form takes two reviewers",
    "one_of",
    ["kept.form"],
    [[form.value] for form in TWO_REVIEWERS],
)
BY_ANOTHER = condition(
    "two_reviewers",
    "who confirms is not the person who checked",
    "differ",
    "signer.person",
    "kept.checker",
)
AT_THE_COUNTER = condition(
    "double_check",
    "what is written on this form takes two pharmacists",
    "one_of",
    ["kept.form"],
    [[form.value] for form in TWO_PHARMACISTS],
)
_BY_ONE_PHARMACIST = [
    "one_of",
    ["kept.form"],
    [[form.value] for form in Form if form not in TWO_PHARMACISTS],
]
GIVEN_WHOLE = condition(
    "whole_only", "what takes two pharmacists is given out whole or not at all", *_BY_ONE_PHARMACIST
)
"""What holds for giving out a part, and for giving out something else instead."""
DOUBLE_CHECKED = [
    condition("double_check", words, "any", _BY_ONE_PHARMACIST, check)
    for words, check in (
        (
            "another person has checked it, where its form takes two pharmacists",
            ["differ", "signer.person", "kept.double_checker"],
        ),
        (
            "these are the lots that were checked",
            ["equal", "facts.lots", "kept.checked_lots"],
        ),
        (
            "this is the scan for which it was checked",
            ["equal", "facts.scan", "kept.checked_scan"],
        ),
    )
]
"""
What holds for giving out; what was never checked has no person who did. Its lines are those that
were checked, since both are all that is left.
"""
BY_LOTS = [
    condition(
        "no_lots",
        "it names lots, exactly when its form takes two pharmacists",
        "any",
        ["all", _BY_ONE_PHARMACIST, ["lacks", "facts", is_("lots")]],
        [
            "all",
            ["one_of", ["kept.form"], [[form.value] for form in TWO_PHARMACISTS]],
            ["has", "facts", is_("lots")],
        ],
    ),
    condition(
        "wrong_lots",
        "its lots hold together what its lines do",
        "any",
        ["lacks", "facts", is_("lots")],
        ["equal", {"sum": ["facts.lots"]}, {"sum": ["facts.lines"]}],
    ),
]
"""Of what is given out or checked: batches of narcotics stand in ledgers of their own."""
NOT_THE_COUNTERSIGNER = condition(
    "four_eyes",
    "who signs is not the person who countersigned it",
    "any",
    ["lacks", "kept", is_("countersigner")],
    ["differ", "signer.person", "kept.countersigner"],
)
