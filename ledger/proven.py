"""
What receipt files say together about one subject: all its entries from the first one on.

One file shows that an entry is in the log; only the unbroken chain shows what came before it. That
nothing came after the last one no file can show.
"""

from __future__ import annotations

from collections.abc import Iterable

from ledger import receiptfile
from ledger.entry import leaf_hash
from ledger.policy import Policy
from ledger.receiptfile import Verified


class BadEvidence(ValueError):
    """The files do not prove what they should; the message says where."""


def entries(files: Iterable[bytes], subject: str, policy: Policy) -> list[Verified]:
    """
    Verify the receipt files of all entries about ``subject``, the first one first; offline.

    Raises:
        BadEvidence: a file does not hold, or the entries are not those about the subject in order.
    """
    found: list[Verified] = []
    leaf = b""
    for number, file in enumerate(files, 1):
        try:
            one = receiptfile.verify(file, policy)
        except ValueError as fault:
            raise BadEvidence(f"entry {number} is not proven: {fault}") from fault
        statement = one.statement
        if statement.subject != subject:
            raise BadEvidence(f"entry {number} is about something else")
        if (statement.version, statement.prev) != (number, leaf):
            raise BadEvidence(f"entry {number} does not follow its predecessor")
        found.append(one)
        leaf = leaf_hash(receiptfile.read(file).entry)
    return found
