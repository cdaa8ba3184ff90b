"""
The signer: it signs a log's head if, and only if, that extends all that it has signed before.

Its own state is the table of checkpoints, append-only, and the published checkpoint file. For each
new head it recomputes the root from its previous edge and the new leaves; it trusts neither the
sequencer's size nor its root. It refuses a smaller size, another root, and a database that does not
know the published checkpoint: that one has been restored from an older backup, and signing on would
fork the log.

Signing commits before publishing starts, so nothing is published that the database could forget. A
crash between the two is made good by the next run.
"""

from pathlib import Path

from django.db import connection, transaction

from ledger import chain, merkle, publication, stored, treehead
from ledger import note as notes
from ledger.models import Checkpoint, Head, Log
from ledger.publication import Refused
from ledger.readers import Folder
from ledger.tiles import Missing


def advance(signer: notes.Signer, folder: Path) -> treehead.TreeHead | None:
    """
    Sign the head of the signer's log if it has grown, and publish the latest checkpoint.

    Returns the published tree head; None if the log has no entry yet, or if another run is at work,
    which is harmless.

    Raises:
        chain.UnknownLog: no log is named as the signer is.
        Refused: see above; nothing has been signed.
    """
    log_id = chain.log_id(signer.verifier.name)
    with transaction.atomic(durable=True):
        if not _lock(log_id, signer.verifier):
            return None
        _published_size(log_id, signer.verifier, folder)
        _sign_new_head(log_id, signer)
    with transaction.atomic(durable=True):
        if not _lock(log_id, signer.verifier):
            return None
        return _publish(log_id, signer.verifier, folder)


def _lock(log_id: int, verifier: notes.Verifier) -> bool:
    """One signer at a time: whoever finds the log's row locked leaves the work to the other."""
    log = Log.objects.select_for_update(skip_locked=True).filter(id=log_id).first()
    if log is None:
        return False
    if log.vkey != verifier.vkey:
        raise Refused("the signer does not have the log's key")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    return True


def _latest(log_id: int) -> Checkpoint | None:
    return Checkpoint.objects.filter(log_id=log_id).order_by("-size").first()


def _published_size(log_id: int, verifier: notes.Verifier, folder: Path) -> int:
    try:
        published = Folder(folder).read(publication.CHECKPOINT)
    except Missing:
        return 0
    try:
        size = treehead.open_checkpoint(published, verifier).size
    except (notes.Malformed, notes.BadSignature) as error:
        raise Refused(f"the published checkpoint is damaged: {error}") from error
    known = Checkpoint.objects.filter(log_id=log_id, size=size).first()
    if known is None or bytes(known.note) != published:
        raise Refused(f"the database does not know the published checkpoint at {size}")
    return size


def _sign_new_head(log_id: int, signer: notes.Signer) -> None:
    head = Head.objects.get(log_id=log_id)
    latest = _latest(log_id)
    old_size = latest.size if latest else 0
    old_edge = merkle.split_hashes(bytes(latest.edge)) if latest else []
    if head.size < old_size:
        raise Refused(f"the head has {head.size} leaves, {old_size} have been signed")
    if latest and merkle.fold(old_edge) != bytes(latest.root):
        raise Refused(f"the checkpoint at {old_size} is damaged")
    new = merkle.split_hashes(stored.leaves(log_id, old_size, head.size))
    edge = merkle.extend(old_size, old_edge, new)
    root = merkle.fold(edge)
    if root != bytes(head.root):
        raise Refused(f"the head at {head.size} does not extend the checkpoint at {old_size}")
    if head.size > old_size:
        text = treehead.TreeHead(signer.verifier.name, head.size, root).text()
        Checkpoint.objects.create(
            log_id=log_id,
            size=head.size,
            root=root,
            edge=b"".join(edge),
            note=notes.sign(text, signer),
        )


def _publish(log_id: int, verifier: notes.Verifier, folder: Path) -> treehead.TreeHead | None:
    latest = _latest(log_id)
    if latest is None or not treehead.is_final(bytes(latest.note), verifier):
        return None
    old_size = _published_size(log_id, verifier, folder)
    if old_size < latest.size:
        publication.publish(folder, log_id, old_size, verifier, bytes(latest.note))
    return treehead.open_checkpoint(bytes(latest.note), verifier)


def export(origin: str, folder: Path) -> treehead.TreeHead:
    """
    Write the log up to its latest checkpoint into an empty or new folder.

    Raises:
        FileExistsError: the folder is not empty.
        Refused: nothing has been signed yet, or as for ``publication.publish``.
    """
    log_id = chain.log_id(origin)
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    verifier = notes.Verifier.from_vkey(Log.objects.get(id=log_id).vkey)
    latest = _latest(log_id)
    if latest is None:
        raise Refused("the log has no checkpoint yet")
    publication.publish(folder, log_id, 0, verifier, bytes(latest.note))
    return treehead.open_checkpoint(bytes(latest.note), verifier)
