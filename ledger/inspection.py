"""Re-verify the log in this database from entry 0, and what has been published of it."""

import dataclasses
import time
from pathlib import Path

from ledger import audit, network, stored, tiles, treehead
from ledger import note as notes
from ledger.audit import Fault
from ledger.models import Checkpoint, Head, Leaf, Log
from ledger.readers import Folder
from ledger.replay import Laws


def logs_of(line: str) -> list[str]:
    """Name the logs of a line, the oldest first."""
    return list(Log.objects.filter(line=line).order_by("id").values_list("origin", flat=True))


def database(
    origin: str,
    progress: audit.Progress,
    laws: Laws | None = None,
    history: audit.History | None = None,
) -> audit.Summary:
    """
    Replay the entries in the tables and compare every root ever signed for them.

    ``laws`` gives the law to judge by; without it the rules of the chain alone are enforced.
    ``history`` holds the logs that this one continues.

    Raises:
        Fault: the first fault; it names the entry, the checkpoint or the head.
        network.UnknownLog: there is no such log.
    """
    started = time.perf_counter()
    log_id = network.log_id(origin)
    verifier = notes.Verifier.from_vkey(Log.objects.get(id=log_id).vkey)
    roots = _signed_roots(log_id, verifier)
    head = Head.objects.get(log_id=log_id)
    roots[head.size] = ("the head", bytes(head.root))
    replayer = audit.Replayer(verifier, roots, laws, history)
    try:
        for entries, leaves in stored.pieces(log_id, 0, head.size):
            replayer.take(entries, leaves)
            progress(replayer.replay.entries, head.size)
    except stored.Gap as error:
        raise Fault("the database", str(error)) from error
    replayer.finish()
    beyond = Leaf.objects.filter(log_id=log_id, seq__gte=head.size).exists()
    if beyond and head.size == Head.objects.get(log_id=log_id).size:
        raise Fault("the head", f"there are leaves beyond its {head.size}")
    return replayer.summary(origin, head.size, bytes(head.root), started)


def _signed_roots(log_id: int, verifier: notes.Verifier) -> dict[int, tuple[str, bytes]]:
    roots = {}
    for row in Checkpoint.objects.filter(log_id=log_id).order_by("size").iterator():
        where = f"the checkpoint at {row.size}"
        try:
            signed = treehead.open_checkpoint(bytes(row.note), verifier)
        except (notes.Malformed, notes.BadSignature) as error:
            raise Fault(where, str(error)) from error
        if (signed.size, signed.root) != (row.size, bytes(row.root)):
            raise Fault(where, "it is not what was signed")
        roots[row.size] = (where, signed.root)
    return roots


def published(
    origin: str,
    folder: Path,
    progress: audit.Progress,
    history: audit.History | None = None,
) -> audit.Summary:
    """
    Verify the published files, and that their checkpoint is one that the database knows.

    With equal roots the entries are equal too, so the files and the tables say the same.

    Raises:
        Fault: the first fault.
    """
    log_id = network.log_id(origin)
    summary = verify_files(Folder(folder), Log.objects.get(id=log_id).vkey, progress, history)
    known = Checkpoint.objects.filter(log_id=log_id, size=summary.size).first()
    if known is None or bytes(known.root) != summary.root:
        raise Fault(audit.CHECKPOINT, f"the database knows no checkpoint like it at {summary.size}")
    return summary


def verify_files(
    reader: tiles.Reader,
    vkey: str,
    progress: audit.Progress,
    history: audit.History | None = None,
) -> audit.Summary:
    """Verify files by a key; in a folder, all other files that lie there too. Raises ``Fault``."""
    summary = audit.files(reader, vkey, progress, history)
    if isinstance(reader, Folder):
        return dataclasses.replace(summary, strays=audit.strays(reader, summary.size))
    return summary
