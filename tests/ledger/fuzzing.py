"""Every pure parser of the ledger, what it may refuse with, and bytes that it should refuse."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st

from ledger import entry, evidence, law, note, paper, policy, receipt, receiptfile, splitview, tiles
from ledger.cosignature import Algorithm, Cosigner
from ledger.cosignature import Verifier as CosignatureVerifier
from ledger.exhibit import NotShown
from ledger.note import BadSignature, Malformed
from ledger.policy import BadPolicy, NotFinal, Policy
from ledger.promise import Promise
from ledger.receipt import NotIncluded
from ledger.treehead import TreeHead
from ledger.witness.requests import AddCheckpoint, encode
from tests.ledger.witnessed import WatchedLog, opening

WATCHED = WatchedLog()
ENTRY = WATCHED.prescribe()
WATCHED.fill(3)
FORKED = WatchedLog().fill(4)
NOTE = note.parse(ENTRY)
CHECKPOINT = WATCHED.checkpoint()
POLICY = WATCHED.policy("all")
RECEIPT = WATCHED.receipt(ENTRY)
FILE = WATCHED.file(ENTRY, 1, **opening("dose_mg"))
EVIDENCE = splitview.compare(FORKED.checkpoint(), WATCHED.checkpoint(), POLICY) or b""
PQ = Cosigner("org/witness", b"w" * 32, Algorithm.ML_DSA_44)
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


def _evidence(data: bytes) -> bytes:
    assert evidence.verify(data, POLICY).sentence
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
            (note.parse(WATCHED.promise(ENTRY)).text,),
        ),
        Parser("receipt", lambda data: receipt.parse(data).bytes(), (RECEIPT, FILE)),
        Parser("receipt file", _receipt_file, (FILE,)),
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
        Parser(
            "evidence",
            _evidence,
            (EVIDENCE,),
            (Malformed, BadSignature, NotFinal, NotIncluded, NotShown),
        ),
        Parser(
            "final head",
            _final_head,
            (CHECKPOINT,),
            (Malformed, BadSignature, NotFinal),
        ),
    )
}

# What formats are made of, and what they must not be made of.
PIECES = [
    *(b"\n", b"\n\n", b" ", b"\t", b"\r\n", b"\0", b"\x7f", b"\xff", b"\xc0\x80", b"\xed\xa0\x80"),
    *(b"=", b"==", b"+", b"/", b".p/", b"x000/", b"-", b"#", b'"', b"\\ud800", b"{}", b"[", b","),
    *(b"0", b"00", b"1", b"-1", b"1e9", b"1.0", b"NaN", b"null", b"9" * 20, b"[" * 2000),
    *("\u2014 ".encode(), "\u2028".encode(), "\ufeff".encode(), "\u0661".encode(), b"\xc2\xa0"),
    *(b"log ", b"witness ", b"group g any ", b"quorum none\n", b"none", b"old 0\n", b"index 0\n"),
    *(b'"at":"9999-12-31T23:59:59.999999Z"', b'"version":1', b"extra AAAA\n", b"RX1:1/1:"),
]
EXAMPLES = [example for parser in PARSERS.values() for example in parser.examples]


@st.composite
def damaged(draw: st.DrawFn, examples: tuple[bytes, ...]) -> bytes:
    """One of the examples, changed in one to five places."""
    data = draw(st.sampled_from(examples))
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from((0, 1, 2, 8, 40, 400))))
        piece = draw(
            st.one_of(
                st.just(b""),
                st.sampled_from(PIECES),
                st.just(data[start:end] * 2),
                st.just(data[start:end][::-1]),
                st.just(bytes(octet ^ 1 for octet in data[start:end])),
                st.just(data[:start]),
                st.binary(max_size=4),
                st.sampled_from(EXAMPLES),
            )
        )
        data = data[:start] + piece + data[end:]
    return data


def noise() -> st.SearchStrategy[bytes]:
    """Bytes, Unicode text, and strings of the pieces that formats are made of."""
    return st.one_of(
        st.binary(max_size=300),
        st.text(max_size=200).map(lambda text: text.encode(errors="replace")),
        st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join),
    )
