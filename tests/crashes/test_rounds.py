"""
Rounds of kill -9 against web, sequencer, signer, exporter, witnesses, PostgreSQL and Valkey.

Sixty, which every change to the project can bear; ``RX_COUNT=200`` is what one lets run at night.
A failure says its seed and round. To see it again:
``RX_SEED=<seed> RX_FIRST=<round> RX_COUNT=1 ./rx test --all -k rounds``.
"""

import os

import pytest

from tests.crashes import runs

ROUNDS = int(os.environ.get("RX_COUNT", "60"))
pytestmark = [pytest.mark.slow, pytest.mark.alone]


def test_f1_f3_nothing_is_lost_doubled_or_reordered(home):
    """F1, F2, F3, L2, L7: whatever is killed, acknowledged entries stand once and in order."""
    report = runs.rounds(
        home,
        seed=int(os.environ.get("RX_SEED", "2026")),
        rounds=ROUNDS,
        first=int(os.environ.get("RX_FIRST", "0")),
    )
    assert report["faults"] == [], report
    assert len(report["killed"]) == ROUNDS
    assert report["written"] > len(report["killed"])
