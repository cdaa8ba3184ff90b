"""What patients have granted to the caller, over HTTP."""

from __future__ import annotations

from typing import Any

from hospital import access, http, paging, queries
from hospital.consents import READERS
from hospital.models import Grant
from hospital.units import stamp


class Granted(http.Query):
    """
    Grants in force under which the caller may look, newest first, by a pseudonym for each patient.

    The pseudonym is the same for all readers of the caller's organisation and says nothing
    elsewhere. No view is recorded: nothing of a record is opened.
    """

    roles = READERS
    query = {"cursor": "next of the page before", "size": "1 to 50; 20 if left out"}

    def show(self, call: http.Call) -> dict[str, Any]:
        wanted = paging.Wanted.asked(self.request.query_params)
        page, following = queries.grants_to(call.by, wanted, at=call.at)
        return {
            "grants": [_shown(one) for one in page],
            "next": str(following) if following else None,
        }


def _shown(grant: Grant) -> dict[str, Any]:
    person = grant.patient.person
    assert person is not None, "a key that signs is a known person's"
    return {
        "id": str(grant.id),
        "subject": grant.subject,
        "patient": access.pseudonym(person, grant.organisation.slug),
        "account": str(grant.account_id) if grant.account_id else None,
        "purpose": grant.purpose,
        "opens": grant.fields,
        "since": stamp(grant.since),
        "until": stamp(grant.until),
    }
