"""Prescriptions are played, then the network is given ML-DSA-44 keys, and more are played."""

from pathlib import Path

import pytest

from config.sample import loader
from ledger import note as notes
from ledger.cosignature import Algorithm
from ledger.policy import Policy, final_head
from tests.crashes.runs import python

SETTINGS: tuple[dict[str, str], ...] = ({}, {"RX_POST_QUANTUM": "1"}, {})


@pytest.mark.slow
@pytest.mark.alone
def test_a_network_that_runs_goes_over_to_two_algorithms(home: Path):
    """Every receipt holds, before and after; switched off again, the keys go on signing."""
    home.mkdir()
    lines = loader.PRESCRIPTIONS.read_bytes().splitlines(keepends=True)
    seen = []
    for number, env in enumerate(SETTINGS):
        file = home.parent / f"f{number}"
        file.write_bytes(b"".join(lines[number * 3 : number * 3 + 3]))
        ran = python(home, "manage.py", "demo", str(file), **env)
        assert ran.returncode == 0, ran.stdout[-4000:]
        assert "Every expectation held." in ran.stdout
        checkpoint = (home / "log/checkpoint").read_bytes()
        policy = Policy.parse((home / "policy").read_bytes())
        final = final_head(checkpoint, policy)
        signed = {policy.witnesses[name].verifier.algorithm for name in final.cosigned}
        seen.append((final.head.size, signed, len(notes.parse(checkpoint).signatures)))
    (first, before, _), (second, on, most), (third, off, _) = seen
    assert first < second < third
    assert before == {Algorithm.ED25519}
    assert on == off == set(Algorithm)
    assert most >= 2 + 2 * 6  # the log's two keys, and both of three witnesses and validators
