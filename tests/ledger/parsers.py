"""Every parser of the ledger, what it may refuse with, and what it must read."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ledger import (
    beside,
    entry,
    evidence,
    exhibit,
    keyfile,
    law,
    note,
    omission,
    paper,
    patientmap,
    patients,
    policy,
    promise,
    receipt,
    receiptfile,
    splitview,
    tiles,
    treehead,
)
from ledger.cosignature import Algorithm, Cosigner
from ledger.cosignature import Verifier as CosignatureVerifier
from ledger.exhibit import NotShown
from ledger.note import BadSignature, Malformed
from ledger.policy import BadPolicy, NotFinal, Policy
from ledger.promise import Promise
from ledger.receipt import NotIncluded
from ledger.treehead import TreeHead
from ledger.witness import home
from ledger.witness.requests import AddCheckpoint, encode
from tests.ledger.logs import Memory
from tests.ledger.witnessed import FIELDS, NOON_S, WatchedLog, opening

WATCHED = WatchedLog()
ENTRY = WATCHED.prescribe()
WATCHED.fill(3)
FORKED = WatchedLog().fill(4)
NOTE = note.parse(ENTRY)
CHECKPOINT = WATCHED.checkpoint()
POLICY = WATCHED.policy("all")
RECEIPT = WATCHED.receipt(ENTRY)
FIELDS_FILE = json.dumps(
    {"fields": [[note.encode_base64(salt), name, value] for salt, name, value in FIELDS]}
).encode()
FILE = WATCHED.file(ENTRY, 1, **opening("dose_mg"))
EVIDENCE = splitview.compare(FORKED.checkpoint(), WATCHED.checkpoint(), POLICY) or b""
LATE = WATCHED.files(checkpoint=WATCHED.checkpoint(at_s=NOON_S + 1000))
BROKEN = omission.look(WATCHED.promise(b"left out"), POLICY, LATE)
assert isinstance(BROKEN, omission.Broken)
OMISSION = BROKEN.evidence
PROMISE = WATCHED.promise(ENTRY)
PROMISER = WATCHED.services["promise"].verifier
TILE = LATE[f"tile/0/000.p/{len(WATCHED.entries)}"]
PQ = Cosigner("org/witness", b"w" * 32, Algorithm.ML_DSA_44)
FOLDER = tempfile.TemporaryDirectory()
HOME = {
    "name": "office",
    "algorithms": ["ED25519"],
    "validates": False,
    "logs": [{"vkeys": [WATCHED.key.verifier.vkey], "url": "https://log.example/"}],
}
TAG = "7a" * 32
LISTS = patientmap.Map(patientmap.Memory())
LISTS.extend([(2, TAG)])
LIST_HEAD = TreeHead(patients.origin_of(WATCHED.origin), 5, LISTS.root())
LIST_KEY = note.Signer(LIST_HEAD.origin, WATCHED.key.seed)
LIST_PROOF = LISTS.prove(TAG, note.sign(LIST_HEAD.text(), LIST_KEY))
ALONE = Policy.of_log(WATCHED.key.verifier)
LAW = (Path(__file__).parents[2] / "docs" / "law.json").read_bytes()


@dataclass(frozen=True)
class Parser:
    """``read`` gives its input's one encoding, or raises one of ``refusals``."""

    name: str
    read: Callable[[bytes], bytes]
    examples: tuple[bytes, ...]
    refusals: tuple[type[Exception], ...] = (Malformed,)

    def accepts(self, data: bytes) -> bool:
        """Read once; another exception, or another encoding of what was read, is a fault."""
        try:
            written = self.read(data)
        except self.refusals:
            return False
        assert written == data
        return True


def _text(read: Callable[[str], str]) -> Callable[[bytes], bytes]:
    return lambda data: read(data.decode(errors="replace")).encode()


def _vkey(data: bytes) -> bytes:
    text = data.decode(errors="surrogateescape")
    return note.Verifier.from_vkey(text).vkey.encode(errors="surrogateescape")


def _cosigner_vkey(data: bytes) -> bytes:
    text = data.decode(errors="surrogateescape")
    return CosignatureVerifier.from_vkey(text).vkey.encode(errors="surrogateescape")


def _policy(data: bytes) -> bytes:
    read = Policy.parse(data)
    agreement = read.agreement()
    again = Policy.parse(agreement)
    assert again.agreement() == agreement
    assert again.quorum == read.quorum
    assert again.groups == read.groups
    return read.text


def _tile_path(data: bytes) -> bytes:
    tile = tiles.parse_path(data.decode(errors="surrogateescape"))
    if tile is None:
        raise Malformed("no tile's path")
    return tile.path.encode()


def _receipt_file(data: bytes) -> bytes:
    file = receiptfile.read(data)
    return receiptfile.complete(
        file.receipt.bytes(), file.entry, keys=file.keys, opened=file.opened, digests=file.digests
    )


def _fields(data: bytes) -> bytes:
    """Any JSON of this shape will do: what counts is the digests, which the entry holds."""
    receiptfile.fields_of(data)
    return data


_MEMBERS = {
    splitview.FORMAT: ("smaller", "larger", "path"),
    omission.FORMAT: (
        *("promise", "checkpoint", "opening", "opening_proof", "since", "edge", "leaves"),
    ),
}


def _evidence(data: bytes) -> bytes:
    assert evidence.verify(data, POLICY).sentence
    return _exhibit(data)


def _exhibit(data: bytes) -> bytes:
    form = exhibit.form_of(data)
    if form not in _MEMBERS:
        raise Malformed("of another format")
    return exhibit.encode(form, exhibit.decode(data, form, *_MEMBERS[form]))


def _shown(data: bytes) -> bytes:
    assert receiptfile.verify(data, POLICY).signers
    return _receipt_file(data)


def _signed(data: bytes) -> bytes:
    read, head = policy.open_signed(data, POLICY)
    assert treehead.open_checkpoint(data, WATCHED.key.verifier) == head
    assert head.text() == read.text
    return read.bytes()


def _promise(data: bytes) -> bytes:
    text = promise.opened(data, PROMISER).text()
    return note.assemble(text, [one.line() for one in note.parse(data).signatures])


def _tile(data: bytes) -> bytes:
    tile = tiles.tile_at(0, 0, len(WATCHED.entries))
    return tiles.fetch(Memory({tile.path: data}), tile)


def _key_file(data: bytes) -> bytes:
    path = Path(FOLDER.name) / "read.key"
    path.write_bytes(data)
    signer = keyfile.load(path)
    assert keyfile.load_cosigner(path).seed == signer.seed
    path.unlink()
    keyfile.save(path, signer)
    return path.read_bytes()


def _home(data: bytes) -> bytes:
    """The configuration is JSON as people write it; there need not be one form of it."""
    (Path(FOLDER.name) / home.CONFIG).write_bytes(data)
    for log in home.load(Path(FOLDER.name)).logs:
        assert log.origin
    return data


def _shown_list(data: bytes) -> bytes:
    assert patients.verify(data, TAG, [2], ALONE).head.size == 5
    return data


def _final_head(data: bytes) -> bytes:
    assert policy.final_head(data, POLICY).cosigned
    return data


def _law(data: bytes) -> bytes:
    assert law.parse(data).digest == law.digest(data)
    return data


def _paper(data: bytes) -> bytes:
    receipt.parse(paper.joined(data.decode(errors="replace").split("\n")))
    return data


PARSERS = {
    parser.name: parser
    for parser in (
        Parser("note", lambda data: note.parse(data).bytes(), (ENTRY, CHECKPOINT)),
        Parser("entry", lambda data: entry.Statement.parse(data).text(), (NOTE.text,)),
        Parser(
            "json",
            lambda data: entry.canonical(entry.read_canonical(data)),
            (b'{"a":[1,"x",true,{}],"b":-9007199254740992}',),
        ),
        Parser("head", lambda data: TreeHead.parse(data).text(), (note.parse(CHECKPOINT).text,)),
        Parser(
            "promise",
            lambda data: Promise.parse(data).text(),
            (note.parse(PROMISE).text,),
        ),
        Parser("signed promise", _promise, (PROMISE,), (Malformed, BadSignature)),
        Parser("checkpoint", _signed, (CHECKPOINT,), (Malformed, BadSignature)),
        Parser("receipt", lambda data: receipt.parse(data).bytes(), (RECEIPT, FILE)),
        Parser("receipt file", _receipt_file, (FILE,)),
        Parser("fields", _fields, (FIELDS_FILE,)),
        Parser("paper", _paper, ("\n".join(paper.parts(FILE)).encode(),)),
        Parser("policy", _policy, (POLICY.text,), (BadPolicy,)),
        Parser("law", _law, (LAW,), (law.BadLaw,)),
        Parser("log key", _vkey, (WATCHED.key.verifier.vkey.encode(),)),
        Parser(
            "cosigner key",
            _cosigner_vkey,
            (WATCHED.witnesses[0].verifier.vkey.encode(), PQ.verifier.vkey.encode()),
        ),
        Parser(
            "base64", _text(lambda text: note.encode_base64(note.decode_base64(text))), (b"AAE=",)
        ),
        Parser("tile path", _tile_path, (b"tile/3/x001/x234/067.p/44", b"tile/entries/000")),
        Parser(
            "bundle", lambda data: tiles.bundle(tiles.unbundle(data, 2)), (b"\0\1a\0\2bc", bytes(4))
        ),
        Parser(
            "request",
            lambda data: AddCheckpoint.parse(data).bytes(),
            (encode(4, (bytes(32), b"h" * 32), CHECKPOINT), encode(0, (), CHECKPOINT)),
        ),
        Parser("tile", _tile, (TILE,)),
        Parser(
            "log.vkey",
            lambda data: f"{beside.read_vkey(Memory({beside.VKEY: data}))}\n".encode(),
            (f"{WATCHED.key.verifier.vkey}\n".encode(),),
            (beside.Fault,),
        ),
        Parser("key file", _key_file, (b"a/b AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",)),
        Parser("home", _home, (json.dumps(HOME).encode(),), (home.BadHome,)),
        Parser("exhibit", _exhibit, (EVIDENCE, OMISSION)),
        Parser(
            "shown receipt",
            _shown,
            (FILE,),
            (Malformed, BadSignature, NotFinal, NotIncluded)
            + (receiptfile.UnknownSigner, receiptfile.NotOpened),
        ),
        Parser(
            "evidence",
            _evidence,
            (EVIDENCE, OMISSION),
            (Malformed, BadSignature, NotFinal, NotIncluded, NotShown),
        ),
        Parser("list proof", lambda data: patients.Proof.parse(data).bytes(), (LIST_PROOF,)),
        Parser(
            "shown list",
            _shown_list,
            (LIST_PROOF,),
            (Malformed, BadSignature, NotFinal)
            + (patients.Unproven, patients.NotListed, patients.Incomplete),
        ),
        Parser(
            "final head",
            _final_head,
            (CHECKPOINT,),
            (Malformed, BadSignature, NotFinal),
        ),
    )
}
