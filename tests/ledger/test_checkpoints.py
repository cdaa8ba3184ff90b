"""The signer extends what it signed before, or refuses; publishing survives every interruption."""

import shutil
import threading
from pathlib import Path

import pytest
from django.db import connection

from ledger import (
    checkpoints,
    inspection,
    merkle,
    note,
    publication,
    queries,
    receipt,
    stored,
    treehead,
)
from ledger.models import Checkpoint
from ledger.policy import Policy
from ledger.publication import Refused
from tests.ledger.logs import ALog


def sizes(log: ALog) -> list[int]:
    rows = Checkpoint.objects.filter(log_id=log.id).order_by("size")
    return list(rows.values_list("size", flat=True))


def verify_published(log: ALog) -> None:
    summary = inspection.published(log.origin, log.folder, lambda done, total: None)
    assert summary.strays == ()


@pytest.mark.parametrize("steps", [[1, 1, 1], [254, 1, 1], [300], [100, 500, 3]], ids=str)
def test_publishes_what_verifies_at_every_size(log, steps):
    for step in steps:
        log.append_many(step)
        head = log.checkpoint()
        verify_published(log)
        assert head.size == sizes(log)[-1]


def test_signs_nothing_new_while_the_log_does_not_grow(log):
    first = log.checkpoint()

    assert log.checkpoint() == first
    assert sizes(log) == [2]


def test_has_nothing_to_sign_before_the_first_leaf(log):
    assert checkpoints.advance(log.signer, log.folder) is None


def test_refuses_a_head_that_became_smaller(log):
    """L2: the tail is cut off after it was signed; the signer never signs a smaller tree."""
    log.append_many(5)
    log.checkpoint()
    log.forge("DELETE FROM ledger_leaf WHERE log_id = %s AND seq >= 4", log.id)
    log.forge("UPDATE ledger_head SET size = 4 WHERE log_id = %s", log.id)

    with pytest.raises(Refused, match="4 leaves, 7 have been signed"):
        checkpoints.advance(log.signer, log.folder)
    assert sizes(log) == [7]


def test_refuses_a_tail_that_was_cut_off_and_grown_again(log):
    """L2: the head's size fits, its root does not extend what was signed."""
    log.append_many(5)
    log.checkpoint()
    log.forge("DELETE FROM ledger_leaf WHERE log_id = %s AND seq >= 4", log.id)
    edge = merkle.split_hashes(stored.leaves(log.id, 0, 4))
    log.forge(
        "UPDATE ledger_head SET size = 4, edge = %s, snap = pg_current_snapshot()"
        " WHERE log_id = %s",
        b"".join(merkle.extend(0, [], edge)),
        log.id,
    )
    log.append_many(9)
    assert log.sequence() == 9

    with pytest.raises(Refused, match="does not extend"):
        checkpoints.advance(log.signer, log.folder)
    assert sizes(log) == [7]


def test_refuses_another_root_at_the_same_size(log):
    log.checkpoint()
    log.forge("UPDATE ledger_head SET root = sha256('x') WHERE log_id = %s", log.id)

    with pytest.raises(Refused, match="does not extend"):
        checkpoints.advance(log.signer, log.folder)


def test_refuses_a_key_that_is_not_the_logs(log):
    """L3: another key under the log's name signs nothing."""
    log.sequence()

    with pytest.raises(Refused, match="key"):
        checkpoints.advance(note.Signer.generate(log.origin), log.folder)


def test_refuses_a_database_restored_from_an_older_backup(log):
    """L12: the published checkpoint is ahead of the database; signing on would fork the log."""
    log.append_many(3)
    log.checkpoint()
    backup = shutil.copytree(log.folder, log.folder.with_name("yesterday"))
    log.append_many(3)
    log.checkpoint()

    log.forge("DELETE FROM ledger_checkpoint WHERE log_id = %s AND size > 5", log.id)

    with pytest.raises(Refused, match="does not know the published checkpoint at 8"):
        checkpoints.advance(log.signer, log.folder)
    assert sizes(log) == [5]
    assert checkpoints.advance(log.signer, backup) is not None  # this folder is no newer


def test_refuses_a_published_checkpoint_that_is_damaged(log):
    log.checkpoint()
    path = log.folder / "checkpoint"
    path.write_bytes(path.read_bytes().replace(b"\n2\n", b"\n3\n"))
    log.append("rx/1")

    with pytest.raises(Refused, match="damaged"):
        log.checkpoint()


def test_refuses_to_publish_an_entry_that_is_not_its_leaf(log):
    log.append("rx/1")
    log.sequence()
    log.forge(
        "UPDATE ledger_event SET note = note || 'x' WHERE log_id = %s AND subject = 'rx/1'", log.id
    )

    with pytest.raises(Refused, match="leaf"):
        log.checkpoint()


class Crash(Exception):
    """Stands for kill -9 at this point."""


def test_a_crash_at_any_write_is_made_good_by_the_next_run(log, monkeypatch):
    """Interrupted before the nth file, for every n; nothing published is ever wrong."""
    log.append_many(253)
    log.checkpoint()
    log.append_many(3)
    log.sequence()
    for crash_at in range(12):
        written = 0

        def replace(self, path, content, crash_at=crash_at, original=publication.Writer.replace):
            nonlocal written
            if written == crash_at:
                raise Crash
            written += 1
            original(self, path, content)

        folder = shutil.copytree(log.folder, log.folder.with_name(f"crash-{crash_at}"))
        with monkeypatch.context() as patch:
            patch.setattr(publication.Writer, "replace", replace)
            try:
                checkpoints.advance(log.signer, folder)
            except Crash:
                summary = inspection.published(log.origin, folder, lambda done, total: None)
                assert summary.size == 255
        assert checkpoints.advance(log.signer, folder) is not None
        summary = inspection.published(log.origin, folder, lambda done, total: None)
        assert (summary.size, summary.strays) == (258, ())


def test_what_a_dead_writer_left_half_written_goes_with_the_next_run(log, monkeypatch):
    """F3: killed before the rename; when it runs again the log has grown, and the tile is wider."""
    log.append_many(3)
    log.checkpoint()
    for steps in (1, 2, 300):
        log.append_many(steps)
        log.sequence()
        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", dies)
            with pytest.raises(Crash):
                checkpoints.advance(log.signer, log.folder)
        assert list(log.folder.rglob("*.tmp"))
        log.append("rx/1")
        log.checkpoint()
        verify_published(log)


def dies(*_):
    raise Crash


def test_never_overwrites_a_tile_with_other_content(log):
    log.append("rx/1")
    log.checkpoint()
    log.append("rx/1")
    tile = log.folder / "tile/0/000.p/4"
    tile.write_bytes(b"x" * 128)

    with pytest.raises(Refused, match=r"tile/0/000\.p/4"):
        log.checkpoint()


def test_two_signers_at_once_are_harmless(log):
    log.append_many(20)
    log.sequence()
    start, failed = threading.Barrier(4), []

    def run() -> None:
        start.wait()
        try:
            checkpoints.advance(log.signer, log.folder)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert sizes(log) == [22]
    verify_published(log)


def test_a_receipt_proves_an_entry_offline(log):
    for _ in range(3):
        appended = log.append("rx/1")
    with pytest.raises(queries.NotYetPublished):
        queries.receipt_for(appended.leaf)
    log.checkpoint()
    with pytest.raises(queries.UnknownEntry):
        queries.receipt_for(b"\x00" * 32)

    proof = queries.receipt_for(appended.leaf)
    entry = queries.entry_by_leaf(appended.leaf)
    assert receipt.parse(proof).bytes() == proof
    assert receipt.verify(proof, entry.note, Policy.of_log(log.signer.verifier)).head.size == 5
    with pytest.raises(receipt.NotIncluded):
        receipt.verify(proof, entry.note + b"x", Policy.of_log(log.signer.verifier))
    stranger = note.Signer.generate(log.origin).verifier
    with pytest.raises((note.Malformed, note.BadSignature)):
        receipt.verify(proof, entry.note, Policy.of_log(stranger))


def test_every_changed_bit_of_a_receipt_is_found(log):
    """No bit of a receipt can be changed."""
    for _ in range(3):
        appended = log.append("rx/1")
    log.checkpoint()
    proof = queries.receipt_for(appended.leaf)
    entry = queries.entry_by_leaf(appended.leaf).note
    for at in range(len(proof) * 8):
        changed = bytearray(proof)
        changed[at // 8] ^= 1 << at % 8
        with pytest.raises((note.Malformed, note.BadSignature, receipt.NotIncluded)):
            receipt.verify(bytes(changed), entry, Policy.of_log(log.signer.verifier))


@pytest.mark.parametrize(
    "text",
    [b"", b"a\n1\n", b"a\n01\n%s\n", b"a\n1\n%s", b"a\n1\n%s\nextension\n", b"a b\n1\n%s\n"],
)
def test_a_tree_head_has_one_form(text):
    with pytest.raises(note.Malformed):
        treehead.TreeHead.parse(text.replace(b"%s", note.encode_base64(b"r" * 32).encode()))


def test_exports_only_into_an_empty_folder(log, tmp_path):
    with pytest.raises(Refused):
        checkpoints.export(log.origin, tmp_path / "new")
    log.checkpoint()
    assert checkpoints.export(log.origin, tmp_path / "new").size == 2
    with pytest.raises(FileExistsError):
        checkpoints.export(log.origin, tmp_path / "new")
