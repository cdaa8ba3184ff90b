"""The catalogue over HTTP: what a doctor or a pharmacist types, and the medicines that it finds."""

from __future__ import annotations

from typing import Any

from hospital import http, paging
from prescriptions.catalogue import queries

SHOWN = (
    *("code", "generic_name", "form", "specification", "unit", "pack_size", "pack_unit"),
    *("strength", "strength_unit", "route", "route_name", "frequency"),
    *("manufacturer", "approval_number", "atc", "insurance_class", "control", "otc", "price_fen"),
)


class Medicines(http.Query):
    """Medicines by name, pinyin, initials, code or approval number: ``?q=阿莫``, ``?q=amxl``."""

    query = {
        "q": "the beginning of a name or of an end of it, of their pinyin, initials, or a number",
        "cursor": "next of the page before",
        "size": "1 to 50; 20 if left out",
    }

    def show(self, call: http.Call) -> dict[str, Any]:
        asked = self.request.query_params
        text = asked.get("q", "").replace("\x00", "")
        cursor = asked.get("cursor")
        page, following = queries.found(
            text,
            after=queries.After.parse(cursor) if cursor else None,
            size=paging.size_of(asked),
        )
        return {
            "medicines": [{name: getattr(one, name) for name in SHOWN} for one in page],
            "next": str(following) if following else None,
        }
