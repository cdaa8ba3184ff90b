"""What holds of the counted reviews at a quiet moment: they are the decisions of the entries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ledger.entry import Statement
from prescriptions.reviews import Review


def faults(ways: Mapping[str, Sequence[Statement]]) -> Iterator[str]:
    """One row for each entry ``prescription.review``, and it says the same."""
    signed = Counter(
        (subject, one.facts["move"], one.facts["reason"])
        for subject, way in ways.items()
        for one in way
        if one.kind == "prescription.review"
    )
    stored = Counter(
        (one.prescription.subject, one.move, one.reason)
        for one in Review.objects.select_related("prescription")
    )
    for subject, move, reason in (signed - stored) + (stored - signed):
        yield f"{subject}: {move} ({reason}) is counted {stored[subject, move, reason]} times"
