"""
The signer: it signs a log's head if, and only if, that extends all that it has signed before.

Its own state is the table of checkpoints, append-only, and the published checkpoint file. For each
new head it recomputes the root from its previous edge and the new leaves; it trusts neither the
sequencer's size nor its root. It refuses a smaller size, another root, and a database that does not
know the published checkpoint: that one has been restored from an older backup, and signing on would
fork the log.

Signing commits before publishing starts, so nothing is published that the database could forget. A
crash between the two is made good by the next run. What is published here is ``signed``; as
``checkpoint`` it appears when it is final.
"""

import time
from collections.abc import Iterator
from pathlib import Path

from django.db import connection, transaction

from ledger import finality, merkle, network, publication, stored, treehead
from ledger import note as notes
from ledger.cosignature import Cosigner
from ledger.models import Checkpoint, Log
from ledger.publication import Refused
from ledger.readers import Folder
from ledger.tiles import Missing


def advance(
    signer: notes.Signer, folder: Path, *, second: Cosigner | None = None
) -> treehead.TreeHead | None:
    """
    Sign the head of the signer's log if it has grown, and publish the latest checkpoint.

    ``second`` is the log's post-quantum key, where it has one; it signs under the same name.

    Returns the published tree head; None if the log has no entry yet, or if another run is at work,
    which is harmless.

    Raises:
        network.UnknownLog: no log is named as the signer is.
        Refused: see above; nothing has been signed.
    """
    log_id = network.log_id(signer.verifier.name)
    with transaction.atomic(durable=True):
        if not _lock(log_id, signer.verifier):
            return None
        _check_published(log_id, signer.verifier, folder)
        _sign_new_head(log_id, signer, second)
    with transaction.atomic(durable=True):
        if not _lock(log_id, signer.verifier):
            return None
        return _publish(log_id, signer.verifier, folder)


def publish_final(log: Log, folder: Path) -> treehead.TreeHead | None:
    """
    Publish the latest final checkpoint, if it is not yet; the tree head, None if there is none.

    Another run at work is left alone.
    """
    verifier = notes.Verifier.from_vkey(log.vkey)
    final = finality.conclude(log.id, finality.agreed(log))
    if final is None:
        return None
    with transaction.atomic(durable=True):
        if _lock(log.id, verifier) and _signed_size(folder, verifier) >= final.size:
            finality.publish(folder, final, verifier)
    return treehead.open_checkpoint(bytes(final.note), verifier)


def _lock(log_id: int, verifier: notes.Verifier) -> bool:
    """One signer at a time: whoever finds the log's row locked leaves the work to the other."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [log_id])
        row = cursor.fetchone()
    if row is None:
        return False
    if row[0] != verifier.vkey:
        raise Refused("the signer does not have the log's key")
    return True


def _latest(log_id: int) -> Checkpoint | None:
    return Checkpoint.objects.filter(log_id=log_id).order_by("-size").first()


def _check_published(log_id: int, verifier: notes.Verifier, folder: Path) -> None:
    """The database knows what is published; it would not if it were an older one, restored."""
    heads = list(_published(folder, verifier))
    with connection.cursor() as cursor:
        cursor.execute(_AHEAD, [log_id])
        if ahead := cursor.fetchone():
            name, text = ahead
            raise Refused(f"{name} says: {text}")
        cursor.execute(_KNOWN, [log_id, [head.size for head in heads]])
        known = {size: notes.parse(bytes(note)).text for size, note in cursor.fetchall()}
    for head in heads:
        if known.get(head.size) != head.text():
            raise Refused(f"the database does not know the published checkpoint at {head.size}")


def _published(folder: Path, verifier: notes.Verifier) -> Iterator[treehead.TreeHead]:
    for path in (publication.SIGNED, publication.CHECKPOINT):
        try:
            yield treehead.open_checkpoint(Folder(folder).read(path), verifier)
        except Missing:
            continue
        except (notes.Malformed, notes.BadSignature) as error:
            raise Refused(f"the published checkpoint is damaged: {error}") from error


def _signed_size(folder: Path, verifier: notes.Verifier) -> int:
    try:
        return treehead.open_checkpoint(Folder(folder).read(publication.SIGNED), verifier).size
    except Missing:
        return 0


def _sign_new_head(log_id: int, signer: notes.Signer, second: Cosigner | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_HEAD, [log_id])
        size, head_root, old_size, old_root, old_edge = cursor.fetchone()
    old = merkle.split_hashes(bytes(old_edge))
    if size < old_size:
        raise Refused(f"the head has {size} leaves, {old_size} have been signed")
    if old_size and merkle.fold(old) != bytes(old_root):
        raise Refused(f"the checkpoint at {old_size} is damaged")
    new = merkle.split_hashes(stored.leaves(log_id, old_size, size))
    edge = merkle.extend(old_size, old, new)
    root = merkle.fold(edge)
    if root != bytes(head_root):
        raise Refused(f"the head at {size} does not extend the checkpoint at {old_size}")
    if size > old_size:
        text = treehead.TreeHead(signer.verifier.name, size, root).text()
        Checkpoint.objects.create(
            log_id=log_id,
            size=size,
            root=root,
            edge=b"".join(edge),
            note=_note(text, signer, second),
        )


def _note(text: bytes, signer: notes.Signer, second: Cosigner | None) -> bytes:
    lines = [signer.sign(text)]
    if second is not None:
        lines.append(second.cosign(text, int(time.time())))
    return notes.assemble(text, lines)


def _publish(log_id: int, verifier: notes.Verifier, folder: Path) -> treehead.TreeHead | None:
    latest = _latest(log_id)
    if latest is None:
        return None
    _check_published(log_id, verifier, folder)
    old_size = _signed_size(folder, verifier)
    if old_size < latest.size:
        publication.publish(folder, log_id, old_size, verifier, bytes(latest.note))
    return treehead.open_checkpoint(bytes(latest.note), verifier)


def export(origin: str, folder: Path, published: Path | None = None) -> treehead.TreeHead:
    """
    Write the log up to its latest final checkpoint into an empty or new folder.

    Of ``published``, if it is given, the policy and the laws are copied.

    Raises:
        FileExistsError: the folder is not empty.
        Refused: nothing is final yet, or as for ``publication.publish``.
    """
    log_id = network.log_id(origin)
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    verifier = notes.Verifier.from_vkey(Log.objects.get(id=log_id).vkey)
    final = finality.latest(log_id)
    if final is None:
        raise Refused("the log has no final checkpoint yet")
    publication.publish(folder, log_id, 0, verifier, bytes(final.note))
    (folder / publication.SIGNED).rename(folder / publication.CHECKPOINT)
    if published is not None:
        _copy_agreements(published, folder)
    return treehead.open_checkpoint(bytes(final.note), verifier)


def _copy_agreements(published: Path, folder: Path) -> None:
    writer = publication.Writer(folder)
    for path in (published / publication.POLICY, *published.glob(publication.law("*"))):
        if path.exists():
            writer.add(path.relative_to(published).as_posix(), path.read_bytes())
    writer.sync()


_LOCK = """
    SET LOCAL statement_timeout = 0;
    SET LOCAL idle_in_transaction_session_timeout = 0;
    SELECT vkey FROM ledger_log WHERE id = %s FOR UPDATE SKIP LOCKED
"""
_AHEAD = """
    SELECT name, text FROM ledger_contact WHERE log_id = %s AND trouble = 'ahead' LIMIT 1
"""
_KNOWN = """
    SELECT size, note FROM ledger_checkpoint WHERE log_id = %s AND size = ANY (%s)
"""
_HEAD = """
    SELECT h.size, h.root, coalesce(c.size, 0), c.root, coalesce(c.edge, '')
    FROM ledger_head h LEFT JOIN LATERAL (
        SELECT size, root, edge FROM ledger_checkpoint
        WHERE log_id = h.log_id ORDER BY size DESC LIMIT 1) c ON true
    WHERE h.log_id = %s
"""
