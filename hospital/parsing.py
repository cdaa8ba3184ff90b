"""One strict reading of a JSON body, so that no two readers find two meanings in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser

from hospital import errors

MAX_DEPTH = 20


class NotJSON(errors.Invalid):
    """The body is not a JSON object that this interface takes."""

    code = "body.not_json"


class StrictJSONParser(BaseParser):
    """JSON objects only: no NaN, no duplicate names, no lone surrogates, bounded depth."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        return parse_object(stream.read())


def parse_object(body: bytes) -> dict[str, Any]:
    """Raises ``NotJSON`` for anything but one strict JSON object."""
    try:
        text = body.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constants)
        json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate fails here
    except (ValueError, RecursionError) as fault:
        raise NotJSON(reason=type(fault).__name__) from fault
    if not isinstance(value, dict):
        raise NotJSON(reason="not an object")
    if _deeper_than(value, MAX_DEPTH):
        raise NotJSON(reason=f"nested deeper than {MAX_DEPTH}")
    return value


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("duplicate name")
    return value


def _no_constants(name: str) -> None:
    raise ValueError(name)


def _deeper_than(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    if levels == 0:
        return True
    children = value.values() if isinstance(value, dict) else value
    return any(_deeper_than(child, levels - 1) for child in children)
