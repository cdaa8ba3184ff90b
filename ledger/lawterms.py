"""
The words of a law: terms and checks. Each is turned into a function once, when the law is read.

Terms: a path, or an object with one member:
    {"is": value}                  the value itself
    {"count": x}  {"keys": x}      how many members; the members' names, sorted
    {"of": [map, key]}             the member of this name
    {"column": [map, name]}        of every member, its member of this name
    {"sum": [x, …]}                of integers, and of all integers in maps and arrays
    {"sorted": [x, …]}             texts and arrays of texts as one sorted array; none twice
    {"minus": [map, map]}          per member, the difference
    {"plus": [map, map]}           per member of both, the sum; a map that is missing is empty
    {"with": [map, key, value]}  {"without": [map, key]}
    {"key_name": x}                the name of a verifier key
    {"subject": [family, name]}    the subject of this family and name
    {"later": [x, seconds]}        the moment so many seconds after x
    {"day_end": [x, days, seconds]}  24:00 of the day so many days from that of x, which is day 1,
                                   in a place so many seconds east of UTC

Checks: ["equal", x, y]  ["differ", x, y]  ["at_most", x, y]  ["less", x, y]
    ["each_at_most", map, map]     every member of the first is in the second and not above it
    ["has", map, key]  ["lacks", map, key]   whether the map has a member of this name
    ["ordered", array]             sorted, none twice
    ["before", x, y]               a moment: x is before y, by clocks that may differ by the skew
    ["not_before", x, y]           a moment: x is not before y
    ["one_of", [x, …], [[value, …], …]]   the terms together are one of the rows
    ["each", map, check]           the check holds for every member, called ``each``
    ["any", check, …]  ["all", check, …]
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Any

from ledger.entry import Statement
from ledger.lawtypes import BadLaw


class Unlawful(ValueError):
    """The entry breaks the law; ``rule`` is the stable code of what it breaks."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(text)
        self.rule, self.text = f"law.{rule}", text


class Scope:
    """What the terms of one judgment speak about."""

    __slots__ = ("each", "entry", "facts", "kept", "other", "signer", "state")

    def __init__(
        self,
        statement: Statement,
        state: str,
        kept: Mapping[str, Any],
        signer: Mapping[str, str],
    ) -> None:
        self.entry, self.facts = statement, statement.facts
        self.state, self.kept, self.signer = state, kept, signer
        self.each: Any = None
        self.other: Mapping[str, Any] = {}


# What Python raises where a law is applied to values for which it was not made.
UNFIT = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)

Term = Callable[[Scope], Any]
Check = Callable[[Scope], bool]

_MAPS = ("facts", "kept", "signer", "other", "each")


def of_entry(statement: Statement, field: str) -> Any:
    """A part of the entry itself: patient, at, name (its subject after the slash), commitment."""
    if field == "name":
        return statement.subject.partition("/")[2]
    if field == "commitment":
        return statement.commitment.hex()
    return getattr(statement, field)


# --- terms --------------------------------------------------------------------------------------


def _sum(*values: Any) -> int:
    total = 0
    for value in values:
        if isinstance(value, int):
            total += value
        else:
            total += _sum(*(value.values() if isinstance(value, dict) else value))
    return total


def _sorted(*values: Any) -> list[str]:
    found: set[str] = set()
    for value in values:
        found.update([value] if isinstance(value, str) else value or ())
    return sorted(found)


def _minus(whole: Mapping[str, int], part: Mapping[str, int]) -> dict[str, int]:
    return {name: amount - part.get(name, 0) for name, amount in whole.items()}


def _plus(one: Mapping[str, int] | None, other: Mapping[str, int] | None) -> dict[str, int]:
    first, second = one or {}, other or {}
    names = sorted(first.keys() | second.keys())
    return {name: first.get(name, 0) + second.get(name, 0) for name in names}


def _day_end(moment: Any, days: int, seconds: int) -> str:
    there = _moment(moment).astimezone(timezone(timedelta(seconds=seconds)))
    midnight = datetime.combine(there.date(), time(), there.tzinfo) + timedelta(days=days)
    return midnight.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


_TERMS: dict[str, Callable[..., Any]] = {
    "count": len,
    "keys": sorted,
    "of": lambda values, key: values.get(key),
    "column": lambda values, name: [value[name] for value in values.values()],
    "sum": _sum,
    "sorted": _sorted,
    "minus": _minus,
    "plus": _plus,
    "with": lambda values, key, value: {**(values or {}), key: value},
    "without": lambda values, name: {key: values[key] for key in values if key != name},
    "key_name": lambda vkey: vkey.partition("+")[0],
    "subject": lambda family, name: f"{family}/{name}",
    "later": lambda moment, seconds: _moment(moment) + timedelta(seconds=seconds),
    "day_end": _day_end,
}
_LENIENT = ("sorted", "with", "plus")  # a part may be missing


def term(data: Any) -> Term:
    """Give the function that finds a term's value, None if it is missing. Raises ``BadLaw``."""
    if isinstance(data, str):
        return _path(data)
    if not isinstance(data, dict) or len(data) != 1:
        raise BadLaw(f"not a term: {data!r}")
    ((name, operands),) = data.items()
    if name == "is":
        return lambda scope: operands
    if name not in _TERMS:
        raise BadLaw(f"no such term: {name!r}")
    function = _TERMS[name]
    terms = [term(one) for one in (operands if isinstance(operands, list) else [operands])]

    def value(scope: Scope) -> Any:
        values = [one(scope) for one in terms]
        return None if None in values and name not in _LENIENT else function(*values)

    return value


def _path(path: str) -> Term:
    root, *names = path.split(".")
    if path == "state":
        return lambda scope: scope.state
    if root == "entry" and names in (["at"], ["patient"], ["commitment"], ["name"]):
        return lambda scope: of_entry(scope.entry, names[0])
    if root in _MAPS and not names:
        return lambda scope: getattr(scope, root)
    if root not in _MAPS or len(names) not in (1, 2):
        raise BadLaw(f"no such path: {path!r}")
    first = names[0]
    if len(names) == 1:
        return lambda scope: getattr(scope, root).get(first)
    second = names[1]
    return lambda scope: (getattr(scope, root).get(first) or {}).get(second)


# --- checks -------------------------------------------------------------------------------------


def _each_at_most(part: Mapping[str, int], whole: Mapping[str, int]) -> bool:
    return all(name in whole and amount <= whole[name] for name, amount in part.items())


def _moment(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


_CHECKS: dict[str, Callable[..., bool]] = {
    "equal": lambda x, y: x == y and type(x) is type(y),
    "differ": lambda x, y: x != y,
    "at_most": lambda x, y: x <= y,
    "less": lambda x, y: x < y,
    "each_at_most": _each_at_most,
    "has": lambda values, key: key in values,
    "lacks": lambda values, key: key not in values,
    "ordered": lambda values: all(a < b for a, b in itertools.pairwise(values)),
    "not_before": lambda x, y: _moment(x) >= _moment(y),
}


def check(data: Any, skew: timedelta) -> Check:
    """Give the function that tells whether a check holds. Raises ``BadLaw``."""
    if not isinstance(data, list) or len(data) < 2:
        raise BadLaw(f"not a check: {data!r}")
    name, *operands = data
    if name in ("any", "all"):
        checks = [check(one, skew) for one in operands]
        holds = any if name == "any" else all
        return lambda scope: holds(one(scope) for one in checks)
    if name == "each":
        return _each(term(operands[0]), check(operands[1], skew))
    if name == "one_of":
        return _one_of([term(one) for one in operands[0]], operands[1])
    if name == "before":
        return _compared(lambda x, y: _moment(x) - _moment(y) < skew, operands)
    if name not in _CHECKS:
        raise BadLaw(f"no such check: {name!r}")
    return _compared(_CHECKS[name], operands)


def _compared(compare: Callable[..., bool], operands: Sequence[Any]) -> Check:
    terms = [term(one) for one in operands]
    if compare.__code__.co_argcount != len(terms):
        raise BadLaw(f"{len(terms)} terms are too few or too many")

    def holds(scope: Scope) -> bool:
        values = [one(scope) for one in terms]
        return None not in values and compare(*values)

    return holds


def _one_of(terms: Sequence[Term], rows: Sequence[Sequence[Any]]) -> Check:
    lawful = {tuple(row) for row in rows}
    if any(len(row) != len(terms) for row in lawful):
        raise BadLaw("every row has a value for every term")
    return lambda scope: tuple(one(scope) for one in terms) in lawful


def _each(values: Term, holds: Check) -> Check:
    def holds_for(scope: Scope, value: Any) -> bool:
        scope.each = value
        return holds(scope)

    return lambda scope: all(holds_for(scope, value) for value in values(scope).values())
