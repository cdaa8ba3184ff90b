"""The queue of a hospital's reviewing pharmacists: its figures, the next one, giving it back."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from hospital import http
from hospital.roles import Role
from hospital.units import stamp
from prescriptions import queries_queue
from prescriptions.actions import leasing


class Queue(http.Query):
    """How many prescriptions of the hospital wait for review, and how many of them too long."""

    roles = (Role.REVIEWER,)

    def show(self, call: http.Call) -> dict[str, Any]:
        found = queries_queue.figures(call.by.organisation_id, call.at)
        return {
            "waiting": found.waiting,
            "in_hand": found.in_hand,
            "overdue": found.overdue,
            "oldest_since": stamp(found.oldest_since) if found.oldest_since else None,
            "timeout_min": settings.REVIEW_TIMEOUT_MIN,
        }


class Next(http.Command):
    """
    Take the prescription that has waited longest; until ``lease_until`` nobody else reviews it.

    What it says is read at its own address, where the look is recorded, and below that the
    consultation of which it came, if it is ``consulted``. An issue of a long-term prescription
    stands for all: read and review them together.
    """

    roles = (Role.REVIEWER,)

    def act(self, call: http.Call) -> dict[str, Any]:
        taken = leasing.take(**call.doer)
        assert taken.lease_until is not None, "it was leased just now"
        assert taken.awaits_since is not None, "only what waits is leased"
        return {
            "id": str(taken.id),
            "status": taken.status,
            "series": str(taken.series) if taken.series else None,
            "consulted": taken.consultation_id is not None,
            "awaits_since": stamp(taken.awaits_since),
            "overdue": queries_queue.is_overdue(taken, call.at),
            "lease_until": stamp(taken.lease_until),
        }


class Release(http.Command):
    """Give back what was taken and not reviewed; it keeps its place in the queue."""

    roles = (Role.REVIEWER,)

    def act(self, call: http.Call) -> dict[str, Any]:
        given = leasing.give_back(call.prescription_id, **call.doer)
        return {"id": str(given.id), "status": given.status}
