"""Two heads that cannot both be: whoever has both can show it, and nobody can show it falsely."""

import os
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from config import home
from ledger import evidence, exhibit, members, merkle, note, splitview, views
from ledger.exhibit import NotShown
from ledger.policy import Policy
from ledger.treehead import TreeHead
from ledger.views import View
from tests.ledger.logs import Memory
from tests.ledger.witnessed import WatchedLog, bits, published, written

SIZES = st.integers(2, 70)


def shown(one: bytes, other: bytes, policy: Policy, reader: Memory | None = None) -> bytes:
    """The evidence, which there is."""
    found = splitview.compare(one, other, policy, reader)
    assert found is not None
    return found


def forked(at: int, size: int) -> tuple[WatchedLog, WatchedLog]:
    """Two histories of one log; entry ``at`` is the first in which they differ."""
    one, other = WatchedLog().fill(size), WatchedLog().fill(size)
    other.entries[at] = b"another"
    return one, other


@given(SIZES, SIZES, st.data())
@settings(deadline=None)
def test_any_two_heads_of_two_histories_make_evidence(a, b, data):
    """L4: whatever their sizes, and wherever the histories part."""
    small, large = sorted((a, b))
    one, other = forked(data.draw(st.integers(0, small - 1)), 70)
    heads = (one.checkpoint(small), other.checkpoint(large))
    found = shown(*heads, one.policy(), other.files(large))
    assert found == shown(heads[1], heads[0], one.policy(), other.files(large))
    finding = evidence.verify(found, one.policy())
    assert finding.origin == one.origin
    assert finding.witnesses == tuple(one.verifier.name for one in one.witnesses)


@given(SIZES, SIZES)
@settings(deadline=None)
def test_two_heads_of_one_history_make_none(a, b):
    one = WatchedLog().fill(70)
    heads = (one.checkpoint(a), one.checkpoint(b, at_s=1))
    assert splitview.compare(*heads, one.policy(), one.files(max(a, b))) is None


@given(SIZES, SIZES, st.lists(st.integers(0, 69), max_size=8), st.integers(0, 3))
@settings(deadline=None)
def test_an_honest_log_cannot_be_framed(a, b, places, kind):
    """L4: with no path made of its hashes, roots or anything else."""
    honest = WatchedLog().fill(70)
    small, large = sorted((a, b))
    assume(small < large)
    source = honest.source(large)
    true = splitview._path(small, _head(honest, large), honest.files(large))
    leaves = honest.leaves(large)
    paths = [
        [leaves[place % large] for place in places],
        true[: len(places)],
        [*true, *leaves[: len(places)]],
        [leaves[0], *true[1:]] if places else [source(_first(small)), *true],
    ]
    content = {
        "smaller": members.text(honest.checkpoint(small)),
        "larger": members.text(honest.checkpoint(large)),
        "path": members.joined(paths[kind]),
    }
    with pytest.raises((NotShown, note.Malformed)):
        splitview.verify(exhibit.encode(splitview.FORMAT, content), honest.policy())


def _head(log: WatchedLog, size: int) -> TreeHead:
    return TreeHead.parse(note.parse(log.checkpoint(size)).text)


def _first(size: int):
    return merkle.Subtree(size.bit_length() - 1, 0)


def test_a_checkpoint_of_nobody_frames_nobody():
    """L3: whoever has not the log's key cannot sign its other history."""
    one = WatchedLog().fill(5)
    forged = WatchedLog().fill(9)
    forged.key = note.Signer.generate(one.origin)
    with pytest.raises(note.BadSignature):
        splitview.compare(one.checkpoint(), forged.checkpoint(), one.policy())
    content = {
        "smaller": members.text(one.checkpoint()),
        "larger": members.text(forged.checkpoint()),
        "path": members.joined(one.leaves(4)),
    }
    with pytest.raises(note.BadSignature):
        evidence.verify(exhibit.encode(splitview.FORMAT, content), one.policy())


def test_only_who_cosigned_both_has_lied():
    """L5: the honest witnesses of either history are not named."""
    one, other = forked(2, 9)
    heads = (one.checkpoint(7, by=(0, 1)), other.checkpoint(8, by=(1, 2, 3)))
    found = shown(*heads, one.policy(), other.files(8))
    finding = evidence.verify(found, one.policy())
    assert finding.witnesses == ("pharmacy/witness",)
    assert "vouched for both: pharmacy/witness" in finding.sentence
    alone = shown(one.checkpoint(7, by=()), other.checkpoint(7, by=(2,)), one.policy(), None)
    assert evidence.verify(alone, one.policy()).witnesses == ()


@pytest.mark.parametrize("root", [b"\x00" * 32, b"\xff" * 32])
@pytest.mark.parametrize("larger", [0, 5])
def test_a_root_of_nothing_that_is_not_the_empty_trees_is_a_lie(larger, root):
    """L2: size 0 has one root."""
    log = WatchedLog().fill(9)
    text = TreeHead(log.origin, 0, root).text()
    heads = (note.sign(text, log.key), log.checkpoint(larger))
    found = shown(*heads, log.policy())
    assert evidence.verify(found, log.policy()).origin == log.origin
    assert splitview.compare(log.checkpoint(0), log.checkpoint(larger), log.policy()) is None


def test_evidence_has_one_order():
    """K4: the smaller first; of one size, the smaller root."""
    one, other = forked(2, 9)
    for sizes in ((7, 7), (6, 7)):
        heads = (one.checkpoint(sizes[0]), other.checkpoint(sizes[1]))
        found = shown(*heads, one.policy(), other.files(7))
        content = exhibit.decode(found, splitview.FORMAT, "smaller", "larger", "path")
        content["smaller"], content["larger"] = content["larger"], content["smaller"]
        with pytest.raises(note.Malformed, match="order"):
            evidence.verify(exhibit.encode(splitview.FORMAT, content), one.policy())


def test_different_logs_may_differ():
    one, other = WatchedLog(), WatchedLog("other.example/log").fill(3)
    policy = one.policy().parse(f"log {other.key.verifier.vkey}\n".encode() + one.policy().text)
    heads = (one.checkpoint(), other.checkpoint())
    with pytest.raises(splitview.CannotCompare):
        splitview.compare(*heads, policy, other.files())
    content = {"smaller": heads[0].decode(), "larger": heads[1].decode(), "path": ""}
    with pytest.raises(NotShown, match="different logs"):
        evidence.verify(exhibit.encode(splitview.FORMAT, content), policy)


@pytest.mark.parametrize("sample", [400, pytest.param(None, marks=pytest.mark.slow)])
def test_no_bit_of_the_evidence_can_be_changed(sample):
    """L4: what is changed shows nothing, or names fewer witnesses."""
    one, other = forked(3, 9)
    for size in (9, 6):
        found = shown(one.checkpoint(size), other.checkpoint(9), one.policy(), other.files(9))
        whole = set(evidence.verify(found, one.policy()).witnesses)
        for changed in bits(found, sample):
            try:
                finding = evidence.verify(changed, one.policy())
            except ValueError:
                continue
            assert set(finding.witnesses) < whole
        for changed in bits(found[: found.index(b"hospital/witness")], sample):
            with pytest.raises(ValueError):  # noqa: PT011
                evidence.verify(changed + found[len(changed) :], one.policy())


@pytest.mark.parametrize(
    "data",
    [b"", b"smart-hospital/evidence/other/v1\n{}\n", b"\xff\n", b"smart-hospital/entry/v1\n{}\n"],
)
def test_other_files_are_no_evidence(data):
    with pytest.raises(note.Malformed):
        evidence.verify(data, WatchedLog().policy())


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_verifier(data):
    """D4: whatever follows the format's name."""
    policy = WatchedLog().policy()
    for form in (splitview.FORMAT, "smart-hospital/evidence/omission/v1"):
        with pytest.raises(ValueError):  # noqa: PT011
            evidence.verify(form.encode() + b"\n" + data, policy)


class TestViews:
    def test_of_one_history_agree(self):
        log = WatchedLog().fill(20)
        found = [View("log", log.checkpoint(20), log.files(20))]
        found += [View(f"w{size}", log.checkpoint(size)) for size in (3, 8, 20)]
        compared = views.compare(found, log.policy())
        assert (compared.evidence, compared.unclear) == (None, ())

    @pytest.mark.parametrize("size", [3, 12, 20])
    def test_of_two_histories_make_evidence(self, size):
        """L4: the regulator is shown another tree, and a witness tells."""
        log, fork = forked(2, 18)
        found = [
            View("log", log.checkpoint(20), log.files(20)),
            View("insurer", log.checkpoint(11)),
            View("regulator", fork.checkpoint(size)),
        ]
        compared = views.compare(found, log.policy())
        assert compared.evidence is not None
        assert evidence.verify(compared.evidence, log.policy()).origin == log.origin

    def test_are_unclear_until_the_log_has_grown_beyond_them(self):
        """L4: nobody serves the larger history's tiles yet."""
        log, fork = forked(2, 28)
        found = [
            View("log", log.checkpoint(20), log.files(20)),
            View("regulator", fork.checkpoint(25)),
        ]
        compared = views.compare(found, log.policy())
        assert compared.evidence is None
        assert "regulator" in compared.unclear[0]
        found[0] = View("log", log.checkpoint(30), log.files(30))
        assert views.compare(found, log.policy()).evidence is not None


class TestCommands:
    def test_views_writes_evidence_that_verify_accepts(self, tmp_path, capsys):
        """L4: from the published files and a suspect checkpoint to the sentence."""
        log, fork = forked(2, 18)
        folder = published(tmp_path / "log", log.files(20))
        written(tmp_path, suspect=fork.checkpoint(11), policy=log.policy().text)
        out, policy = tmp_path / "evidence", tmp_path / "policy"
        with pytest.raises(SystemExit) as ended:
            call_command(
                "monitor", "views", str(folder), str(tmp_path / "suspect"), out=out, policy=policy
            )
        assert ended.value.code == 1
        call_command("evidence", "verify", out, policy=policy)
        said = capsys.readouterr().out
        assert said.count("shows different histories") == 2
        with pytest.raises(CommandError, match="cannot be written"):
            call_command(
                "monitor", "views", str(folder), str(tmp_path / "suspect"), out=out, policy=policy
            )

    def test_views_of_one_history_are_said_to_be_one(self, tmp_path, capsys):
        log = WatchedLog().fill(18)
        files = log.files(20)
        folder = published(tmp_path / "log", Memory(files, signed=log.checkpoint(19)))
        written(tmp_path, policy=log.policy().text)
        call_command("monitor", "views", str(folder), policy=tmp_path / "policy")
        assert "OK       all of them belong to one history" in capsys.readouterr().out

    def test_views_that_cannot_be_read_or_compared_are_told(self, tmp_path, capsys):
        log, fork = forked(2, 28)
        folder = published(tmp_path / "log", log.files(20))
        suspect = written(tmp_path, suspect=fork.checkpoint(25), note=b"x") / "suspect"
        policy = written(tmp_path, policy=log.policy().text) / "policy"
        with pytest.raises(CommandError, match="no two views") as refusal:
            call_command("monitor", "views", str(tmp_path / "none"), str(folder), policy=policy)
        assert refusal.value.returncode == 2
        assert "nothing to read at" in capsys.readouterr().err
        with pytest.raises(CommandError, match="no checkpoint of this policy"):
            call_command("monitor", "views", str(tmp_path / "note"), policy=policy)
        with pytest.raises(SystemExit) as ended:
            call_command("monitor", "views", str(folder), str(suspect), policy=policy)
        assert ended.value.code == 3

    def test_verify_refuses_with_a_sentence(self, tmp_path):
        log = WatchedLog()
        written(tmp_path, evidence=b"nothing", policy=log.policy().text)
        with pytest.raises(CommandError, match="It shows nothing: not an evidence file"):
            call_command("evidence", "verify", tmp_path / "evidence", policy=tmp_path / "policy")

    @pytest.mark.parametrize("verb", ["receipt", "evidence"])
    def test_need_no_server_no_database_and_no_keys(self, verb, tmp_path):
        """L4, K2: one file and the policy of the home."""
        log, fork = forked(1, 3)
        entry = log.prescribe()
        contents = {
            "receipt": log.file(entry, 1, checkpoint=log.checkpoint()),
            "evidence": shown(log.checkpoint(4), fork.checkpoint(4), log.policy()),
        }
        log.entries[1] = WatchedLog().entries[1]
        written(tmp_path, file=contents[verb], policy=log.policy().text)
        command = [sys.executable, str(home.BASE / "manage.py"), verb, "verify", "file"]
        kept = {"PATH": os.environ["PATH"], "RX_HOME": str(tmp_path)}
        unreachable = {"DATABASE_URL": "postgres://127.0.0.1:1/none", "REDIS_URL": "redis://[::]:1"}
        for environment in (kept, {**kept, **unreachable}):
            ended = subprocess.run(
                command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
            )
            assert (ended.returncode, ended.stderr) == (0, "")
            assert ended.stdout.startswith(("OK", "SHOWN"))
        assert {path.name for path in tmp_path.iterdir()} == {"file", "policy"}
