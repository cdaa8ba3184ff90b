"""
Evidence of a split view: one log signed two tree heads that cannot both be.

Of one size they are so if the roots differ. Of two sizes the evidence adds a path: hashes of the
larger tree that lead to its root and, by the same hashes, to the root of its first ``size``
leaves. Hashes do not collide, so that is the only root which the smaller tree may have; the log
has signed another. A failed consistency proof would show nothing: anybody can make a wrong one.

Only the log's key can have signed the two, so nobody can frame an honest log: it signs heads of one
tree. Who cosigned both has lied as well: a witness vouches that each head extends all before it.

``smart-hospital/evidence/split-view/v1`` has the members ``smaller`` and ``larger``, checkpoints
(signed notes with their cosignatures; of one size, the smaller root first), and ``path``, the
hashes joined in base64: a consistency proof (RFC 6962, 2.1.2) that begins with the root of the
smaller size also where that is a power of two; empty if the sizes are equal or one is 0.
"""

from collections.abc import Sequence

from ledger import cosignature, exhibit, members, merkle, tiles
from ledger import note as notes
from ledger.exhibit import Finding, NotShown
from ledger.note import Malformed
from ledger.policy import Policy, open_signed
from ledger.treehead import TreeHead

FORMAT = f"{exhibit.PREFIX}split-view/v1"


class CannotCompare(ValueError):
    """The tiles are not those of the larger of the two trees."""


def compare(
    one: bytes, other: bytes, policy: Policy, reader: tiles.Reader | None = None
) -> bytes | None:
    """
    Give the evidence if two signed checkpoints cannot both be, None if the larger extends the
    smaller.

    ``reader`` has the tiles of the larger tree; heads of one size are compared without.

    Raises:
        Malformed, BadSignature: one is not a checkpoint that a log of the policy signed.
        CannotCompare: they are of different logs, or the tiles are missing or of another tree.
    """
    heads = {text: open_signed(text, policy)[1] for text in (one, other)}
    smaller, larger = sorted((one, other), key=lambda text: (heads[text].size, heads[text].root))
    old, new = heads[smaller], heads[larger]
    if old.origin != new.origin:
        raise CannotCompare(f"{old.origin} and {new.origin} are different logs")
    path = _path(old.size, new, reader) if 0 < old.size < new.size else []
    if _are_consistent(old, new, path):
        return None
    content = {
        "smaller": members.text(smaller),
        "larger": members.text(larger),
        "path": members.joined(path),
    }
    return exhibit.encode(FORMAT, content)


def verify(data: bytes, policy: Policy) -> Finding:
    """
    Check the evidence of a split view.

    Raises:
        Malformed: not such a file.
        BadSignature: a checkpoint is not signed by a log of the policy, or a line does not hold.
        NotShown: the two can both be, or the path does not belong to the larger tree.
    """
    content = exhibit.decode(data, FORMAT, "smaller", "larger", "path")
    path = members.hashes(content["path"])
    smaller, old = open_signed(members.note(content["smaller"]), policy)
    larger, new = open_signed(members.note(content["larger"]), policy)
    if (old.size, old.root) > (new.size, new.root):
        raise Malformed("the checkpoints are not in their order")
    if old.origin != new.origin:
        raise NotShown("the checkpoints are of different logs")
    try:
        agree = _are_consistent(old, new, path)
    except CannotCompare as error:
        raise NotShown(str(error)) from error
    if agree:
        raise NotShown("the two checkpoints can both be: the larger tree extends the smaller")
    liars = _cosigners(smaller, policy) & _cosigners(larger, policy)
    return _finding(old, new, tuple(name for name in policy.witnesses if name in liars))


def _path(old: int, head: TreeHead, reader: tiles.Reader | None) -> list[bytes]:
    if reader is None:
        raise CannotCompare(f"to compare them, the tiles of the tree of {head.size} are needed")
    source = tiles.hash_source(reader, head.size)
    try:
        path = merkle.consistency(old, head.size, source)
        if not old & (old - 1):
            path.insert(0, source(merkle.Subtree(old.bit_length() - 1, 0)))
    except (tiles.Missing, Malformed) as error:
        raise CannotCompare(f"tiles of the tree of {head.size} are missing: {error}") from error
    return path


def _are_consistent(old: TreeHead, new: TreeHead, path: Sequence[bytes]) -> bool:
    """Raises ``CannotCompare`` if the path is not one of the new tree."""
    if old.size == 0 or old.size == new.size:
        if path:
            raise CannotCompare("there is a path where none is needed")
        return old.root == (new.root if old.size == new.size else merkle.EMPTY_ROOT)
    try:
        first, second = merkle.roots_from_consistency(old.size, new.size, path)
    except ValueError as error:
        raise CannotCompare(str(error)) from error
    if second != new.root:
        raise CannotCompare(f"the hashes are not those of the tree signed at {new.size}")
    return first == old.root


def _cosigners(note: notes.Note, policy: Policy) -> set[str]:
    keys = [witness.verifier for witness in policy.witnesses.values()]
    return set(policy.named(cosignature.cosigned_by(note, keys)))


def _finding(old: TreeHead, new: TreeHead, liars: tuple[str, ...]) -> Finding:
    if old.size == new.size:
        what = f"two different trees of {old.size} entries"
    else:
        what = f"a tree of {old.size} entries and one of {new.size} that does not begin with it"
    who = f" Witnesses that vouched for both: {', '.join(liars)}." if liars else ""
    sentence = f"The log {old.origin} signed {what}: it shows different histories.{who}"
    return Finding(old.origin, sentence, liars)
