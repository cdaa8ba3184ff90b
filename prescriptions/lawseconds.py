"""What is lawful where a second person signs: conditions of the law (Order 53, art. 9, 12, 34)."""

from __future__ import annotations

from hospital.law import condition, is_
from prescriptions import rules
from prescriptions.facts import TWO_REVIEWERS, Form

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
NOT_THE_COUNTERSIGNER = condition(
    "four_eyes",
    "who signs is not the person who countersigned it",
    "any",
    ["lacks", "kept", is_("countersigner")],
    ["differ", "signer.person", "kept.countersigner"],
)
