"""
200 rounds of kill -9 against web, sequencer, signer, exporter, witnesses, PostgreSQL and Valkey.

A failure says its seed and round. To see it again:
``RX_SEED=<seed> RX_FIRST=<round> RX_COUNT=1 ./rx test --all -k rounds``.
"""

import os

import pytest

from tests.crashes import runs

pytestmark = [pytest.mark.slow, pytest.mark.alone]


def test_f1_f3_nothing_is_lost_doubled_or_reordered_in_200_rounds(home):
    """F1, F2, F3, L2, L7: whatever is killed, acknowledged entries stand once and in order."""
    report = runs.rounds(
        home,
        seed=int(os.environ.get("RX_SEED", "2026")),
        rounds=int(os.environ.get("RX_COUNT", "200")),
        first=int(os.environ.get("RX_FIRST", "0")),
    )
    assert report["faults"] == [], report
    assert len(report["killed"]) == int(os.environ.get("RX_COUNT", "200"))
    assert report["written"] > len(report["killed"])
