"""How a hospital's reviews went in a month, over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.conf import settings

from hospital import http, queries
from hospital.roles import OrganisationKind, Role
from prescriptions.appraisal import api, permissions, reviews


class Statistics(http.Query):
    """
    What a hospital's reviewers decided in a month, why, and how long it was waited for.

    For the hospital's reviewers and the regulator. ``rules`` are the warnings that the contents
    bore; times are whole seconds.
    """

    roles = (Role.REVIEWER, Role.REGULATOR)
    query = api.OF

    def show(self, call: http.Call) -> dict[str, Any]:
        asked = self.request.query_params
        slug = (asked.get("hospital") or call.by.organisation)[:100].replace("\x00", "")
        permissions.check_reader(slug, call.by)
        month = api.month_of(asked.get("month", ""))
        hospital = queries.organisation(slug, OrganisationKind.HOSPITAL, field="hospital")
        found = reviews.of(hospital, month)
        return {
            "hospital": hospital.slug,
            "month": str(month),
            "reviewed": found.reviewed,
            "approved": found.approved,
            "returned": found.returned,
            "checked": found.checked,
            "rules": {rule: asdict(one) for rule, one in found.rules.items()},
            "waited_median_s": _seconds(found.median),
            "waited_p95_s": _seconds(found.p95),
            "overdue": found.overdue,
            "timeout_min": settings.REVIEW_TIMEOUT_MIN,
        }


def _seconds(waited: timedelta | None) -> int | None:
    return None if waited is None else waited // timedelta(seconds=1)
