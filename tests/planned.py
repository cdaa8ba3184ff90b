"""What holds of long-term prescriptions in a stored world at every quiet moment."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from prescriptions.models import Prescription, Status

LONGEST = timedelta(days=84)


def faults() -> Iterator[str]:
    """Each is complete, of one patient and doctor, and its issues open one after the other."""
    series: dict[UUID, list[Prescription]] = defaultdict(list)
    issued = Prescription.objects.filter(series__isnull=False, remainder_of=None)
    issued = issued.exclude(status=Status.DRAFT)
    for one in issued.order_by("series", "issue_number"):
        assert one.series is not None
        series[one.series].append(one)
    for name, issues in series.items():
        yield from (f"series {name}: {fault}" for fault in _of(issues))


def _of(issues: list[Prescription]) -> Iterator[str]:
    first, last = issues[0], issues[-1]
    if [one.issue_number for one in issues] != list(range(1, (first.issues or 0) + 1)):
        yield "an issue is missing"
    if len({(one.patient_id, one.doctor_id, one.issues, one.interval_days) for one in issues}) > 1:
        yield "its issues are of several plans"
    if len({one.record_id for one in issues}) < len(issues):
        yield "two issues have one record"
    for one, following in itertools.pairwise(issues):
        assert following.opens_at is not None
        if following.opens_at < one.valid_until:
            yield f"issue {following.issue_number} opens before the one before it ends"
    if last.valid_until > first.created_at + LONGEST:
        yield "it lasts longer than twelve weeks"
