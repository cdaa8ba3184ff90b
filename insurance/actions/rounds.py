"""What a task does for one row after the other: whatever happens to one keeps no other waiting."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from hospital.gateways.exchange import Unavailable

Row = TypeVar("Row")
log = logging.getLogger(__name__)


def each(rows: Iterable[Row], work: Callable[[Row], object], what: str) -> int:
    """
    Do ``work`` for each, until somebody outside does not answer; for how many it was done.

    Whoever gives ``rows`` puts what was tried last behind the others, so that this has its end in
    a round and not for ever. The log has the code or type of what fails: its text may hold data.
    """
    done = 0
    for row in rows:
        try:
            work(row)
        except Unavailable:
            log.warning("no answer about %s; they are asked about again later", what)
            break
        except Exception as fault:  # whatever it is, the others have their turn
            log.error("one of %s fails: %s", what, getattr(fault, "code", type(fault).__name__))
        else:
            done += 1
    return done
