"""The patient's copy of everything, over HTTP."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from hospital import http, paging
from hospital.roles import Role
from hospital.units import stamp
from insurance import bundle
from insurance.actions import exporting

MEDIA_TYPE = "application/fhir+json"


class Export(http.Endpoint):
    """
    Everything about the caller as HL7 FHIR R4 bundles, each resource with the receipts that prove
    it; ``./rx export verify`` checks all pages without a network.

    It takes a session that a key has just opened. The look is recorded first, one entry a page. It
    is a GET, as all reads are that name nobody in the address; a repetition is another look.
    """

    roles = (Role.PATIENT,)
    query = {
        "cursor": "of the link to the next page",
        "size": "1 to 50 prescriptions, consultations, looks …; 20 if left out",
    }

    def get(self, request: Request) -> HttpResponse:
        asked, at = request.query_params, timezone.now()
        size = paging.Wanted.asked({"size": asked.get("size")}).size
        page, following = exporting.export(asked.get("cursor"), size, by=self.actor, at=at)
        link = f"{request.path}?cursor={following}&size={size}" if following else None
        data = bundle.written(page, at=stamp(at), following=link)
        answer = HttpResponse(data, content_type=f"{MEDIA_TYPE}; charset=utf-8")
        answer["Cache-Control"] = "no-store"
        return answer
