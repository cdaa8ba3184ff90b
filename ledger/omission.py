"""
Evidence of a broken promise: the merge delay is over, and the log does not hold the entry.

The evidence is a promise (``ledger.promise``), a final checkpoint cosigned long after it, and all
leaf hashes of that tree; the entry's is not among them. Where a final checkpoint from long before
the promise is at hand, its edge and the leaf hashes since then suffice: an entry cannot stand in a
tree that is older than itself.

*Long after* is two merge delays after the promise's time, *long before* one before it, each by the
clocks of a quorum of witnesses. So an honest operator cannot be framed as long as the clocks of the
log's database and of honest witnesses differ by no more than one merge delay:

* He has the entry in a final tree within one merge delay. Two quorums have an honest witness in
  common (that is what a quorum's size is for). It cosigned that tree by then, and it never cosigns
  a smaller one afterwards. So on its clock, at most another merge delay ahead, it vouched for trees
  without the entry for two merge delays and no longer.
* A tree that a quorum cosigned one merge delay before the promise's time, by their clocks, existed
  before the entry was stored; whoever strips cosignatures to mislead gains nothing, since those
  that remain must be a quorum.
* Nobody else has the keys for promises, checkpoints and cosignatures.

If too few witnesses answer for longer than the merge delay, the promise is broken without malice;
an operator who sees that coming refuses new entries. Where the policy has no witnesses there is no
clock but the operator's, and nothing can be shown.

``smart-hospital/evidence/omission/v1`` has the members ``promise`` and ``checkpoint`` (signed
notes), ``opening`` and ``opening_proof`` (entry 0, which names the key for promises, and its
inclusion proof), ``since`` (the older checkpoint, or empty), ``edge`` (the roots of the perfect
subtrees of its leaves, the largest first, or empty) and ``leaves`` (the leaf hashes after it).
Lists of hashes are joined, in base64.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ledger import exhibit, members, merkle, receipt, registered, tiles
from ledger import note as notes
from ledger import promise as promises
from ledger.entry import Statement
from ledger.exhibit import Finding, NotShown
from ledger.policy import Final, Policy, final_head
from ledger.promise import Promise
from ledger.treehead import TreeHead

FORMAT = f"{exhibit.PREFIX}omission/v1"
CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True)
class Kept:
    """The entry is number ``index`` of a final tree."""

    index: int


@dataclass(frozen=True, slots=True)
class Pending:
    """It is not in the final tree, which is not old enough to say more; ask after ``until``."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Broken:
    """The promise was broken; ``evidence`` is the file that shows it."""

    evidence: bytes


def look(
    promise: bytes, policy: Policy, reader: tiles.Reader, since: bytes | None = None
) -> Kept | Pending | Broken:
    """
    Look into a published log whether a promise was kept.

    ``since`` is a final checkpoint of the log, older than the promise by more than a merge delay,
    if there is one at hand; one that is not so old is left aside. Without it the evidence holds
    every leaf hash of the log.

    Raises:
        Malformed, BadSignature: the promise or a checkpoint is not what it should be.
        policy.NotFinal: a checkpoint is not final.
        NotShown: the tiles are not those of the checkpoint, or do not extend ``since``.
        tiles.Missing: the log lacks a file.
    """
    checkpoint = reader.read(CHECKPOINT)
    final = final_head(checkpoint, policy)
    opening, proof = _opening(final.head, reader)
    made = promises.opened(promise, _promise_key(opening, proof, final.head))
    start = _usable(since, made, policy)
    source = tiles.hash_source(reader, final.head.size)
    edge = [source(subtree) for subtree in merkle.subtrees(0, start)]
    leaves = _leaves(reader, start, final.head.size)
    if merkle.fold(merkle.extend(start, edge, leaves)) != final.head.root:
        raise NotShown("the tiles do not have the checkpoint's root")
    if made.leaf in leaves:
        return Kept(start + leaves.index(made.leaf))
    if not _is_long_after(final, made, policy):
        return Pending(_conclusive(made))
    content = {
        "promise": members.text(promise),
        "checkpoint": members.text(checkpoint),
        "opening": members.text(opening),
        "opening_proof": members.joined(proof),
        "since": members.text(since) if since and start else "",
        "edge": members.joined(edge),
        "leaves": members.joined(leaves),
    }
    evidence = exhibit.encode(FORMAT, content)
    verify(evidence, policy)
    return Broken(evidence)


def verify(data: bytes, policy: Policy) -> Finding:
    """
    Check the evidence of a broken promise.

    Raises:
        Malformed: not such a file.
        BadSignature: the promise or a checkpoint is not signed as it must be.
        policy.NotFinal: a checkpoint is not final.
        receipt.NotIncluded: the key for promises is not the log's.
        NotShown: the entry is there, the times do not say so, or the hashes are of other trees.
    """
    content = _content(data)
    final = final_head(members.note(content["checkpoint"]), policy)
    opening = members.note(content["opening"])
    key = _promise_key(opening, members.hashes(content["opening_proof"]), final.head)
    made = promises.opened(members.note(content["promise"]), key)
    if not _is_long_after(final, made, policy):
        raise NotShown("no quorum vouched for the tree long enough after the promise")
    start, edge = 0, members.hashes(content["edge"])
    if content["since"]:
        start = _start(members.note(content["since"]), edge, made, policy)
    leaves = members.hashes(content["leaves"])
    if not _leads_to(final.head, start, edge, leaves):
        raise NotShown("the leaf hashes are not those of the checkpoint")
    if made.leaf in leaves:
        raise NotShown("the promise was kept: the entry is in the log")
    return _finding(made, final.head)


def _content(data: bytes) -> dict[str, Any]:
    names = ("promise", "checkpoint", "opening", "opening_proof", "since", "edge", "leaves")
    return exhibit.decode(data, FORMAT, *names)


def _start(since: bytes, edge: Sequence[bytes], made: Promise, policy: Policy) -> int:
    """The size of the older tree, if it is old enough and has this edge."""
    old = final_head(since, policy)
    if old.head.origin != made.origin or old.head.size == 0:
        raise NotShown("the older checkpoint is none of this log")
    if not _is_long_before(old, made, policy):
        raise NotShown("the older checkpoint is not older than the promise by a merge delay")
    if len(edge) != old.head.size.bit_count() or merkle.fold(edge) != old.head.root:
        raise NotShown("the edge is not that of the older checkpoint")
    return old.head.size


def _leads_to(head: TreeHead, start: int, edge: Sequence[bytes], leaves: Sequence[bytes]) -> bool:
    if start + len(leaves) != head.size or len(edge) != start.bit_count():
        return False
    return merkle.fold(merkle.extend(start, edge, leaves)) == head.root


def _usable(since: bytes | None, made: Promise, policy: Policy) -> int:
    """From which leaf on to look."""
    if since is None:
        return 0
    old = final_head(since, policy)
    is_usable = old.head.origin == made.origin and _is_long_before(old, made, policy)
    return old.head.size if is_usable else 0


def _opening(head: TreeHead, reader: tiles.Reader) -> tuple[bytes, tuple[bytes, ...]]:
    """Entry 0 and its inclusion proof."""
    tile = tiles.tile_at(tiles.ENTRIES, 0, head.size)
    entry = tiles.unbundle(tiles.fetch(reader, tile), tile.width)[0]
    return entry, tuple(merkle.inclusion(0, head.size, tiles.hash_source(reader, head.size)))


def _promise_key(opening: bytes, proof: Sequence[bytes], head: TreeHead) -> notes.Verifier:
    """The key for promises, from the entry that opened the log; it must be in the tree."""
    receipt.check_included(head, 0, opening, proof)
    keys = registered.service_keys(Statement.parse(notes.parse(opening).text))
    key = keys.get(promises.ROLE)
    # by another log's name this log could make promises that are not the other's
    if key is None or key.name != promises.key_name(head.origin):
        raise NotShown(f"the log was not opened with a key {promises.key_name(head.origin)}")
    return key


def _leaves(reader: tiles.Reader, start: int, size: int) -> list[bytes]:
    found: list[bytes] = []
    first = start // tiles.WIDTH
    for number in range(first, (size + tiles.WIDTH - 1) // tiles.WIDTH):
        found += merkle.split_hashes(tiles.fetch(reader, tiles.tile_at(0, number, size)))
    return found[start - first * tiles.WIDTH :]


def _conclusive(made: Promise) -> datetime:
    return made.until + timedelta(seconds=made.merge_delay_s)


def _is_long_after(final: Final, made: Promise, policy: Policy) -> bool:
    """A quorum vouched for this tree two merge delays after the promise."""
    bound = _conclusive(made).timestamp()
    late = {name for name, at_s in final.cosigned.items() if at_s > bound}
    return bool(late) and policy.is_met_by(late)


def _is_long_before(old: Final, made: Promise, policy: Policy) -> bool:
    """A quorum vouched for this tree a merge delay before the promise."""
    bound = made.at.timestamp() - made.merge_delay_s
    # a cosignature's time is cut to the second, so it was made up to a second later
    early = {name for name, at_s in old.cosigned.items() if at_s + 1 <= bound}
    return bool(early) and policy.is_met_by(early)


def _finding(made: Promise, head: TreeHead) -> Finding:
    sentence = (
        f"The log {made.origin} promised at {made.at.isoformat(timespec='seconds')} to hold the"
        f" entry {made.leaf.hex()} within {made.merge_delay_s} s, and a quorum vouched for its"
        f" tree of {head.size} entries more than {2 * made.merge_delay_s} s later, without it."
    )
    return Finding(made.origin, sentence)
