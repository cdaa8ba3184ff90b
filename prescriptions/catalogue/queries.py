"""Medicines found by what somebody types; nothing here writes."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, IntegerField, Min, Q, QuerySet, Value, When

from hospital import errors
from prescriptions.catalogue import terms
from prescriptions.catalogue.models import Term
from prescriptions.catalogue.reading import APPROVED
from prescriptions.models import Medicine

_CODE = re.compile("[A-Z][A-Z0-9]{9,39}")


class BadCursor(errors.Invalid):
    """This is not a cursor that an earlier page of medicines gave."""

    code = "medicines.bad_cursor"


@dataclass(frozen=True, slots=True)
class After:
    """The last medicine of a page: rank and name under which it was found, and its code."""

    rank: int
    generic_name: str
    code: str

    def __str__(self) -> str:
        packed = json.dumps([self.rank, self.generic_name, self.code]).encode()
        return base64.urlsafe_b64encode(packed).decode()

    @classmethod
    def parse(cls, text: str) -> After:
        """Raises ``BadCursor``."""
        try:
            packed = json.loads(base64.b64decode(text.encode("ascii"), b"-_", validate=True))
        except (binascii.Error, ValueError, RecursionError) as fault:
            raise BadCursor(field="cursor") from fault
        match packed:
            case [0 | 1 as rank, str(name), str(code)] if "\x00" not in name + code:
                return cls(int(rank), name, code)
        raise BadCursor(field="cursor")


def found(text: str, *, after: After | None, size: int) -> tuple[list[Medicine], After | None]:
    """
    A page of the medicines that ``text`` finds, and where the next begins; empty text finds all.

    It is the beginning of a name, of an end of a name, of their pinyin or initials; or that of a
    code, ten characters at least; or a whole approval number. At most two queries, whose cost is
    that of the names on the page and of the names that the text begins.
    """
    text = text.strip()
    if not text:
        return _page(_by_number(Q(), after), size)
    if _CODE.fullmatch(text):
        return _page(_by_number(Q(code__startswith=text), after), size)
    if APPROVED.fullmatch(text):
        return _page(_by_number(Q(approval_number=text), after), size)
    asked = terms.asked(text)
    return _page(_by_name(asked, after, size), size) if asked else ([], None)


def _by_number(which: Q, after: After | None) -> QuerySet[Medicine]:
    behind = Q(code__gt=after.code) if after else Q()
    return Medicine.objects.filter(which, behind).annotate(rank=Value(0)).order_by("code")


def _by_name(asked: str, after: After | None, size: int) -> QuerySet[Medicine]:
    names = _names(asked, after, size + 1)
    ranks = [When(generic_name=name, then=Value(rank)) for name, rank in names]
    behind = Q(generic_name=after.generic_name, code__lte=after.code) if after else Q(pk__in=[])
    return (
        Medicine.objects.filter(generic_name__in=[name for name, _ in names])
        .exclude(behind)
        .annotate(rank=Case(*ranks, default=Value(1), output_field=IntegerField()))
        .order_by("rank", "generic_name", "code")
    )


def _names(asked: str, after: After | None, most: int) -> list[tuple[str, int]]:
    """
    Up to ``most`` names with their ranks, from that of ``after`` on.

    Each has a medicine at least, so they fill a page of as many.
    """
    rows = Term.objects.filter(term__startswith=asked).values("generic_name")
    ranked = rows.annotate(best=Min("rank")).order_by("best", "generic_name")
    if after is not None:
        ranked = ranked.filter(
            Q(best__gt=after.rank) | Q(best=after.rank, generic_name__gte=after.generic_name)
        )
    return [(one["generic_name"], one["best"]) for one in ranked[:most]]


def _page(rows: QuerySet[Medicine], size: int) -> tuple[list[Medicine], After | None]:
    medicines: list[Any] = list(rows[: size + 1])
    page, last = medicines[:size], medicines[size - 1 : size]
    if len(medicines) <= size:
        return page, None
    return page, After(last[0].rank, last[0].generic_name, last[0].code)
