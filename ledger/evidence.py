"""Evidence files of every kind, checked offline with nothing but the policy."""

from collections.abc import Callable, Mapping

from ledger import exhibit, omission, splitview
from ledger.exhibit import Finding
from ledger.note import Malformed
from ledger.policy import Policy

_VERIFIERS: Mapping[str, Callable[[bytes, Policy], Finding]] = {
    splitview.FORMAT: splitview.verify,
    omission.FORMAT: omission.verify,
}


def verify(data: bytes, policy: Policy) -> Finding:
    """
    Check an evidence file; say what it shows.

    Raises:
        Malformed: not an evidence file of a known format.
        ValueError: as the module of the format says; the file shows nothing.
    """
    form = exhibit.form_of(data)
    if form not in _VERIFIERS:
        raise Malformed(f"unknown evidence: {form[:80]}")
    return _VERIFIERS[form](data, policy)
