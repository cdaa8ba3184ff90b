"""
A log that ends, and the one that goes on where it ended.

The last entry of a log that ends is ``log.freeze``; its fact ``successor`` is the verifier key of
the log that goes on. That one's first entry, ``log.open``, has the fact ``predecessor``: origin,
size and root of the frozen log, whole. Together they are one history: keys, subjects with their
versions, and times go on as if nothing had happened. Two things end with the frozen log: its own
key and its service keys, which the successor names anew.

Neither side can be had alone: nothing follows ``log.freeze``, so a frozen log cannot be taken up by
two successors, and nobody can call himself the successor of a log that does not name him.
"""

from typing import Any

from ledger import note as notes
from ledger.entry import Statement
from ledger.memory import Position, Predecessor, Store
from ledger.treehead import TreeHead

FREEZE = "log.freeze"
SUCCESSOR, PREDECESSOR = "successor", "predecessor"


class Discontinued(ValueError):
    """The two logs are not one history; the text says why."""


def predecessor(head: TreeHead) -> dict[str, Any]:
    """Write the fact by which ``log.open`` names the frozen log with this head."""
    return {"origin": head.origin, "root": notes.encode_base64(head.root), "size": head.size}


def named(opening: Statement) -> TreeHead | None:
    """
    Read whom a ``log.open`` entry names as predecessor; None if the log begins anew.

    Raises:
        note.Malformed: the fact is not what ``predecessor`` writes.
    """
    facts = opening.facts.get(PREDECESSOR)
    if facts is None:
        return None
    if not isinstance(facts, dict) or set(facts) != {"origin", "root", "size"}:
        raise notes.Malformed("the predecessor has an origin, a root and a size")
    origin, root, size = facts["origin"], facts["root"], facts["size"]
    if not (isinstance(origin, str) and isinstance(root, str) and type(size) is int):
        raise notes.Malformed("the predecessor has an origin, a root and a size")
    head = TreeHead(origin, size, notes.decode_base64(root))
    TreeHead.parse(head.text())  # it is in the one form of a tree head
    return head


def carry(store: Store, head: TreeHead) -> None:
    """
    Make a store that has seen a frozen log to its end ready for the successor's first entry.

    ``head`` is the frozen log's, whole.

    Raises:
        Discontinued: the log did not end there.
    """
    ended = store.position
    if not ended.successor or ended.entries != head.size:
        raise Discontinued(f"{head.origin} was not frozen at {head.size} entries")
    for name in ended.services:
        key = store.key(name)
        assert key is not None
        key.revoked = True
        store.put_key(name, key)
    store.position = Position(
        subjects=ended.subjects,
        keys=ended.keys,
        latest=ended.latest,
        predecessor=Predecessor(head.origin, head.size, head.root, ended.successor),
    )


def check_opening(opening: Statement, log: notes.Verifier, before: Predecessor | None) -> None:
    """
    Check that ``log.open`` continues what was replayed before, and nothing else.

    Raises:
        Discontinued: it names another predecessor, or is not the successor that was named.
    """
    try:
        head = named(opening)
    except notes.Malformed as error:
        raise Discontinued(str(error)) from error
    if head is None:
        if before is not None:
            raise Discontinued(f"it does not continue {before.origin}")
        return
    if before is None:
        raise Discontinued(f"it continues {head.origin}, which has to be replayed first")
    if head != TreeHead(before.origin, before.size, before.root):
        raise Discontinued(f"it does not continue {before.origin} from where that ended")
    if before.successor != log.vkey:
        raise Discontinued(f"{before.origin} named another successor")
