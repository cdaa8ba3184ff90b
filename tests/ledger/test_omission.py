"""Was the entry there in time? The log's own promise and a quorum's clocks say so, nobody else."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import evidence, exhibit, members, merkle, note, omission, promise, receipt
from ledger.cosignature import Cosigner
from ledger.entry import leaf_hash
from ledger.exhibit import NotShown
from ledger.policy import NotFinal, Policy
from tests.ledger.witnessed import NOON, NOON_S, WatchedLog, bits, published, signer, written

DELAY_S = 60
LONG_BEFORE, LONG_AFTER = NOON_S - DELAY_S - 4, NOON_S + 2 * DELAY_S + 1
MISSING = b"the entry that is left out"
NAMES = ("promise", "checkpoint", "opening", "opening_proof", "since", "edge", "leaves")


@pytest.fixture
def watched() -> WatchedLog:
    return WatchedLog().fill(11)


def look(log: WatchedLog, at_s: int = LONG_AFTER, entry: bytes = MISSING, since=None, **times):
    """What a monitor finds, given the promise of noon and a checkpoint cosigned at ``at_s``."""
    files = log.files(checkpoint=log.checkpoint(at_s=at_s, **times))
    return omission.look(log.promise(entry), log.policy(), files, since)


def broken(log: WatchedLog, since_size: int = 0) -> bytes:
    since = log.checkpoint(since_size, at_s=LONG_BEFORE) if since_size else None
    found = look(log, since=since)
    assert isinstance(found, omission.Broken)
    return found.evidence


def changed(data: bytes, **content) -> bytes:
    """Evidence in which these members are others."""
    return exhibit.encode(
        omission.FORMAT, {**exhibit.decode(data, omission.FORMAT, *NAMES), **content}
    )


@pytest.mark.parametrize("since", [0, 1, 7, 8, 12, 13])
def test_a_broken_promise_makes_evidence(watched, since):
    """L2: with an older checkpoint or without."""
    data = broken(watched, since)
    finding = evidence.verify(data, watched.policy())
    assert finding.origin == watched.origin
    assert leaf_hash(MISSING).hex() in finding.sentence
    hashes = members.hashes(exhibit.decode(data, omission.FORMAT, *NAMES)["leaves"])
    assert len(hashes) == 13 - since


def test_a_kept_promise_is_found_by_its_index(watched):
    assert look(watched, entry=watched.entries[5]) == omission.Kept(5)
    since = watched.checkpoint(4, at_s=LONG_BEFORE)
    assert look(watched, entry=watched.entries[5], since=since) == omission.Kept(5)


def test_a_log_of_many_tiles_is_looked_through():
    log = WatchedLog().fill(700)
    for index in (255, 256, 511, 701):
        assert look(log, entry=log.entries[index]) == omission.Kept(index)
        since = log.checkpoint(index, at_s=LONG_BEFORE)
        assert look(log, entry=log.entries[index], since=since) == omission.Kept(index)
    assert isinstance(look(log, since=log.checkpoint(300, at_s=LONG_BEFORE)), omission.Broken)


def test_before_the_clocks_of_a_quorum_say_so_nothing_is_broken(watched):
    """L5: two merge delays, by three witnesses of four; one late witness is not enough."""
    pending = omission.Pending(NOON + timedelta(seconds=2 * DELAY_S))
    assert look(watched, LONG_AFTER - 4) == pending
    assert look(watched, LONG_AFTER - 1, by=(0, 1, 2)) == pending
    assert look(watched, LONG_AFTER - 3) == pending
    assert isinstance(look(watched, LONG_AFTER - 1), omission.Broken)
    assert isinstance(look(watched, LONG_AFTER, by=(0, 1, 2)), omission.Broken)


def test_an_older_checkpoint_that_is_not_old_enough_is_left_aside(watched):
    """L5: the entry may stand in it."""
    for at_s, is_old in ((NOON_S - DELAY_S - 3, True), (NOON_S - DELAY_S - 2, False)):
        since = watched.checkpoint(7, at_s=at_s, by=(0, 1, 2))
        data = look(watched, since=since).evidence
        assert (exhibit.decode(data, omission.FORMAT, *NAMES)["since"] != "") == is_old
    young = watched.checkpoint(7, at_s=NOON_S - DELAY_S)
    data = broken(watched, 7)
    with pytest.raises(NotShown, match="not older"):
        evidence.verify(changed(data, since=young.decode()), watched.policy())


# How far witnesses' clocks are ahead of the database's: a merge delay at most, either way.
SKEWS = st.lists(st.integers(-DELAY_S, DELAY_S), min_size=4, max_size=4)
QUORUMS = st.sets(st.integers(0, 3), min_size=3)


@given(SKEWS, QUORUMS, st.integers(0, DELAY_S), st.integers(0, 2), st.integers(0, 400))
@settings(deadline=None)
def test_an_honest_operator_cannot_be_framed(skews, quorum, took_s, behind, idle_s):
    """
    L5: not by clocks that differ by a merge delay, though he takes all of the merge delay.

    Two witnesses have cosigned the tree with the entry ``took_s`` after it was stored, and no
    smaller one since. One is behind, and cosigns the smaller one whenever it is asked. One lies.
    """
    log = WatchedLog().fill(4)
    times = [NOON_S + took_s + skew for skew in skews]
    times[behind] = times[3] = NOON_S + idle_s
    found = omission.look(
        log.promise(MISSING), log.policy(), log.files(checkpoint=cosigned(log, 6, times, quorum))
    )
    assert isinstance(found, omission.Pending)


@given(SKEWS, QUORUMS, st.integers(0, 400))
@settings(deadline=None)
def test_an_entry_cannot_be_hidden_in_an_older_tree(skews, quorum, early_s):
    """L5: no honest clock, a merge delay behind at most, is so early. One witness lies."""
    log = WatchedLog().fill(11)
    times = [NOON_S + skew for skew in skews[:3]] + [NOON_S - early_s]
    data = broken(log, 8)
    content = {
        "promise": log.promise(log.entries[5]).decode(),
        "since": cosigned(log, 8, times, quorum).decode(),
    }
    with pytest.raises(NotShown, match="not older"):
        evidence.verify(changed(data, **content), log.policy())


def cosigned(log: WatchedLog, size: int, times: list[int], by: set[int]) -> bytes:
    """A checkpoint that these witnesses cosigned, each at its own time."""
    text = note.parse(log.checkpoint(size, by=())).text
    lines = [log.witnesses[one].cosign(text, times[one]) for one in sorted(by)]
    return note.assemble(text, [log.key.sign(text), *lines])


def test_a_kept_promise_makes_no_evidence(watched):
    """L5: an honest operator's entry, and evidence from which its leaf was cut."""
    data = broken(watched)
    there = watched.promise(watched.entries[5])
    with pytest.raises(NotShown, match="was kept"):
        evidence.verify(changed(data, promise=there.decode()), watched.policy())
    leaves = watched.leaves()
    for forged in (leaves[:5] + leaves[6:], [*leaves[:5], b"x" * 32, *leaves[6:]], leaves[:-1]):
        content = {"promise": there.decode(), "leaves": members.joined(forged)}
        with pytest.raises(NotShown, match="not those of the checkpoint"):
            evidence.verify(changed(data, **content), watched.policy())


def test_an_edge_that_swallows_the_entry_is_found(watched):
    """L5: the older tree's edge must be that of a final checkpoint."""
    data = broken(watched, 4)
    source = watched.source()
    edge = [source(merkle.Subtree(2, 0)), source(merkle.Subtree(1, 2))]
    there = watched.promise(watched.entries[5])
    content = {"promise": there.decode(), "edge": members.joined(edge)}
    content["leaves"] = members.joined(watched.leaves()[6:])
    for since in ("", watched.checkpoint(4, at_s=LONG_BEFORE).decode()):
        with pytest.raises(NotShown):
            evidence.verify(changed(data, **content, since=since), watched.policy())
    content["since"] = watched.checkpoint(6, at_s=LONG_BEFORE, by=(0, 3)).decode()
    with pytest.raises(NotFinal):
        evidence.verify(changed(data, **content), watched.policy())


def test_an_older_tree_that_the_log_does_not_extend_is_told(watched):
    """L2: that is a split view, and evidence of another kind."""
    fork = WatchedLog().fill(11)
    fork.entries[3] = b"another"
    since = fork.checkpoint(5, at_s=LONG_BEFORE)
    with pytest.raises(NotShown, match="edge"):
        look(watched, since=since)
    with pytest.raises(NotShown, match="edge"):
        evidence.verify(changed(broken(watched, 5), since=since.decode()), watched.policy())


def test_only_the_logs_own_key_for_promises_binds_it(watched):
    """L3: a forged promise, a forged opening, and a promise in another log's name."""
    data = broken(watched)
    forger = note.Signer.generate(f"{watched.origin}/promise")
    forged = promise.make(forger, leaf=leaf_hash(MISSING), at=NOON, merge_delay_s=1)
    with pytest.raises(note.BadSignature):
        evidence.verify(changed(data, promise=forged.decode()), watched.policy())
    watched.services["promise"] = forger
    keys = {"service_keys": {"promise": forger.verifier.vkey}}
    opening = watched.say("log", "log.open", keys, watched.key).decode()
    with pytest.raises(receipt.NotIncluded):
        evidence.verify(changed(data, promise=forged.decode(), opening=opening), watched.policy())


def test_a_log_cannot_break_promises_in_another_logs_name():
    """L3: mallory's log names as its own a key called as the victim's."""
    mallory = WatchedLog("mallory.example/log")
    key = signer("victim.example/log/promise")
    mallory.entries.clear()
    mallory.services["promise"] = key
    mallory.say("log", "log.open", {"service_keys": {"promise": key.verifier.vkey}}, mallory.key)
    with pytest.raises(NotShown, match="not opened with a key mallory"):
        look(mallory)


def test_without_witnesses_there_is_no_clock(watched):
    """L5: the log's word alone shows nothing against it, nor for it."""
    data = broken(watched)
    alone = Policy.of_log(watched.key.verifier)
    with pytest.raises(NotShown, match="no quorum"):
        evidence.verify(data, alone)
    assert isinstance(
        omission.look(watched.promise(MISSING), alone, watched.files()), omission.Pending
    )


def test_strangers_clocks_do_not_count(watched):
    """L5: cosigners whom the policy does not know."""
    data = broken(watched)
    stranger = Cosigner.generate("stranger/witness")
    text = note.parse(watched.checkpoint()).text
    lines = [watched.key.sign(text), stranger.cosign(text, LONG_AFTER)]
    checkpoint = note.assemble(text, lines).decode()
    with pytest.raises(NotFinal):
        evidence.verify(changed(data, checkpoint=checkpoint), watched.policy())


def test_tiles_of_another_tree_are_told(watched):
    """L1: a changed leaf is neither kept nor broken."""
    files = watched.files(checkpoint=watched.checkpoint(at_s=LONG_AFTER))
    path = "tile/0/000.p/13"
    files[path] = files[path][:-1] + b"x"
    with pytest.raises((NotShown, receipt.NotIncluded)):
        omission.look(watched.promise(MISSING), watched.policy(), files)


@pytest.mark.parametrize("sample", [500, pytest.param(None, marks=pytest.mark.slow)])
def test_no_bit_of_the_evidence_can_be_changed(watched, sample):
    """L2: where every witness is needed."""
    data = broken(watched, 4)
    policy = watched.policy("4")
    evidence.verify(data, policy)
    for candidate in bits(data, sample):
        with pytest.raises(ValueError):  # noqa: PT011
            evidence.verify(candidate, policy)


class TestCommand:
    def run(self, tmp_path, log: WatchedLog, entry: bytes, at_s: int, **options) -> int:
        folder = tmp_path / "log"
        published(folder, log.files(checkpoint=log.checkpoint(at_s=at_s)))
        since = log.checkpoint(4, at_s=LONG_BEFORE)
        written(tmp_path, promise=log.promise(entry), policy=log.policy().text, since=since)
        places = {"log": str(folder), "policy": tmp_path / "policy", "out": tmp_path / "evidence"}
        try:
            call_command("monitor", "promise", tmp_path / "promise", **places, **options)
        except SystemExit as ended:
            return int(ended.code or 0)
        return 0

    def test_tells_kept_pending_and_broken_apart(self, watched, tmp_path, capsys):
        """L2: and only the last one writes evidence."""
        assert self.run(tmp_path, watched, watched.entries[5], LONG_AFTER) == 0
        assert "KEPT     the entry is number 5" in capsys.readouterr().out
        assert self.run(tmp_path, watched, MISSING, NOON_S) == 3
        assert "ask after 2026-11-23T12:02:00" in capsys.readouterr().out
        assert not (tmp_path / "evidence").exists()
        assert self.run(tmp_path, watched, MISSING, LONG_AFTER, since=tmp_path / "since") == 1
        assert "without it" in capsys.readouterr().out
        call_command("evidence", "verify", tmp_path / "evidence", policy=tmp_path / "policy")
        assert "SHOWN  The log watched.example/log promised" in capsys.readouterr().out

    def test_what_cannot_be_checked_is_neither(self, watched, tmp_path):
        """L5: an unfinished checkpoint, a folder without one, a file that is no promise."""
        few = watched.files(checkpoint=watched.checkpoint(by=(0,)))
        contents = {"promise": watched.promise(MISSING), "policy": watched.policy().text}
        written(tmp_path, **contents, other=b"x")
        empty = tmp_path / "empty"
        empty.mkdir()
        for log, file in (
            (published(tmp_path / "few", few), "promise"),
            (empty, "promise"),
            (published(tmp_path / "whole", watched.files()), "other"),
        ):
            with pytest.raises(CommandError, match="cannot be checked") as refusal:
                call_command(
                    "monitor", "promise", tmp_path / file, log=str(log), policy=tmp_path / "policy"
                )
            assert refusal.value.returncode == 2
        with pytest.raises(CommandError, match="no such folder"):
            call_command(
                "monitor", "promise", tmp_path / "promise", log="none", policy=tmp_path / "policy"
            )
