"""
A payer's entries about what is owed are made one after the other.

Two transactions that met at a row might else stand in the log in the other order: the sequencer
orders by transaction ids, which are given when a transaction first writes or locks a row.
"""

from __future__ import annotations

from typing import Final

from django.db import connection

from hospital.roles import Actor

LOCKS: Final = 0x7ED


def in_turn(by: Actor) -> None:
    """Wait for the payer's other entries about what is owed; the first thing that each does."""
    in_turn_of(by.organisation_id)


def in_turn_of(*payers: int) -> None:
    """
    The same for what somebody else enters about what these payers owe.

    They are waited for in one order, so that no two wait for each other.
    """
    with connection.cursor() as cursor:
        for payer in sorted(payers):
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCKS, payer])
