"""
What a move asks of other subjects: what they owe, and what they grant. Part of ``ledger.law``.

    takes   {subjects, owed, key, total, conditions}: each of ``subjects`` owes something under
            ``key``, in all ``total``, and owes it no more afterwards
    rests   {on, families, conditions}: where the term ``on`` names a subject of one of these
            families, the conditions hold of what that subject remembers; it stays as it is.
            Where the term is missing, the entry rests on nothing

Conditions speak of the other subject as ``other``. One that does not exist remembers nothing, so it
satisfies no condition that names something of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ledger import lawterms
from ledger.lawterms import Check, Scope, Term, Unlawful


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a subject stands: its state, what never changes, and what it remembers."""

    state: str
    constant: tuple[str, ...]
    kept: Mapping[str, Any]


Others = Callable[[str], Standing | None]


@dataclass(frozen=True, slots=True)
class Condition:
    """One check, the rule that an entry breaks if it fails, and what it says in words."""

    rule: str
    words: str
    check: Check


@dataclass(frozen=True, slots=True)
class Taking:
    """What is owed: ``owed`` of each subject in ``subjects`` under ``key``, in all ``total``."""

    subjects: Term
    owed: str
    key: Term
    total: Term
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Resting:
    """What it rests on: the subject that ``on`` names, if it is of one of ``families``."""

    on: Term
    families: frozenset[str]
    conditions: tuple[Condition, ...]


def conditions(data: Sequence[Mapping[str, Any]], skew: timedelta) -> tuple[Condition, ...]:
    """Read the conditions of a law. Raises ``BadLaw``."""
    return tuple(
        Condition(one["rule"], one["words"], lawterms.check(one["check"], skew)) for one in data
    )


def taking(data: Mapping[str, Any], skew: timedelta) -> Taking:
    """Read what a move takes. Raises ``BadLaw``."""
    terms = (lawterms.term(data[name]) for name in ("subjects", "key", "total"))
    subjects, key, total = terms
    return Taking(subjects, data["owed"], key, total, conditions(data["conditions"], skew))


def resting(data: Mapping[str, Any], skew: timedelta) -> Resting:
    """Read what a move rests on. Raises ``BadLaw``."""
    families = frozenset(data["families"])
    return Resting(lawterms.term(data["on"]), families, conditions(data["conditions"], skew))


def check(move: str, conditions: Sequence[Condition], scope: Scope) -> None:
    """Raises ``Unlawful`` with the rule of the first condition that does not hold."""
    for condition in conditions:
        if not condition.check(scope):
            raise Unlawful(condition.rule, f"{move}: {condition.words}")


def check_basis(move: str, resting: Resting, scope: Scope, others: Others) -> None:
    """Raises ``Unlawful`` unless the subject that the entry rests on says what it must."""
    subject = resting.on(scope)
    if subject is None or subject.partition("/")[0] not in resting.families:
        return
    standing = others(subject)
    scope.other = standing.kept if standing else {}
    check(move, resting.conditions, scope)


def collect(move: str, taking: Taking, scope: Scope, others: Others) -> dict[str, Standing]:
    """Collect what each subject owes; nothing is owed twice, so nothing is paid twice."""
    key, total = taking.key(scope), 0
    taken: dict[str, Standing] = {}
    for subject in taking.subjects(scope):
        standing = others(subject)
        owed = standing.kept.get(taking.owed, {}) if standing else {}
        if standing is None or subject in taken or owed.get(key, 0) <= 0:
            raise Unlawful("nothing_owed", f"{move}: {subject} owes nothing (any more)")
        scope.other = standing.kept
        check(move, taking.conditions, scope)
        total += owed[key]
        left = {name: amount for name, amount in owed.items() if name != key}
        kept = {**standing.kept, taking.owed: left}
        taken[subject] = Standing(standing.state, standing.constant, kept)
    if total != taking.total(scope):
        raise Unlawful("wrong_amount", f"{move}: the total is not the sum of what is taken")
    return taken
