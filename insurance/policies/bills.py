"""What a bill would be, and its shares as rows: stored, read back, and reckoned anew for less."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hospital import calendar
from insurance.models import Bill, BillLine, BillShare, LineShare, PolicyUse
from insurance.policies.covers import Cover, Payer
from insurance.policies.reckon import Counts, Limits, Line, Reckoned, Split, Used
from insurance.policies.words import WORDS


@dataclass(frozen=True)
class Quote:
    """
    What it would cost now, line by line, and who would pay. ``lines`` are in the order in which
    they use up deductibles and ceilings, ``covers`` in that in which they pay.
    """

    lines: tuple[Line, ...]
    units: Mapping[str, int]
    covers: tuple[Cover, ...]
    reckoned: Reckoned

    @property
    def total_fen(self) -> int:
        return self.reckoned.total_fen

    @property
    def patient_fen(self) -> int:
        return self.reckoned.patient_fen

    @property
    def fens(self) -> tuple[int, ...]:
        """What each payer pays, in their order."""
        return self.reckoned.fens

    @property
    def payers(self) -> dict[str, int]:
        """Slug → fen, of those who are claimed from."""
        return self._pay(at_payment=False)

    @property
    def at_payment(self) -> dict[str, int]:
        """Slug → fen, of who pays together with the patient."""
        return self._pay(at_payment=True)

    @property
    def together(self) -> dict[str, int]:
        """Slug → fen, of all of them, however they pay."""
        return {**self.at_payment, **self.payers}

    @property
    def payer_ids(self) -> list[int]:
        """All of them."""
        pairs = zip(self.covers, self.fens, strict=True)
        return [one.payer.id for one, fen in pairs if fen > 0]

    def facts(self) -> dict[str, Any]:
        """As the authorization states it: who pays what, and each line."""
        return {
            "total_fen": self.total_fen,
            "patient_fen": self.patient_fen,
            "payers": self.payers,
            **({"at_payment": self.at_payment} if self.at_payment else {}),
            "lines": {one.line: self._line(one) for one in self.reckoned.lines},
        }

    def explained(self) -> list[dict[str, Any]]:
        """Line by line and payer by payer: what was paid, and which rule took how many fen."""
        return [
            {
                "line": one.line,
                "payer": cover.payer.slug,
                "fen": share.fen,
                "steps": in_words((step.rule, step.fen) for step in share.steps),
            }
            for one in self.reckoned.lines
            for cover, share in zip(self.covers, one.shares, strict=True)
        ]

    def _pay(self, *, at_payment: bool) -> dict[str, int]:
        pairs = zip(self.covers, self.fens, strict=True)
        return {
            one.payer.slug: fen
            for one, fen in pairs
            if fen > 0 and bool(one.at_payment) is at_payment
        }

    def _line(self, one: Split) -> dict[str, int]:
        pairs = list(zip(self.covers, one.shares, strict=True))
        return {
            "total_fen": one.total_fen,
            "fund_fen": sum(share.fen for cover, share in pairs if cover.payer.is_fund),
            "insurer_fen": sum(share.fen for cover, share in pairs if not cover.payer.is_fund),
            "patient_fen": one.patient_fen,
        }


def in_words(steps: Iterable[tuple[str, int]]) -> list[dict[str, Any]]:
    """Which rule took how many fen, as patients and doctors read it."""
    return [{"rule": rule, "fen": fen, "zh": WORDS[rule]} for rule, fen in steps]


def explained(bill: Bill) -> list[dict[str, Any]]:
    """As ``Quote.explained``, of a stored bill."""
    rows = LineShare.objects.filter(share__bill=bill).select_related("line", "share__payer")
    return [
        {
            "line": one.line.line,
            "payer": one.share.payer.slug,
            "fen": one.fen,
            "steps": in_words(one.steps),
        }
        for one in sorted(rows, key=lambda one: (int(one.line.line), one.share.number))
    ]


def store(bill: Bill, quote: Quote) -> None:
    """The shares of a bill that was just opened, of its lines, and what they use."""
    shares = BillShare.objects.bulk_create(
        BillShare(
            bill=bill,
            payer_id=cover.payer.id,
            policy_id=cover.policy,
            number=number,
            fen=fen,
            limits=cover.limits.said(),
            before=asdict(cover.used),
            opened_at=bill.opened_at,
            city=cover.at_payment,
        )
        for number, (cover, fen) in enumerate(zip(quote.covers, quote.fens, strict=True), 1)
    )
    PolicyUse.objects.bulk_create(
        PolicyUse(
            share=share,
            policy_id=share.policy_id,
            patient_id=bill.prescription.patient_id,
            day=calendar.legal_day(bill.opened_at),
            deductible_fen=use.deductible,
            counted_fen=use.counted,
            paid_fen=use.year,
        )
        for share, use in zip(shares, quote.reckoned.uses, strict=True)
        if share.policy_id is not None
    )
    store_lines(bill, quote, shares)


def store_lines(bill: Bill, quote: Quote, shares: Sequence[BillShare]) -> None:
    """Line by line: what it costs, who pays of it, and why."""
    splits = quote.reckoned.lines
    rows = BillLine.objects.bulk_create(
        BillLine(
            bill=bill,
            line=one.line,
            units=quote.units[one.line],
            total_fen=one.total_fen,
            patient_fen=one.patient_fen,
        )
        for one in splits
    )
    LineShare.objects.bulk_create(
        LineShare(
            line=row,
            share=share,
            counts_bp=counts.bp,
            why=counts.why,
            fen=part.fen,
            steps=[[step.rule, step.fen] for step in part.steps],
        )
        for row, line, split in zip(rows, quote.lines, splits, strict=True)
        for share, counts, part in zip(shares, line.counts, split.shares, strict=True)
    )


def covers_of(bill: Bill) -> tuple[Cover, ...]:
    """By which a bill was reckoned."""
    return tuple(
        Cover(
            Payer(one.payer_id, one.payer.slug, one.payer.kind),
            one.policy_id,
            Limits.read(one.limits),
            Used(**one.before),
            one.city,
        )
        for one in bill.in_order
    )


def counts_of(line: BillLine) -> tuple[Counts, ...] | None:
    """What of a line counted for each payer; None if the bill is too old to say."""
    found = sorted(line.shares.all(), key=lambda one: one.share_id)
    if any(one.counts_bp is None for one in found):
        return None
    return tuple(Counts(one.counts_bp or 0, one.why) for one in found)


def restate_use(bill: Bill, reckoned: Reckoned) -> None:
    """A bill that comes to less uses less of its policies' years."""
    uses = dict(zip((one.id for one in bill.in_order), reckoned.uses, strict=True))
    rows = list(PolicyUse.objects.filter(share__in=uses))
    for row in rows:
        use = uses[row.share_id]
        row.deductible_fen, row.counted_fen, row.paid_fen = use.deductible, use.counted, use.year
    PolicyUse.objects.bulk_update(rows, ["deductible_fen", "counted_fen", "paid_fen"])
