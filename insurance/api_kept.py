"""What the law keeps for the regulator, over HTTP."""

from __future__ import annotations

from typing import Any

from hospital import http, paging
from hospital.consultations import api, api_messages
from hospital.roles import Role
from hospital.units import stamp
from insurance import kept
from insurance.actions import overseeing


def named(found: kept.Found) -> dict[str, Any]:
    """What a record is, without a word of it."""
    until = found.record.kept_until
    return {
        "record": str(found.record.id),
        "kind": found.kind,
        "of": found.subject,
        "kept_until": stamp(until) if until else None,
    }


def shown(read: overseeing.Read) -> dict[str, Any]:
    """A record as the regulator gets it."""
    return {
        **named(read.found),
        "erased": read.fields is None,
        "fields": read.fields or {},
        "amendments": [one.shown() for one in read.amendments],
    }


class Kept(http.Query):
    """All that patients had erased and the law has kept, what is destroyed first before the rest.

    Ids, kinds and days; what the records say opens one by one or by subject.
    """

    roles = (Role.REGULATOR,)
    query = api.PAGES

    def show(self, call: http.Call) -> dict[str, Any]:
        wanted = paging.Wanted.asked(self.request.query_params)
        page, following = kept.page(wanted, at=call.at)
        return {
            "kept": [named(one) for one in page],
            "next": str(following) if following else None,
        }


class OfSubject(http.Query):
    """
    The kept records of one subject, pictures left out: ``?after=20&size=20``.

    Of a prescription (``rx``) the content, former and waiting contents and what pharmacists asked;
    of a ``consultation`` the question and the messages; of an ``emergency`` the reason; of a
    ``guardianship`` the evidence; of a ``correction`` what was asked, answered and appealed.
    """

    roles = (Role.REGULATOR,)
    records_refusals = True
    query = {"after": "how many were on the pages before", "size": api.PAGES["size"]}

    def show(self, call: http.Call) -> dict[str, Any]:
        after, size = api_messages.asked(self.request.query_params)
        subject = kept.id_of(call.where["subject_id"])
        page, more = overseeing.view_subject(
            call.where["family"], subject, after, size, **call.doer
        )
        return {
            "records": [shown(one) for one in page],
            "next": after + len(page) if more else None,
        }


class KeptRecord(http.Query):
    """One kept record in full, its picture with it; the look is recorded first."""

    roles = (Role.REGULATOR,)
    records_refusals = True

    def show(self, call: http.Call) -> dict[str, Any]:
        return shown(overseeing.view(call.where["record_id"], **call.doer))
