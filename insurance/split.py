"""
Who pays which fen of a bill.

Order of payers: social fund, then commercial insurer, then the patient. The fund pays its rate
of the price, the insurer its rate of what the fund leaves, each line rounded down to the fen;
the patient carries the remainder, so the three always add up to the price exactly. A ceiling
holds for the bill: lines use it up in their order. Pure: no Django, no clock.

Source: docs/decisions/0003-who-pays-what.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WHOLE_BP = 10_000


class BadAmount(ValueError):
    """An amount is negative or a rate is out of range."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a payer promises: share per insurance class, in basis points; a ceiling, in fen."""

    rates_bp: Mapping[str, int]
    ceiling_fen: int | None = None


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line number, the medicine's insurance class, and the price of all its units."""

    line: str
    insurance_class: str
    total_fen: int


@dataclass(frozen=True, slots=True)
class Share:
    """``fund_fen + insurer_fen + patient_fen == total_fen``, always."""

    line: str
    total_fen: int
    fund_fen: int
    insurer_fen: int
    patient_fen: int


NOTHING = Terms(rates_bp={})


def split(lines: Sequence[PricedLine], *, fund: Terms, insurer: Terms) -> tuple[Share, ...]:
    """
    Divide each line among fund, insurer and patient.

    >>> split([PricedLine("1", "甲", 10_001)], fund=Terms({"甲": 7_000}), insurer=NOTHING)
    (Share(line='1', total_fen=10001, fund_fen=7000, insurer_fen=0, patient_fen=3001),)

    Raises:
        BadAmount: see there.
    """
    fund_left, insurer_left = fund.ceiling_fen, insurer.ceiling_fen
    shares = []
    for line in lines:
        if line.total_fen < 0:
            raise BadAmount(line)
        of_fund, fund_left = _pays(fund, line.insurance_class, line.total_fen, fund_left)
        rest = line.total_fen - of_fund
        of_insurer, insurer_left = _pays(insurer, line.insurance_class, rest, insurer_left)
        shares.append(Share(line.line, line.total_fen, of_fund, of_insurer, rest - of_insurer))
    return tuple(shares)


def _pays(
    terms: Terms, insurance_class: str, base_fen: int, left_fen: int | None
) -> tuple[int, int | None]:
    """What a payer pays of ``base_fen``, and what is left of its ceiling."""
    rate = terms.rates_bp.get(insurance_class, 0)
    if not 0 <= rate <= WHOLE_BP:
        raise BadAmount(rate)
    pays = base_fen * rate // WHOLE_BP
    if left_fen is None:
        return pays, None
    if left_fen < 0:
        raise BadAmount(left_fen)
    pays = min(pays, left_fen)
    return pays, left_fen - pays
