"""
The accounts of the journal: names, as plain-text accounting writes them, from the owner down.

A positive balance is a debit (somebody owes, or money lies there), a negative one a credit. Nobody
opens an account: the first posting to a name does. A patient is an opaque identifier and no more.

| account | what its balance is |
|---|---|
| ``patient:ID`` | what the patient still pays; negative: has paid and is not told of as owed back |
| ``payer:SLUG:promised`` | its shares of bills of which nothing is delivered yet |
| ``payer:SLUG:delivered`` | its shares of what was delivered, undecided |
| ``payer:SLUG:share`` | what a fund still pays with patients; negative: as a patient's |
| ``payer:SLUG:paid`` | what it has paid with patients, less what it has taken back |
| ``payer:SLUG:owes`` | what it has approved and not settled |
| ``payer:SLUG:reversing`` | negative: what it gets back and has not accepted |
| ``payer:SLUG:back`` | negative: what the pharmacies owe it back, until a clawback |
| ``pharmacy:SLUG:reserved`` | negative: what open bills will bring it |
| ``pharmacy:SLUG:earned`` | negative: what was delivered and kept, its revenue |
| ``pharmacy:SLUG:settled`` | clearing of settlements: paid to it, less clawed back |
| ``pharmacy:SLUG:carries``, ``operator:carries`` | refused shares, by who carries them |
| ``wechat`` | clearing at WeChat Pay: what patients paid, less refunds and rewards that arrived |
| ``refunds:due``, ``refunds:failed`` | negative: owed back to patients and funds, and not arrived |
| ``rewards:SLUG`` | rewards paid for data that this organisation has used |

Source: docs/decisions/0054-the-journal.md.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

NAME: Final = r"^[a-z]+(:[^:\s]+){0,2}$"
WECHAT: Final = "wechat"
REFUNDS_DUE: Final = "refunds:due"
REFUNDS_FAILED: Final = "refunds:failed"
OPERATOR_CARRIES: Final = "operator:carries"
OF_PAYERS: Final = ("promised", "share", "paid", "delivered", "owes", "reversing", "back")
OF_PHARMACIES: Final = ("reserved", "earned", "settled", "carries")


def patient(account: UUID) -> str:
    return f"patient:{account.hex}"


def payer(slug: str, which: str) -> str:
    assert which in OF_PAYERS
    return f"payer:{slug}:{which}"


def pharmacy(slug: str, which: str) -> str:
    assert which in OF_PHARMACIES
    return f"pharmacy:{slug}:{which}"


def rewards(slug: str) -> str:
    return f"rewards:{slug}"


def of_organisation(slug: str) -> list[str]:
    """All accounts that are, or would be, an organisation's own; nobody else reads them."""
    return [
        *(pharmacy(slug, which) for which in OF_PHARMACIES),
        *(payer(slug, which) for which in OF_PAYERS),
        rewards(slug),
    ]
