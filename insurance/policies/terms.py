"""
What a product promises, and which lines of a prescription it covers. Pure: no Django, no clock.

A product's terms are data (JSON), read by ``Terms.read``. All members may be left out but
``rates_bp``:

- ``rates_bp``: insurance class → the rate of a line that counts; the rest is the insured's own
  payment (自付比例). A class that is not named is not covered.
- ``deductible_fen`` (起付线), a year's; ``family_deductible_fen``: no more of it is borne by all
  together whom the policy insures. Where both are the same, the family shares one deductible.
- ``tiers``: ``[[from_fen, rate_bp], …]``, by what has counted in the year beyond the deductible,
  the first from 0.
- ``ceilings_fen``: of an ``item``, ``bill``, ``day``, ``year``, and a ``family``'s year.
- ``covers``: insurance codes or ATC prefixes; left out, all medicines. ``excludes``: likewise.
- ``waiting_days``: nothing is paid before so many days after somebody was insured.
- ``diagnoses``: ``[[ICD-10 prefix, days], …]``: what was there before (既往症). A prescription with
  such a diagnosis is not paid for so many days after somebody was insured; null: never.
- ``year``: ``calendar``, or ``policy``: from the day on which the policy began.
- ``at_payment``: of a social fund: it pays its share together with the patient, as a
  medical-insurance order at WeChat Pay, in the city of this code (GB/T 2260, six digits). Left out:
  it decides on a claim after the delivery.

Source: docs/decisions/0053-policies.md.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from hospital import calendar
from insurance.policies.reckon import CEILINGS, WHOLE_BP, Counts, Limits

CLASSES = ("甲", "乙", "丙")
ITEMS = ("item", *CEILINGS)
YEARS = ("calendar", "policy")
CITY = re.compile(r"[0-9]{6}")
FEN_MAX, DAYS_MAX, NAMED_MAX = 10**12, 36_500, 2_000
MEMBERS = (
    *("rates_bp", "deductible_fen", "family_deductible_fen", "tiers", "ceilings_fen"),
    *("covers", "excludes", "waiting_days", "diagnoses", "year", "at_payment"),
)


class BadTerms(ValueError):
    """A member of the terms is unknown or says what it cannot say; its name is the argument."""


@dataclass(frozen=True, slots=True)
class Medicine:
    """What the terms look at of a line: insurance class, insurance code, ATC code."""

    insurance_class: str
    code: str
    atc: str


@dataclass(frozen=True, slots=True)
class Terms:
    """See the module."""

    rates_bp: Mapping[str, int]
    limits: Limits
    covers: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    waiting_days: int = 0
    diagnoses: tuple[tuple[str, int | None], ...] = ()
    year: str = "calendar"
    at_payment: str = ""

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Self:
        """Raises ``BadTerms``."""
        _known(said, MEMBERS, "terms")
        _known(said.get("ceilings_fen", {}), ITEMS, "ceilings_fen")
        rates = said.get("rates_bp")
        _known(rates, CLASSES, "rates_bp")
        assert rates is not None
        return cls(
            rates_bp={name: _whole(bp, WHOLE_BP, "rates_bp") for name, bp in rates.items()},
            limits=_limits(said),
            covers=_names(said, "covers"),
            excludes=_names(said, "excludes"),
            waiting_days=_whole(said.get("waiting_days", 0), DAYS_MAX, "waiting_days"),
            diagnoses=_diagnoses(said.get("diagnoses", [])),
            year=_one_of(said.get("year", YEARS[0]), YEARS, "year"),
            at_payment=_city(said.get("at_payment", "")),
        )

    def counts(self, medicine: Medicine) -> Counts:
        """How much of a line of this medicine counts, and why no more."""
        if _named(medicine, self.excludes):
            return Counts(0, "excluded")
        if self.covers and not _named(medicine, self.covers):
            return Counts(0, "not_listed")
        if medicine.insurance_class not in self.rates_bp:
            return Counts(0, "class_not_covered")
        return Counts(self.rates_bp[medicine.insurance_class])

    def barred(self, since: date, on: date, diagnoses: Collection[str]) -> str:
        """Why nothing at all is paid on a legal day to who is insured ``since``; or nothing."""
        passed = (on - since).days
        if passed < self.waiting_days:
            return "waiting"
        for prefix, days in self.diagnoses:
            is_over = days is not None and passed >= days
            if not is_over and any(code.startswith(prefix) for code in diagnoses):
                return "diagnosis"
        return ""

    def year_began(self, on: date, policy_began: date) -> date:
        """The first legal day of the year whose sums count on a legal day."""
        if self.year == "calendar":
            return on.replace(month=1, day=1)
        years = calendar.age(policy_began, on)
        return calendar.anniversary(policy_began, years) if years > 0 else policy_began


def _limits(said: Mapping[str, Any]) -> Limits:
    tiers = said.get("tiers", [[0, WHOLE_BP]])
    if not _is_list(tiers, 2) or not 1 <= len(tiers) <= 20:
        raise BadTerms("tiers")
    read = tuple(
        (_whole(start, FEN_MAX, "tiers"), _whole(bp, WHOLE_BP, "tiers")) for start, bp in tiers
    )
    starts = [start for start, _ in read]
    if starts[0] != 0 or starts != sorted(set(starts)):
        raise BadTerms("tiers")
    ceilings = {
        name: None if fen is None else _whole(fen, FEN_MAX, "ceilings_fen")
        for name, fen in said.get("ceilings_fen", {}).items()
    }
    deductible = _whole(said.get("deductible_fen", 0), FEN_MAX, "deductible_fen")
    family = said.get("family_deductible_fen")
    if family is not None:
        family = _whole(family, FEN_MAX, "family_deductible_fen")
    return Limits(deductible, read, **ceilings, family_deductible=family)


def _diagnoses(said: Any) -> tuple[tuple[str, int | None], ...]:
    if not _is_list(said, 2) or len(said) > NAMED_MAX:
        raise BadTerms("diagnoses")
    for prefix, _ in said:
        if not isinstance(prefix, str) or not 1 <= len(prefix) <= 10:
            raise BadTerms("diagnoses")
    return tuple(
        (prefix, None if days is None else _whole(days, DAYS_MAX, "diagnoses"))
        for prefix, days in said
    )


def _names(said: Mapping[str, Any], member: str) -> tuple[str, ...]:
    names = said.get(member, [])
    if not isinstance(names, list) or len(names) > NAMED_MAX:
        raise BadTerms(member)
    if not all(isinstance(name, str) and 1 <= len(name) <= 40 for name in names):
        raise BadTerms(member)
    return tuple(names)


def _city(said: Any) -> str:
    if said != "" and not (isinstance(said, str) and CITY.fullmatch(said)):
        raise BadTerms("at_payment")
    return str(said)


def _named(medicine: Medicine, names: Sequence[str]) -> bool:
    """By its insurance code, or by a beginning of its ATC code."""
    return any(medicine.code == name or medicine.atc.startswith(name) for name in names)


def _known(said: Any, members: Collection[str], where: str) -> None:
    if not isinstance(said, Mapping) or not said.keys() <= set(members):
        raise BadTerms(where)


def _is_list(said: Any, width: int) -> bool:
    return isinstance(said, list) and all(
        isinstance(row, list | tuple) and len(row) == width for row in said
    )


def _whole(value: Any, most: int, member: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise BadTerms(member)
    return value


def _one_of(value: Any, words: Collection[str], member: str) -> str:
    if value not in words:
        raise BadTerms(member)
    return str(value)
