"""A log in memory that signs any of its sizes, and the homes of those who witness it."""

from pathlib import Path

from ledger import merkle, note
from ledger.cosignature import Algorithm
from ledger.entry import leaf_hash
from ledger.treehead import TreeHead
from ledger.witness import home, requests
from ledger.witness.home import Home, WatchedLog

ORIGIN = "tests.example/witnessed"


class Tree:
    """Leaves, and the key that signs heads of them; ``salt`` makes another history."""

    def __init__(self, signer: note.Signer | None = None, salt: str = "", origin: str = ORIGIN):
        self.signer = signer or note.Signer.generate(origin)
        self.leaves = [leaf_hash(f"{salt}{number}".encode()) for number in range(300)]

    def checkpoint(self, size: int, *signers: note.Signer) -> bytes:
        head = TreeHead(self.signer.verifier.name, size, merkle.root(self.leaves[:size]))
        return note.sign(head.text(), *(signers or (self.signer,)))

    def proof(self, old: int, size: int) -> tuple[bytes, ...]:
        if not 0 < old < size:
            return ()
        return tuple(merkle.consistency(old, size, self._root))

    def body(self, old: int, size: int) -> bytes:
        return requests.encode(old, self.proof(old, size), self.checkpoint(size))

    def _root(self, subtree: merkle.Subtree) -> bytes:
        start = subtree.place << subtree.level
        return merkle.root(self.leaves[start : start + (1 << subtree.level)])


def a_home(
    folder: Path, tree: Tree, *algorithms: Algorithm, url: str = "http://127.0.0.1:1"
) -> Home:
    """A witness of the tree's log; it does not validate."""
    return home.make(
        folder,
        "office",
        algorithms=algorithms or (Algorithm.ED25519,),
        validates=False,
        log=WatchedLog((tree.signer.verifier.vkey,), url),
    )
