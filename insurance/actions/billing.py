"""The bill of one authorization: prices at the pharmacy, split among the payers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from hospital import errors, records
from hospital.models import Organisation, SealedRecord
from hospital.roles import OrganisationKind
from insurance import queries, split
from insurance.actions import owing_back
from insurance.journal import post
from insurance.models import Bill, BillLine, Coverage, Payment
from pharmacy.actions import stock
from prescriptions import content
from prescriptions.models import Medicine, Prescription
from prescriptions.rests import Units


class NotCovered(errors.Invalid):
    """This payer promises this patient nothing, or two payers of one kind were named."""

    code = "payer.not_covering"


@dataclass(frozen=True)
class Quote:
    """
    What it would cost now, line by line, and who would pay, by which terms. ``lines`` are in the
    order in which they use up the ceilings.
    """

    lines: tuple[split.PricedLine, ...]
    units: Mapping[str, int]
    fund: Organisation | None
    insurer: Organisation | None
    of_fund: split.Terms
    of_insurer: split.Terms

    @cached_property
    def shares(self) -> tuple[split.Share, ...]:
        return split.split(self.lines, fund=self.of_fund, insurer=self.of_insurer)

    @property
    def total_fen(self) -> int:
        return sum(share.total_fen for share in self.shares)

    @property
    def fund_fen(self) -> int:
        return sum(share.fund_fen for share in self.shares)

    @property
    def insurer_fen(self) -> int:
        return sum(share.insurer_fen for share in self.shares)

    @property
    def patient_fen(self) -> int:
        return sum(share.patient_fen for share in self.shares)

    @property
    def payers(self) -> dict[str, int]:
        """Slug → fen, of those who pay something besides the patient."""
        pairs = ((self.fund, self.fund_fen), (self.insurer, self.insurer_fen))
        return {payer.slug: fen for payer, fen in pairs if payer is not None and fen > 0}

    @property
    def payer_ids(self) -> list[int]:
        """The same payers, as ``prescriptions.concern`` is told of them."""
        pairs = ((self.fund, self.fund_fen), (self.insurer, self.insurer_fen))
        return [payer.id for payer, fen in pairs if payer is not None and fen > 0]

    def facts(self) -> dict[str, Any]:
        """As the authorization states it: who pays what, and each line."""
        return {
            "total_fen": self.total_fen,
            "patient_fen": self.patient_fen,
            "payers": self.payers,
            "lines": {
                share.line: {
                    "total_fen": share.total_fen,
                    "fund_fen": share.fund_fen,
                    "insurer_fen": share.insurer_fen,
                    "patient_fen": share.patient_fen,
                }
                for share in self.shares
            },
        }


@dataclass(frozen=True, slots=True)
class Promises:
    """What the fund and the insurer that apply have promised the patient."""

    fund: Coverage | None
    insurer: Coverage | None

    def quote(self, lines: Iterable[split.PricedLine], units: Units) -> Quote:
        """Who would pay what of these lines: the arithmetic of every bill."""
        fund, insurer = self.fund, self.insurer
        payers = (fund.payer if fund else None, insurer.payer if insurer else None)
        return Quote(tuple(lines), units, *payers, _terms(fund), _terms(insurer))


def wanted(prescription: Prescription, units: Units) -> stock.Wanted:
    """
    Which medicines, and how many of each: of the lines of ``units``.

    Opens the lines for the patient's own command, in which they reach nobody but the shelf.
    """
    record = SealedRecord.objects.get(id=prescription.record_id)
    lines = content.lines_of(records.unsealed(record, (content.LINES,)))
    return {line: (said["code"], units[line]) for line, said in lines.items() if line in units}


def quote(
    prescription: Prescription,
    pharmacy: Organisation,
    wants: stock.Wanted,
    payers: Sequence[str] | None,
    *,
    at: datetime,
) -> Quote:
    """
    What the prescription costs at ``pharmacy``; ``payers`` are slugs, None means all that cover.

    Raises:
        NotCovered, stock.NotStocked: see each.
    """
    promised = promises(prescription, payers, at=at)
    prices = stock.prices(pharmacy, wants)
    classes = insurance_classes(wants)
    lines = [
        split.PricedLine(number, classes[code], prices[number])
        for number, (code, _) in wants.items()
    ]
    return promised.quote(lines, {number: units for number, (_, units) in wants.items()})


def insurance_classes(wants: stock.Wanted) -> dict[str, str]:
    """Medicine code → 甲, 乙 or 丙."""
    codes = {code for code, _ in wants.values()}
    return dict(Medicine.objects.filter(code__in=codes).values_list("code", "insurance_class"))


def open_bill(
    prescription: Prescription, pharmacy: Organisation, quoted: Quote, *, at: datetime
) -> Bill:
    """Store what was quoted; the caller holds the prescription's row."""
    bill = Bill.objects.create(
        prescription=prescription,
        pharmacy=pharmacy,
        fund=quoted.fund,
        insurer=quoted.insurer,
        total_fen=quoted.total_fen,
        fund_fen=quoted.fund_fen,
        insurer_fen=quoted.insurer_fen,
        patient_fen=quoted.patient_fen,
        fund_ceiling_fen=quoted.of_fund.ceiling_fen,
        insurer_ceiling_fen=quoted.of_insurer.ceiling_fen,
        opened_at=at,
    )
    add_lines(bill, quoted)
    post.opened(bill, at=at)
    return bill


def add_lines(bill: Bill, quoted: Quote) -> None:
    """Store what was quoted line by line, and by which rates."""
    BillLine.objects.bulk_create(
        BillLine(
            bill=bill,
            line=share.line,
            units=quoted.units[share.line],
            insurance_class=line.insurance_class,
            fund_bp=quoted.of_fund.rates_bp.get(line.insurance_class, 0),
            insurer_bp=quoted.of_insurer.rates_bp.get(line.insurance_class, 0),
            total_fen=share.total_fen,
            fund_fen=share.fund_fen,
            insurer_fen=share.insurer_fen,
            patient_fen=share.patient_fen,
        )
        for line, share in zip(quoted.lines, quoted.shares, strict=True)
    )


def void(bill: Bill, *, at: datetime) -> None:
    """The bill counts no more; what was paid for it is owed back. Caller holds the rx row."""
    for payment in Payment.objects.filter(bill=bill, state=Payment.State.PAID):
        owing_back.all_of(payment, at=at)
    bill.state = Bill.State.VOID
    bill.save(update_fields=["state"])
    post.void(bill, at=at)


def promises(prescription: Prescription, payers: Sequence[str] | None, *, at: datetime) -> Promises:
    """
    The fund's and the insurer's promise that apply; ``payers`` as in ``quote``.

    Raises ``NotCovered``.
    """
    found = {one.payer.slug: one for one in queries.coverages(prescription.patient_id, at=at)}
    chosen = list(found) if payers is None else list(dict.fromkeys(payers))
    if any(slug not in found for slug in chosen):
        raise NotCovered(field="payers")
    funds = [found[slug] for slug in chosen if _is_fund(found[slug])]
    insurers = [found[slug] for slug in chosen if not _is_fund(found[slug])]
    if payers is not None and (len(funds) > 1 or len(insurers) > 1):
        raise NotCovered(field="payers")
    return Promises(funds[0] if funds else None, insurers[0] if insurers else None)


def _is_fund(coverage: Coverage) -> bool:
    return bool(coverage.payer.kind == OrganisationKind.SOCIAL_FUND)


def _terms(coverage: Coverage | None) -> split.Terms:
    if coverage is None:
        return split.NOTHING
    return split.Terms(coverage.rates_bp, coverage.ceiling_fen)
