"""
Draw a hospital's monthly sample: the same for everybody who has the logs, and nobody's choice.

The seed is SHA-256 over what the logs had become when the month was closed: for every log its
origin, size and root. Each prescription gets SHA-256(seed || subject); those with the smallest are
drawn. So every prescription has the same chance, whatever its place, and the order in which logs
are read does not matter.

Pure: no Django, no clock.

Source: 医院处方点评管理规范（试行）, 卫医管发〔2010〕28号: of the outpatient prescriptions of a
month one in a thousand, and a hundred at least; article 7 (unconfirmed).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prescriptions.appraisal.months import Month
from prescriptions.appraisal.population import Issued, Part

FORMAT = "smart-hospital/sample/v1"
LEAST, ONE_IN = 100, 1_000


@dataclass(frozen=True, slots=True)
class Drawn:
    """A hospital's sample: of how many, and which, in the order of the logs."""

    population: int
    sample: tuple[Issued, ...]


def seed(month: Month, parts: Iterable[Part]) -> bytes:
    """32 bytes that nobody could know before the month was closed in every log."""
    heads = sorted((part.head for part in parts), key=lambda head: head.origin)
    text = f"{FORMAT}\n{month}\n".encode() + b"".join(head.text() for head in heads)
    return hashlib.sha256(text).digest()


def size(population: int) -> int:
    """
    How many of a month's prescriptions are appraised.

    >>> [size(n) for n in (7, 100, 100_000, 100_001)]
    [7, 100, 100, 101]
    """
    return min(population, max(LEAST, -(-population // ONE_IN)))


def draw(hospital: str, month: Month, parts: Sequence[Part]) -> Drawn:
    """The sample of this hospital (its slug); an empty one if it issued nothing."""
    ordered = sorted(parts, key=lambda part: part.head.origin)
    population = [one for part in ordered for one in part.issued.get(hospital, ())]
    by = seed(month, parts)
    ranked = sorted(population, key=lambda one: hashlib.sha256(by + one.subject.encode()).digest())
    chosen = {one.subject for one in ranked[: size(len(population))]}
    return Drawn(len(population), tuple(one for one in population if one.subject in chosen))
