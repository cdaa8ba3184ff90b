"""What lies beside a log's tiles: its key, its signed heads, the policy, the laws."""

from collections.abc import Sequence, Set

from ledger import law, tiles, treehead
from ledger import note as notes
from ledger.policy import BadPolicy, NotFinal, Policy, final_head

CHECKPOINT, SIGNED, VKEY = "checkpoint", "signed", "log.vkey"
POLICY, PATIENTS = "policy", "patients"
NAMES = (CHECKPOINT, SIGNED, VKEY, POLICY, PATIENTS)


class Fault(ValueError):
    """The first thing that is wrong: ``where`` names a file or an entry, ``what`` says why."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")
        self.where, self.what = where, what


def read_vkey(reader: tiles.Reader) -> str:
    """
    Give the verifier key that lies beside a log. Whoever wrote the log could have written it.

    Raises:
        Fault: it is missing or not in its one form.
    """
    data = read(reader, VKEY)
    try:
        vkey = data.decode().removesuffix("\n")
        notes.Verifier.from_vkey(vkey)
    except (UnicodeDecodeError, notes.Malformed) as error:
        raise Fault(VKEY, str(error)) from error
    if data != f"{vkey}\n".encode():
        raise Fault(VKEY, "it does not end in one newline")
    return vkey


def opened_vkey(reader: tiles.Reader, vkey: str) -> notes.Verifier:
    """Give the verifier of this key, if it lies beside the log. Raises ``Fault``."""
    try:
        verifier = notes.Verifier.from_vkey(vkey)
    except notes.Malformed as error:
        raise Fault(VKEY, str(error)) from error
    if read_vkey(reader) != vkey:
        raise Fault(VKEY, "it is not the key to verify by")
    return verifier


def published_law(reader: tiles.Reader, digest: str) -> law.Law | None:
    """
    Give the law of this digest, None if it is not published (or the log names none).

    Raises:
        Fault: it is another file, or no law that this program can read.
    """
    path = f"law/{digest}.json"
    try:
        data = reader.read(path) if digest else None
    except tiles.Missing:
        data = None
    if data is None:
        return None
    if law.digest(data) != digest:
        raise Fault(path, "it is not the law that the log names")
    try:
        return law.parse(data)
    except law.BadLaw as error:
        raise Fault(path, str(error)) from error


class Heads:
    """The heads that are published: their roots by size, and the checkpoint's note."""

    def __init__(self, reader: tiles.Reader, verifier: notes.Verifier) -> None:
        """Raises ``Fault`` if there is none, or one that the log's key did not sign."""
        self.roots: dict[int, tuple[str, bytes]] = {}
        self.checkpoint = b""
        for path in (SIGNED, CHECKPOINT):
            try:
                data = reader.read(path)
            except tiles.Missing:
                continue
            self._add(path, data, verifier)
        if not self.roots:
            raise Fault(CHECKPOINT, "it is missing")

    def _add(self, path: str, data: bytes, verifier: notes.Verifier) -> None:
        try:
            head = treehead.open_checkpoint(data, verifier)
        except (notes.Malformed, notes.BadSignature) as error:
            raise Fault(path, str(error)) from error
        if self.roots.setdefault(head.size, (path, head.root))[1] != head.root:
            raise Fault(path, f"{SIGNED} has another root of {head.size} entries")
        if path == CHECKPOINT:
            self.checkpoint = data
        else:
            _check_lines(path, data, {(verifier.name, None)})


def check_agreements(reader: tiles.Reader, heads: Heads, named: Sequence[str]) -> None:
    """
    Check the policy and the cosignatures by what the log itself has ``named`` as its policies.

    The checkpoint may be final by an older one of them, the file is the newest. The addresses in
    the file are not judged; nor are lines under the log's own name by keys that no policy lists.

    Raises:
        Fault: the checkpoint is not final, or has a line by somebody else; another policy.
    """
    policies = [_policy(text) for text in named if text]
    if not policies:
        return
    if heads.checkpoint:
        _check_final(heads.checkpoint, policies)
    try:
        data = reader.read(POLICY)
    except tiles.Missing:
        return
    try:
        published = Policy.parse(data).agreement()
    except BadPolicy as error:
        raise Fault(POLICY, str(error)) from error
    if published != policies[-1].agreement():
        raise Fault(POLICY, "it is not (yet) the policy that the log names")


def _check_final(checkpoint: bytes, policies: Sequence[Policy]) -> None:
    """By one of the policies it is final, and every line is of that policy or the log's."""
    why: Exception | None = None
    for policy in reversed(policies):
        keys = [one.verifier for one in policy.witnesses.values()]
        known = {(key.name, key.key_id) for key in keys}
        try:
            head = final_head(checkpoint, policy).head
            _check_lines(CHECKPOINT, checkpoint, {*known, (head.origin, None)})
        except (notes.Malformed, notes.BadSignature, NotFinal, Fault) as error:
            why = why or error
        else:
            return
    raise why if isinstance(why, Fault) else Fault(CHECKPOINT, str(why)) from why


def _check_lines(path: str, data: bytes, known: Set[tuple[str, bytes | None]]) -> None:
    """Every signature is by a key of ``known`` (name, and id or None for any)."""
    for one in notes.parse(data).signatures:
        if not {(one.name, one.key_id), (one.name, None)} & known:
            raise Fault(path, f"there is a line by somebody unknown: {one.name}")


def _policy(text: str) -> Policy:
    try:
        return Policy.parse(text.encode())
    except BadPolicy as error:
        raise Fault(POLICY, f"the log names a policy that is none: {error}") from error


def read(reader: tiles.Reader, path: str) -> bytes:
    """Give a file that must be there. Raises ``Fault``."""
    try:
        return reader.read(path)
    except tiles.Missing as error:
        raise Fault(path, "it is missing") from error
