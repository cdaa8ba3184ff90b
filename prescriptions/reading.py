"""
Take values out of a line of JSON that nobody has checked, and note everything that is wrong.

``Node`` wraps one JSON object. Each of its methods takes one field; if the field is not as it
should be, the method notes a ``Problem`` and returns a stand-in ("" or None), so that the reading
goes on and finds the rest. Nothing here raises, whatever the input.

Pure: no Django, no clock.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

from hospital.units import SHANGHAI

LINE_MAX_CHARS = 256 * 1024
LIST_MAX = 100
WHOLE_MAX = 10**12
DECIMALS_MAX = 4
YEAR_MIN, YEAR_MAX = 2000, 2099

_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?", re.ASCII)
_MOMENT = re.compile(r"([0-9]{4})(-[0-9]{2}){2} [0-9]{2}(:[0-9]{2}){2}", re.ASCII)

Choice = TypeVar("Choice")


class Fault(StrEnum):
    """The kinds of problem."""

    TOO_LONG = "too_long"
    NOT_JSON = "not_json"
    MISSING = "missing"
    WRONG_TYPE = "wrong_type"
    BAD_FORMAT = "bad_format"
    OUT_OF_RANGE = "out_of_range"
    UNKNOWN = "unknown"
    MISMATCH = "mismatch"


@dataclass(frozen=True, slots=True)
class Problem:
    """
    What is wrong with one field of one line.

    ``field`` is a path such as ``rxdrugdetail[0].medListCodg``, "" for the line itself. The reason
    is English and never repeats the value, which may be a person's.
    """

    line_number: int
    field: str
    code: Fault
    reason: str


class Problems:
    """The problems of one line, in the order in which they were met."""

    def __init__(self, line_number: int) -> None:
        self.line_number = line_number
        self.found: list[Problem] = []

    def note(self, field: str, code: Fault, reason: str) -> None:
        self.found.append(Problem(self.line_number, field, code, reason))


def parse(line: str, problems: Problems) -> "Node | None":
    """This function will return the line's one JSON object, or note why there is none."""
    if len(line) > LINE_MAX_CHARS:
        problems.note("", Fault.TOO_LONG, f"the line is longer than {LINE_MAX_CHARS} characters")
        return None
    try:
        value = json.loads(
            line, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_no_twins
        )
    except RecursionError:
        problems.note("", Fault.NOT_JSON, "the line is nested too deeply")
        return None
    except (ValueError, ArithmeticError) as error:
        problems.note("", Fault.NOT_JSON, f"the line is not JSON ({type(error).__name__})")
        return None
    if not isinstance(value, dict):
        problems.note("", Fault.WRONG_TYPE, "the line is not a JSON object")
        return None
    return Node(value, "", problems)


class Node:
    """One JSON object, its path, and where its problems are noted."""

    def __init__(self, fields: Mapping[str, Any], path: str, problems: Problems) -> None:
        self._fields = fields
        self._path = path
        self._problems = problems

    def wrong(self, key: str, code: Fault, reason: str) -> None:
        """Note a problem of a field that only the caller could see."""
        self._problems.note(self._at(key), code, reason)

    def text(self, key: str, most: int, *, required: bool = True) -> str:
        """A text of at most ``most`` characters, without outer blanks; "" if absent or wrong."""
        value = self._take(key, required)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.wrong(key, Fault.WRONG_TYPE, "is not a text")
            return ""
        return self._clean(key, value, most)

    def choice(
        self, key: str, meanings: Mapping[str, Choice], *, default: Choice, required: bool = True
    ) -> Choice:
        """What a code means; ``default`` if absent or wrong."""
        code = self.text(key, 64, required=required)
        if code and code not in meanings:
            self.wrong(key, Fault.UNKNOWN, f"is none of {', '.join(meanings)}")
        return meanings.get(code, default)

    def flag(self, key: str) -> bool:
        """ "1" for yes; "0" or absent for no."""
        return self.choice(key, {"0": False, "1": True}, default=False, required=False)

    def number(
        self, key: str, least: Decimal, most: Decimal, *, required: bool = True
    ) -> Decimal | None:
        """A number, or a text that is one, within bounds and with at most four decimals."""
        value = self._take(key, required)
        if value is None:
            return None
        number = _as_number(value)
        if number is None:
            self.wrong(key, Fault.WRONG_TYPE, "is not a number")
        elif not least <= number <= most:
            self.wrong(key, Fault.OUT_OF_RANGE, f"is not between {least} and {most}")
        elif -int(number.as_tuple().exponent) > DECIMALS_MAX:
            self.wrong(key, Fault.BAD_FORMAT, f"has more than {DECIMALS_MAX} decimals")
        else:
            return number
        return None

    def whole(self, key: str, least: int, most: int, *, required: bool = True) -> int | None:
        """A whole number within bounds; 3, "3" and "3.00" are the same."""
        number = self.number(key, Decimal(least), Decimal(most), required=required)
        if number is not None and number != int(number):
            self.wrong(key, Fault.BAD_FORMAT, "is not a whole number")
            return None
        return None if number is None else int(number)

    def moment(self, key: str) -> datetime | None:
        """``yyyy-MM-dd HH:mm:ss`` of Asia/Shanghai, in this century, as an aware moment."""
        text = self.text(key, 64)
        match = _MOMENT.fullmatch(text)
        if match is None:
            if text:
                self.wrong(key, Fault.BAD_FORMAT, "is not yyyy-MM-dd HH:mm:ss")
            return None
        if not YEAR_MIN <= int(match[1]) <= YEAR_MAX:
            self.wrong(key, Fault.OUT_OF_RANGE, f"is not between {YEAR_MIN} and {YEAR_MAX}")
            return None
        try:
            return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
        except ValueError:
            self.wrong(key, Fault.BAD_FORMAT, "is no moment of the calendar")
            return None

    def node(self, key: str, *, required: bool = True) -> "Node":
        """The object in a field; an absent or wrong one reads as empty, without more problems."""
        value = self._take(key, required)
        if isinstance(value, dict):
            return Node(value, self._at(key), self._problems)
        if value is not None:
            self.wrong(key, Fault.WRONG_TYPE, "is not an object")
        return Node({}, self._at(key), Problems(0))

    def nodes(self, key: str) -> tuple["Node", ...]:
        """The objects of a list."""
        values = self._list(key, required=True)
        for index, value in enumerate(values):
            if not isinstance(value, dict):
                self.wrong(f"{key}[{index}]", Fault.WRONG_TYPE, "is not an object")
        return tuple(
            Node(value, self._at(f"{key}[{index}]"), self._problems)
            for index, value in enumerate(values)
            if isinstance(value, dict)
        )

    def texts(self, key: str, most: int, *, default: tuple[str, ...]) -> tuple[str, ...]:
        """The texts of a list; ``default`` if there is no list."""
        if self._fields.get(key) is None:
            return default
        values = self._list(key, required=False)
        for index, value in enumerate(values):
            if not isinstance(value, str):
                self.wrong(f"{key}[{index}]", Fault.WRONG_TYPE, "is not a text")
        return tuple(self._clean(key, value, most) for value in values if isinstance(value, str))

    def yes(self, key: str) -> bool:
        """A JSON true; absent is no."""
        value = self._take(key, required=False)
        if value is not None and not isinstance(value, bool):
            self.wrong(key, Fault.WRONG_TYPE, "is neither true nor false")
        return value is True

    def _at(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def _take(self, key: str, required: bool) -> Any:
        value = self._fields.get(key)
        if required and value in (None, ""):
            self.wrong(key, Fault.MISSING, "is missing")
        return None if value == "" else value

    def _list(self, key: str, *, required: bool) -> list[Any]:
        value = self._take(key, required)
        if not isinstance(value, list):
            if value is not None:
                self.wrong(key, Fault.WRONG_TYPE, "is not a list")
            return []
        if len(value) > LIST_MAX:
            self.wrong(key, Fault.OUT_OF_RANGE, f"has more than {LIST_MAX} members")
        return value[:LIST_MAX]

    def _clean(self, key: str, value: str, most: int) -> str:
        text = value.strip()
        if len(text) > most:
            self.wrong(key, Fault.OUT_OF_RANGE, f"is longer than {most} characters")
        elif any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in text):
            self.wrong(key, Fault.BAD_FORMAT, "holds control characters")
        else:
            return text
        return ""


def _as_number(value: object) -> Decimal | None:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return Decimal(value.strip())
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(max(-WHOLE_MAX, min(value, WHOLE_MAX)))
    return value if isinstance(value, Decimal) else None


def _no_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field stands twice in one object")
    return fields
