"""
The one JSON of a copy's bundles: decimals as they are written, no member twice. Pure.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from hospital.fhir import Resource
from ledger.note import Malformed

_NUMBER = re.compile(r'"\\u0000(-?[0-9.]+)"')
_TOP = {"resourceType", "type", "timestamp", "link", "entry"}


def parsed(data: bytes) -> list[Resource]:
    """The entries of a bundle. Raises ``Malformed``: it is none of this kind."""
    try:
        bundle = json.loads(data, parse_float=_decimal, object_pairs_hook=_no_twins)
        entries = bundle["entry"]
        right = (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
        right = right and set(bundle) <= _TOP and all(_is_entry(each) for each in entries)
        names = [each["fullUrl"] for each in entries]
        right = right and len(set(names)) == len(names)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Malformed("not a bundle of FHIR resources") from error
    if not right:
        raise Malformed("not a bundle of this kind")
    return list(entries)


def is_same(found: Any, made: Resource) -> bool:
    """Whether what was found is what was made, to the last byte."""
    try:
        return encoded(found) == encoded(made)
    except RecursionError:  # nothing that we make is nested so deeply
        return False


def encoded(value: Any) -> str:
    """The one encoding of a value; a decimal goes through a text that no patient can write."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=lambda one: f"\0{one:f}")
    return _NUMBER.sub(r"\1", text)


def _decimal(text: str) -> Decimal:
    """No exponents: written out, one of nine digits would fill the memory."""
    if "e" in text.lower():
        raise ValueError("a number with an exponent")
    return Decimal(text)


def _no_twins(pairs: list[tuple[str, Any]]) -> Resource:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a member stands twice in one object")
    return fields


def _is_entry(value: Any) -> bool:
    return isinstance(value["resource"], dict) and isinstance(value["fullUrl"], str)
