"""
The types of facts in a law. Each is turned into a function once, when the law is read.

``text`` (not empty), ``word`` (may be empty), ``flag``, ``fen`` (an integer from 0), ``count``
(from 1), ``moment`` (UTC, to the microsecond, ``Z``), ``hex32``, ``hex64``, ``none`` (the empty
text), ``words`` (an array of words), ``family/type`` (a subject of this family, named by the type);
an object is a type with these members.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

_HEX = re.compile("[0-9a-f]*")


class BadLaw(ValueError):
    """This is no law that the engine can obey."""


def _is_text(value: Any) -> bool:
    return type(value) is str and value != ""


def _is_hex(length: int) -> Callable[[Any], bool]:
    return lambda value: (
        type(value) is str and len(value) == length and _HEX.fullmatch(value) is not None
    )


def _is_moment(value: Any) -> bool:
    if type(value) is not str or len(value) != 27 or value[-1] != "Z":
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


_TYPES: dict[str, Callable[[Any], bool]] = {
    "text": _is_text,
    "word": lambda value: type(value) is str,
    "none": lambda value: value == "",
    "flag": lambda value: type(value) is bool,
    "fen": lambda value: type(value) is int and value >= 0,
    "count": lambda value: type(value) is int and value >= 1,
    "moment": _is_moment,
    "hex32": _is_hex(32),
    "hex64": _is_hex(64),
    "words": lambda value: type(value) is list and all(type(one) is str for one in value),
}


def type_of(data: Any) -> Callable[[Any], bool]:
    """Give the function that knows values of this type. Raises ``BadLaw``."""
    if isinstance(data, str) and "/" in data:
        cut = data.index("/") + 1
        known = type_of(data[cut:])
        return lambda value: _is_text(value) and value[:cut] == data[:cut] and known(value[cut:])
    if isinstance(data, str):
        if data not in _TYPES:
            raise BadLaw(f"no such type: {data!r}")
        return _TYPES[data]
    if not isinstance(data, dict):
        raise BadLaw(f"not a type: {data!r}")
    if "*" in data:
        if len(data) != 1:
            raise BadLaw("* stands alone")
        each = type_of(data["*"])
        return lambda value: type(value) is dict and all(map(each, value.values()))
    members = {name.removesuffix("?"): type_of(member) for name, member in data.items()}
    needed = {name for name in data if not name.endswith("?")}
    return lambda value: (
        type(value) is dict
        and needed <= value.keys() <= members.keys()
        and all(members[name](member) for name, member in value.items())
    )
