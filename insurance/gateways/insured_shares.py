"""
What a medical-insurance payment is made of, as values: shares that add up, the order, its state.

    total = gov + own + other + paid in cash + Σ reduced
    total = gov + own + other + cash of the settlement + Σ added
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Mix(StrEnum):
    """Who pays something of an order."""

    CASH_ONLY = "CASH_ONLY"
    INSURANCE_ONLY = "INSURANCE_ONLY"
    CASH_AND_INSURANCE = "CASH_AND_INSURANCE"


class UnevenShares(ValueError):
    """The parts of an order do not add up to its total, or nothing is to be paid."""


@dataclass(frozen=True, slots=True)
class Shares:
    """
    Who pays what, in whole fen. ``cash`` is what the fund's settlement leaves to the patient;
    ``freight`` is added to that, ``reduced`` is what the pharmacy lets off.
    """

    total: int
    gov: int = 0
    own: int = 0
    other: int = 0
    cash: int = 0
    freight: int = 0
    reduced: int = 0

    def __post_init__(self) -> None:
        parts = (self.gov, self.own, self.other, self.cash, self.freight, self.reduced)
        if min(parts) < 0 or self.total <= 0 or self.paid_in_cash < 0:
            raise UnevenShares("a negative share")
        if self.total != self.insured + self.cash + self.freight:
            raise UnevenShares("the shares are not the total")

    @property
    def insured(self) -> int:
        """What the fund pays, out of whatever."""
        return self.gov + self.own + self.other

    @property
    def paid_in_cash(self) -> int:
        """What WeChat Pay takes from the patient."""
        return self.cash + self.freight - self.reduced

    @property
    def mix(self) -> Mix:
        """
        The kind of order that these shares make.

        Raises:
            UnevenShares: nobody pays anything.
        """
        if self.insured and self.paid_in_cash:
            return Mix.CASH_AND_INSURANCE
        if not self.insured and not self.paid_in_cash:
            raise UnevenShares("nobody pays anything")
        return Mix.INSURANCE_ONLY if self.insured else Mix.CASH_ONLY


@dataclass(frozen=True, slots=True)
class MixedOrder:
    """
    What is to be paid; repeated unchanged, it stays the same order.

    ``settled_as`` and ``authorized_as`` are the fund's numbers of its settlement and of the
    person's consent (``pay_order_id``, ``pay_auth_no``); both empty if it pays nothing.
    ``relative``: name and identity number of the insured whom somebody else pays for.
    """

    out_trade_no: str
    serial_no: str
    shares: Shares
    openid: str
    name: str = field(repr=False)
    id_number: str = field(repr=False)
    city: str
    pharmacy_name: str
    pharmacy_code: str
    settled_as: str = ""
    authorized_as: str = field(default="", repr=False)
    settled_at: datetime | None = None
    prepay_id: str = ""
    relative: tuple[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class MixedState:
    """
    ``mix``: CREATED, SUCCESS, REFUND, FAIL. ``cash`` and ``insured`` the same, or NONE if that part
    does not exist. Shares as WeChat Pay has them; ``paid_at`` is None until it is paid.
    """

    mix_trade_no: str
    out_trade_no: str
    mix: str
    cash: str
    insured: str
    total_fen: int
    insured_fen: int
    cash_fen: int
    appid: str
    openid: str
    paid_at: datetime | None


def id_digest(id_number: str) -> str:
    """
    The digest of an identity number that WeChat Pay wants: MD5, its last letter a capital.

    >>> id_digest("44030019000101123x")
    '09eb26e839ff3a2e3980352ae45ef09e'
    """
    return hashlib.md5(id_number.upper().encode(), usedforsecurity=False).hexdigest()
