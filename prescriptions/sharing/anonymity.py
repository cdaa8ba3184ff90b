"""
What may be shown of several patients together: k-anonymity of values, and counts with noise.

Pure. A value is a month, a medicine or a diagnosis; what fewer than k of the delivery's patients
have is left out. That hides rare values one by one; a combination of frequent ones may still be
one patient's alone, which is why records go under an approved offer and each is told.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from prescriptions.sharing import noise
from prescriptions.sharing.noise import Below

MOST_GROUPS = 5
"""In so many groups at most one patient is counted, so that noise for five hides each patient."""


@dataclass(frozen=True, slots=True)
class Prescribed:
    """One prescription: its month (2026-11, or empty), generic names, diagnosis categories."""

    month: str
    medicines: tuple[str, ...] = ()
    diagnoses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shared:
    """One patient of a delivery."""

    pseudonym: str
    prescribed: tuple[Prescribed, ...]


def category(code: str) -> str:
    """
    A diagnosis as coarse as it is delivered: the three characters of ICD-10's categories.

    >>> category("J06.900")
    'J06'
    """
    return code.partition(".")[0][:3]


def suppressed(patients: Sequence[Shared], k: int) -> list[Shared]:
    """The same without the values that fewer than ``k`` of them have, in another order."""
    frequent = {value for value, number in _numbers(patients).items() if number >= k}
    shown = [replace(one, prescribed=_without(one.prescribed, frequent)) for one in patients]
    return sorted(shown, key=lambda one: one.pseudonym)


def counted(groups_of: Mapping[str, Iterable[str]], salt: str) -> Counter[str]:
    """
    How many patients (pseudonym → groups) are in each group, each in ``MOST_GROUPS`` at most.

    Which ones of more is drawn by ``salt``, and not by what the groups are.
    """
    found: Counter[str] = Counter()
    for pseudonym, groups in groups_of.items():
        found.update(sorted(set(groups), key=lambda one: _draw(salt, pseudonym, one))[:MOST_GROUPS])
    return found


def noisy(
    counts: Mapping[str, int],
    groups: Iterable[str],
    *,
    epsilon_milli: int,
    k: int,
    below: Below = secrets.randbelow,
) -> dict[str, int]:
    """
    The counts of ``groups``, all that there could be, with noise; below ``k`` none is shown.

    A group is held against ``k`` with its noise, and one without patients gets noise too: so what
    is left out tells no more of a patient than what is shown, ``epsilon_milli`` in all.
    """
    scale = Fraction(MOST_GROUPS * 1000, epsilon_milli)
    drawn = {
        group: counts.get(group, 0) + noise.discrete_laplace(scale, below)
        for group in sorted(set(groups))
    }
    return {group: count for group, count in drawn.items() if count >= k}


def _numbers(patients: Sequence[Shared]) -> Counter[tuple[str, str]]:
    numbers: Counter[tuple[str, str]] = Counter()
    for patient in patients:
        numbers.update({value for one in patient.prescribed for value in _values(one)})
    return numbers


def _values(one: Prescribed) -> list[tuple[str, str]]:
    kinds = (("month", (one.month,)), ("medicine", one.medicines), ("diagnosis", one.diagnoses))
    return [(kind, value) for kind, values in kinds for value in values]


def _without(
    prescribed: tuple[Prescribed, ...], frequent: set[tuple[str, str]]
) -> tuple[Prescribed, ...]:
    """What is left of each; nothing of one of which only the month is left."""
    left = [
        Prescribed(
            one.month if ("month", one.month) in frequent else "",
            tuple(sorted(name for name in one.medicines if ("medicine", name) in frequent)),
            tuple(sorted(code for code in one.diagnoses if ("diagnosis", code) in frequent)),
        )
        for one in prescribed
    ]
    return tuple(
        sorted(
            (one for one in left if one.medicines or one.diagnoses),
            key=lambda one: (one.month, one.medicines, one.diagnoses),
        )
    )


def _draw(salt: str, pseudonym: str, group: str) -> bytes:
    return hashlib.sha256("\x00".join((salt, pseudonym, group)).encode()).digest()
