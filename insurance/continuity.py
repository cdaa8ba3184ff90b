"""
Whether a copy goes back to the beginning of its line of logs. Pure.

A patient's entries stand in one line: a log that was frozen is continued by another, whose first
entry names origin, size and root of the one before (``ledger.succession``). The copy brings that
first entry of each log. So nobody leaves an older log out, or shows less of it than there was.

That a newer log was left out shows only by the policy, which names all logs that its holder knows.
"""

from __future__ import annotations

from collections.abc import Mapping

from hospital.fhir import Told
from ledger import succession
from ledger.note import Malformed
from ledger.opening import KIND
from ledger.treehead import TreeHead


class Broken(ValueError):
    """The logs of the copy are not one line from its beginning; the text says where not."""


def check(openings: Mapping[str, Told], covered: Mapping[str, int]) -> None:
    """
    Check the first entries of the logs; ``covered`` says how far the patient's list goes in each.

    Raises ``Broken``.
    """
    if set(openings) != set(covered):
        raise Broken("the first entry of a log is missing")
    before = {log: _before(log, told) for log, told in openings.items()}
    named = [one.origin for one in before.values() if one is not None]
    if len(set(named)) != len(named):
        raise Broken("two logs continue one")
    for log, head in before.items():
        if head is None:
            continue
        if head.origin not in covered:
            raise Broken(f"{log} continues {head.origin}, which was left out")
        if covered[head.origin] != head.size:
            raise Broken(f"{head.origin} ended with {head.size} entries, not all are covered")
    if len(named) != len(openings) - 1:
        raise Broken("the logs are not one line")


def _before(log: str, told: Told) -> TreeHead | None:
    said = told.statement
    if (told.log, told.index, said.kind) != (log, 0, KIND):
        raise Broken(f"this is not the first entry of {log}")
    try:
        return succession.named(said)
    except Malformed as error:
        raise Broken(str(error)) from error
