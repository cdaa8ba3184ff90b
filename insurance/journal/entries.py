"""
What happens to money, as balanced entries: one function for each kind. Pure: no Django, no clock.

Amounts are whole fen. Each draft adds up to zero by its construction, and the database checks it
again. ``cause`` is the natural key of what has happened: a kind is posted once for each cause, or
once for each ``number`` where it may happen to one thing again (a refund fails, and fails again).

Source: docs/decisions/0054-the-journal.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from insurance.journal import accounts

NOBODY: Final[Mapping[str, int]] = {}


@dataclass(frozen=True, slots=True)
class Draft:
    """One entry: account → signed fen, debits positive. Without a move there is nothing to post."""

    kind: str
    cause: str
    moves: Mapping[str, int]
    number: int = 1


@dataclass(frozen=True, slots=True)
class Billed:
    """
    Whose bill it is, and who pays which fen of it: ``payers`` by claims, ``at_payment`` together
    with the patient, whose fen are therefore never claimed.
    """

    bill: UUID
    patient: UUID
    pharmacy: str
    patient_fen: int
    payers: Mapping[str, int]
    at_payment: Mapping[str, int] = field(default_factory=dict)

    @property
    def total_fen(self) -> int:
        return self.patient_fen + sum(self.payers.values()) + sum(self.at_payment.values())

    @property
    def cause(self) -> str:
        return f"bill/{self.bill.hex}"


@dataclass(frozen=True, slots=True)
class Kept:
    """
    Who pays which fen of what the patient keeps after a return; what each payer that had decided
    gets back; on whose account its refused part lies.
    """

    patient_fen: int
    payers: Mapping[str, int]
    back: Mapping[str, int] = field(default_factory=dict)
    carriers: Mapping[str, str] = field(default_factory=dict)
    at_payment: Mapping[str, int] = field(default_factory=dict)


def opened(bill: Billed) -> Draft:
    """The patient and the payers will pay, and the pharmacy will get it."""
    return _draft("bill.open", bill.cause, _shares(bill, "promised", 1), _of(bill, "reserved", -1))


def void(bill: Billed) -> Draft:
    """The bill counts no more: its opening the other way round, of what it comes to by then."""
    return _draft("bill.void", bill.cause, _shares(bill, "promised", -1), _of(bill, "reserved", 1))


def reduced(before: Billed, after: Billed) -> Draft:
    """Only a part was given out: what the bill was, less what it is."""
    was = (_shares(before, "promised", -1), _of(before, "reserved", 1))
    now = (_shares(after, "promised", 1), _of(after, "reserved", -1))
    return _draft("bill.reduce", before.cause, *was, *now)


def delivered(bill: Billed) -> Draft:
    """The pharmacy has earned it, and the payers have to decide. What the patient owed is paid."""
    promised, due = Counter[str](), Counter[str]()
    for slug, fen in bill.payers.items():
        promised[accounts.payer(slug, "promised")] = -fen
        due[accounts.payer(slug, "delivered")] = fen
    earned = (_of(bill, "reserved", 1), _of(bill, "earned", -1))
    return _draft("bill.deliver", bill.cause, promised, due, *earned)


def paid(number: str, patient: UUID, fen: int, fund: Mapping[str, int] = NOBODY) -> Draft:
    """By WeChat Pay, in time or too late; ``fund``: what a fund has paid with it."""
    moves = {accounts.WECHAT: fen, accounts.patient(patient): -fen}
    return _draft("payment.pay", f"payment/{number}", moves, *_of_fund(fund, "paid", "share"))


def refund_due(number: str, patient: UUID, fen: int, fund: Mapping[str, int] = NOBODY) -> Draft:
    """It is owed back to the patient, and to the fund what it has paid with the patient."""
    moves = {accounts.patient(patient): fen, accounts.REFUNDS_DUE: -fen}
    shares = ({accounts.payer(s, "share"): n, accounts.REFUNDS_DUE: -n} for s, n in fund.items())
    return _draft("refund.due", f"refund/{number}", moves, *shares)


def fund_took_back(number: str, fund: Mapping[str, int]) -> Draft:
    """The fund has its part of a refund."""
    moves = ({accounts.REFUNDS_DUE: n, accounts.payer(s, "paid"): -n} for s, n in fund.items())
    return _draft("refund.fund", f"refund/{number}", *moves)


def refund_moved(number: str, fen: int, before: str, after: str, times: int) -> Draft:
    """
    From one account of refunds to another: failed, to be asked for again, or done (``WECHAT``).

    ``times``: how often it has moved before.
    """
    moves = Counter({before: fen})
    moves[after] -= fen
    return _draft("refund.move", f"refund/{number}", moves, number=times + 1)


def decided(
    claim: int, payer: str, claimed_fen: int, approved_fen: int, carrier: str, times: int = 0
) -> Draft:
    """
    The payer owes what it has approved; what it refuses, the carrier bears.

    ``times``: how often it was decided on before.
    """
    moves = {
        accounts.payer(payer, "delivered"): -claimed_fen,
        accounts.payer(payer, "owes"): approved_fen,
        carrier: claimed_fen - approved_fen,
    }
    return _draft("claim.decide", f"claim/{claim}", moves, number=times + 1)


def undecided(
    claim: int, payer: str, open_fen: int, undone_fen: int, carrier: str, times: int = 0
) -> Draft:
    """
    The payer has to decide on ``open_fen`` again, of which it owed ``undone_fen``: nothing after an
    appeal, which lets stand what was approved. The carrier bears the rest no more.
    """
    moves = {
        accounts.payer(payer, "delivered"): open_fen,
        accounts.payer(payer, "owes"): -undone_fen,
        carrier: undone_fen - open_fen,
    }
    return _draft("claim.reopen", f"claim/{claim}", moves, number=times + 1)


def returned(cause: UUID, before: Billed, after: Kept) -> Draft:
    """
    Something came back: the pharmacy has earned less, everybody pays less.

    A payer that has not decided has less to decide on. One that has, gets back what it approved
    above its share of what is kept; the rest of the difference it had refused, and whoever carried
    that carries it no more.
    """
    moves = Counter({accounts.patient(before.patient): after.patient_fen - before.patient_fen})
    for slug, fen in before.at_payment.items():
        moves[accounts.payer(slug, "share")] -= fen - after.at_payment.get(slug, 0)
    for slug, fen in before.payers.items():
        less = fen - after.payers.get(slug, 0)
        back = after.back.get(slug, 0)
        rest = after.carriers.get(slug) or accounts.payer(slug, "delivered")
        moves[accounts.payer(slug, "reversing")] -= back
        moves[rest] -= less - back
    moves[accounts.pharmacy(before.pharmacy, "earned")] -= sum(moves.values())
    return _draft("bill.return", f"return/{cause.hex}", moves)


def reversed_(reversal: UUID, payer: str, fen: int, *, settled: bool) -> Draft:
    """The payer accepts what comes back: it owes less, or was paid for and is owed it back."""
    to = accounts.payer(payer, "back" if settled else "owes")
    moves = {accounts.payer(payer, "reversing"): fen, to: -fen}
    return _draft("claim.reverse", f"reversal/{reversal.hex}", moves)


def settled(settlement: UUID, payer: str, pharmacy: str, fen: int) -> Draft:
    """The payer has paid the pharmacy."""
    moves = {accounts.pharmacy(pharmacy, "settled"): fen, accounts.payer(payer, "owes"): -fen}
    return _draft("settlement.pay", f"settlement/{settlement.hex}", moves)


def clawed_back(clawback: UUID, payer: str, pharmacy: str, fen: int) -> Draft:
    """The pharmacy has given it back to the payer."""
    moves = {accounts.payer(payer, "back"): fen, accounts.pharmacy(pharmacy, "settled"): -fen}
    return _draft("clawback.pay", f"clawback/{clawback.hex}", moves)


def rewarded(number: str, organisation: str, fen: int) -> Draft:
    """A reward has arrived at a patient, for data that the organisation used."""
    moves = {accounts.rewards(organisation): fen, accounts.WECHAT: -fen}
    return _draft("reward.pay", f"transfer/{number}", moves)


def _shares(bill: Billed, which: str, sign: int) -> Mapping[str, int]:
    of_payers = {accounts.payer(slug, which): sign * fen for slug, fen in bill.payers.items()}
    of_fund = {accounts.payer(slug, "share"): sign * n for slug, n in bill.at_payment.items()}
    return {accounts.patient(bill.patient): sign * bill.patient_fen, **of_payers, **of_fund}


def _of_fund(fund: Mapping[str, int], to: str, of: str) -> Iterable[Mapping[str, int]]:
    return ({accounts.payer(s, to): n, accounts.payer(s, of): -n} for s, n in fund.items())


def _of(bill: Billed, which: str, sign: int) -> Mapping[str, int]:
    return {accounts.pharmacy(bill.pharmacy, which): sign * bill.total_fen}


def _draft(kind: str, cause: str, *moves: Mapping[str, int], number: int = 1) -> Draft:
    together = Counter[str]()
    for some in moves:
        together.update(some)
    return Draft(kind, cause, {name: fen for name, fen in together.items() if fen}, number)
