"""
Who pays which fen of a bill. Pure: no Django, no clock.

Policies pay in their order; each is asked only about what the earlier ones left of a line, so
together they never pay more than the price, and a later one never changes what an earlier one pays.
For one policy, line by line in the bill's order:

1. ``own_payment``: only a rate of the line counts (自付比例 first), rounded down.
2. ``item_ceiling``: of one line no more than this counts.
3. ``deductible``: what counts in a year is the insured's up to the deductible (起付线), and up to
   what a family's deductible still leaves to all whom the policy insures.
4. ``co_payment``: of what is beyond it the policy pays the rate of the tier that the year has
   reached. Rounded down on the year's running sum and not on each line, so that a sum costs the
   same in one line as in many.
5. ``bill_ceiling``, ``day_ceiling``, ``year_ceiling``, ``family_ceiling``: what is above is not
   paid.

Each step says how many fen it takes from the policy; what is left after all steps is paid. The
patient carries what no policy pays.

Source: docs/decisions/0053-policies.md; twenty cases by hand in docs/who-pays-what.md.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

WHOLE_BP = 10_000
CEILINGS = ("bill", "day", "year", "family")


class BadAmount(ValueError):
    """An amount is negative or a rate is out of range."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much of a line counts for one policy, in basis points; ``why`` not all of it."""

    bp: int
    why: str = "own_payment"


@dataclass(frozen=True, slots=True)
class Line:
    """A line's number, the price of all its units, and what counts for each policy, in order."""

    line: str
    total_fen: int
    counts: tuple[Counts, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """
    The figures of one policy, in fen; a ceiling of None is none. ``family_deductible``: more than
    this all together do not bear of their deductibles; None: each bears his own.

    ``tiers``: from which sum of a year beyond the deductible on which rate is paid, rising, the
    first from 0.
    """

    deductible: int = 0
    tiers: tuple[tuple[int, int], ...] = ((0, WHOLE_BP),)
    item: int | None = None
    bill: int | None = None
    day: int | None = None
    year: int | None = None
    family: int | None = None
    family_deductible: int | None = None

    @classmethod
    def read(cls, said: dict[str, Any]) -> Self:
        """As ``said`` keeps them."""
        tiers = tuple((start, bp) for start, bp in said["tiers"])
        return cls(**{**said, "tiers": tiers})

    def said(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "tiers": [list(tier) for tier in self.tiers]}


@dataclass(frozen=True, slots=True)
class Used:
    """
    What one policy's year has used before the bill, or uses by it, in fen.

    ``counted``: beyond the deductible; it says which tier is reached. What begins with ``family``
    is of all whom the policy insures.
    """

    deductible: int = 0
    counted: int = 0
    day: int = 0
    year: int = 0
    family: int = 0
    family_deductible: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """A rule, and how many fen of a line it leaves to whoever pays next."""

    rule: str
    fen: int


@dataclass(frozen=True, slots=True)
class Share:
    """What a policy pays of a line. ``fen`` and the steps add up to what it was asked about."""

    fen: int
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Split:
    """A line: ``shares`` in the order of the policies; the patient carries the rest."""

    line: str
    total_fen: int
    shares: tuple[Share, ...]

    @property
    def patient_fen(self) -> int:
        return self.total_fen - sum(share.fen for share in self.shares)


@dataclass(frozen=True, slots=True)
class Reckoned:
    """All lines, and what the bill uses of each policy's year."""

    lines: tuple[Split, ...]
    uses: tuple[Used, ...]

    @property
    def total_fen(self) -> int:
        return sum(one.total_fen for one in self.lines)

    @property
    def patient_fen(self) -> int:
        return sum(one.patient_fen for one in self.lines)

    @property
    def fens(self) -> tuple[int, ...]:
        """What each policy pays of the bill."""
        return tuple(
            sum(one.shares[number].fen for one in self.lines) for number in range(len(self.uses))
        )


def reckon(lines: Sequence[Line], policies: Sequence[Limits], used: Sequence[Used]) -> Reckoned:
    """
    Divide each line among ``policies`` and the patient. ``used``: of each policy, before the bill.

    >>> seven = Line("1", 10_001, (Counts(7_000),))
    >>> reckon([seven], [Limits(deductible=1_000)], [Used()]).lines[0].shares[0]
    Share(fen=6000, steps=(Step(rule='own_payment', fen=3001), Step(rule='deductible', fen=1000)))

    Raises:
        BadAmount: see there.
    """
    _check(lines, policies, used)
    left = [line.total_fen for line in lines]
    columns, uses = [], []
    for number, (limits, before) in enumerate(zip(policies, used, strict=True)):
        counts = [line.counts[number] for line in lines]
        column, use = _pays(limits, before, list(zip(left, counts, strict=True)))
        left = [fen - share.fen for fen, share in zip(left, column, strict=True)]
        columns.append(column)
        uses.append(use)
    splits = tuple(
        Split(line.line, line.total_fen, tuple(column[row] for column in columns))
        for row, line in enumerate(lines)
    )
    return Reckoned(splits, tuple(uses))


def _pays(
    limits: Limits, before: Used, asked: Sequence[tuple[int, Counts]]
) -> tuple[list[Share], Used]:
    """What one policy pays of each line, and what that uses."""
    shares, use = [], Used()
    for base, counts in asked:
        share, use = _pays_of_line(limits, before, use, base, counts)
        shares.append(share)
    return shares, use


def _pays_of_line(
    limits: Limits, before: Used, use: Used, base: int, counts: Counts
) -> tuple[Share, Used]:
    """The steps of the module's docstring; ``use`` is that of the bill's earlier lines."""
    left, steps = base, []

    def take(rule: str, fen: int) -> int:
        nonlocal left
        left -= fen
        if fen:
            steps.append(Step(rule, fen))
        return fen

    take(counts.why, base - base * counts.bp // WHOLE_BP)
    take("item_ceiling", _above(left, limits.item))
    own = take("deductible", min(left, _owned(limits, before, use)))
    reached, beyond = before.counted + use.counted, left
    due = _due(limits.tiers, reached + beyond) - _due(limits.tiers, reached)
    take("co_payment", beyond - due)
    for name in CEILINGS:
        ceiling = getattr(limits, name)
        gone = use.year + (0 if name == "bill" else getattr(before, name))
        take(f"{name}_ceiling", _above(left, None if ceiling is None else max(ceiling - gone, 0)))
    return Share(left, tuple(steps)), Used(
        use.deductible + own,
        use.counted + beyond,
        *(use.year + left,) * 3,
        family_deductible=use.deductible + own,
    )


def _owned(limits: Limits, before: Used, use: Used) -> int:
    """What is still to be borne of the deductible."""
    owned = limits.deductible - before.deductible
    if limits.family_deductible is not None:
        owned = min(owned, limits.family_deductible - before.family_deductible)
    return max(owned - use.deductible, 0)


def _above(fen: int, room: int | None) -> int:
    return 0 if room is None else max(fen - room, 0)


def _due(tiers: Sequence[tuple[int, int]], reached: int) -> int:
    """What a year's sum beyond the deductible comes to, rounded down once."""
    ends = [start for start, _ in tiers[1:]]
    return (
        sum(
            max(min(reached, end) - start, 0) * bp
            for (start, bp), end in zip(tiers, [*ends, reached], strict=True)
        )
        // WHOLE_BP
    )


def _check(lines: Sequence[Line], policies: Sequence[Limits], used: Sequence[Used]) -> None:
    """Raises ``BadAmount``."""
    amounts = [line.total_fen for line in lines]
    stated: list[Limits | Used] = [*policies, *used]
    amounts += [fen for one in stated for fen in _amounts(one)]
    rates = [counts.bp for line in lines for counts in line.counts]
    rates += [bp for one in policies for _, bp in one.tiers]
    if any(fen < 0 for fen in amounts) or not all(0 <= bp <= WHOLE_BP for bp in rates):
        raise BadAmount
    for one in policies:
        starts = [start for start, _ in one.tiers]
        if starts[:1] != [0] or any(a >= b for a, b in itertools.pairwise(starts)):
            raise BadAmount(one.tiers)
    if any(len(line.counts) != len(policies) for line in lines):
        raise BadAmount("each line says what counts for each policy")


def _amounts(one: Limits | Used) -> Iterator[int]:
    values = (getattr(one, field.name) for field in fields(one))
    return (value for value in values if isinstance(value, int))
