"""The sample network with Ed25519 and ML-DSA-44: who signs by both, and what is never undone."""

import time
from itertools import combinations
from pathlib import Path

import pytest

from config import witnesses
from ledger import keyfile, note, treehead
from ledger.cosignature import Algorithm
from ledger.policy import NotFinal, Policy, final_head

ON = {"RX_POST_QUANTUM": "1"}
WEB = "http://127.0.0.1:1"


def prepared(home: Path, env: dict[str, str]) -> Policy:
    witnesses.prepare(home, WEB, env)
    return Policy.parse((home / "policy").read_bytes())


def checkpoint(home: Path) -> bytes:
    """Signed by both keys of the first log."""
    text = treehead.TreeHead(witnesses.ORIGIN, 5, b"r" * 32).text()
    second = keyfile.second_log_key(home / "keys")
    assert second is not None
    own = keyfile.load(home / "keys" / keyfile.LOG_KEY).sign(text)
    return note.assemble(text, [own, second.cosign(text, int(time.time()))])


def cosigned(home: Path, organisations: list[witnesses.Organisation], *by: Algorithm) -> bytes:
    """The checkpoint with these organisations' cosignatures of both roles, by these algorithms."""
    parsed = note.parse(checkpoint(home))
    keys = [
        key
        for one in organisations
        for role in witnesses.GROUPS
        for key in one.home.cosigners(role)
        if key.verifier.algorithm in by
    ]
    lines = [one.line() for one in parsed.signatures]
    return note.assemble(
        parsed.text, [*lines, *(key.cosign(parsed.text, int(time.time())) for key in keys)]
    )


@pytest.fixture
def made(tmp_path) -> list[witnesses.Organisation]:
    return witnesses.prepare(tmp_path, WEB, ON)


def test_every_log_and_every_witness_has_both_keys(tmp_path, made):
    policy = Policy.parse((tmp_path / "policy").read_bytes())
    for name in (witnesses.ORIGIN, f"{witnesses.ORIGIN}/national"):
        assert [
            len(one.verifier.public_key) for one in policy.logs if one.verifier.name == name
        ] == [
            32,
            1312,
        ]
    kinds = [one.verifier.algorithm for one in policy.witnesses.values()]
    assert kinds == list(Algorithm) * 8
    for one in made:
        assert [len(log.vkeys) for log in one.home.logs] == [2, 2]


def test_three_of_four_organisations_with_both_keys_make_it_final(tmp_path, made):
    policy = Policy.parse((tmp_path / "policy").read_bytes())
    for three in combinations(made, 3):
        assert final_head(cosigned(tmp_path, list(three), *Algorithm), policy).head.size == 5
    for two in combinations(made, 2):
        with pytest.raises(NotFinal):
            final_head(cosigned(tmp_path, list(two), *Algorithm), policy)


@pytest.mark.parametrize("broken", list(Algorithm))
def test_one_broken_algorithm_speaks_for_nobody(tmp_path, made, broken):
    """Whoever forges all signatures by one algorithm makes nothing final: no downgrade."""
    policy = Policy.parse((tmp_path / "policy").read_bytes())
    with pytest.raises(NotFinal):
        final_head(cosigned(tmp_path, made, broken), policy)


def test_it_is_switched_on_for_a_network_that_runs_and_never_off(tmp_path):
    """No key is made again or taken away, so the setting alone cannot weaken the policy."""
    before = prepared(tmp_path, {})
    assert {one.verifier.algorithm for one in before.witnesses.values()} == {Algorithm.ED25519}
    on = prepared(tmp_path, ON)
    kept = {one.verifier.vkey for one in before.witnesses.values()}
    assert kept < {one.verifier.vkey for one in on.witnesses.values()}
    assert {one.verifier.vkey for one in before.logs} < {one.verifier.vkey for one in on.logs}
    assert prepared(tmp_path, {}).agreement() == on.agreement()
