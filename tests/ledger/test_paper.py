"""A receipt goes onto paper and comes back, whoever's scanner reads it."""

import hashlib
import io
import zlib

import pytest
import segno
import zxingcpp
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import note, paper, receipt, receiptfile
from ledger.cosignature import Algorithm, Cosigner
from ledger.receipt import Receipt
from tests.ledger.witnessed import NAMES, WatchedLog, opening, written


def typical() -> bytes:
    """Eight cosignatures, a proof of 20 hashes for entry and key, two opened fields."""
    log = WatchedLog()
    for name in NAMES:
        log.witnesses.append(Cosigner.generate(f"{name}/validator"))
    entry = log.prescribe()
    bare = log.file(entry, 1, checkpoint=log.checkpoint(by=range(8)), **opening("name", "dose_mg"))
    file = receiptfile.read(bare)
    proof = tuple(bytes([number]) * 8 + note.Signer.generate("x").seed[:24] for number in range(20))
    key = receiptfile.Registered(file.keys[0].entry, 1, proof[::-1])
    longer = Receipt(123_456, proof, file.receipt.checkpoint).bytes()
    return receiptfile.complete(longer, entry, keys=[key], opened=file.opened, digests=file.digests)


def scanned(code: segno.QRCode) -> str:
    """What an independent decoder reads in the drawn code."""
    image = io.BytesIO()
    code.save(image, kind="pbm", scale=3, border=4, plain=True)
    (read,) = zxingcpp.read_barcodes(_pixels(image.getvalue()))
    return read.text


def _pixels(pbm: bytes) -> memoryview:
    """Rows of grey bytes from a plain PBM file."""
    lines = [line for line in pbm.split(b"\n") if not line.startswith(b"#")]
    width, height = map(int, lines[1].split())
    dots = b"".join(lines[2:]).replace(b" ", b"")
    grey = dots.translate(bytes.maketrans(b"01", b"\xff\x00"))
    return memoryview(grey).cast("B", shape=[height, width])


def test_a_typical_receipt_fits_two_codes_and_is_read_by_another_decoder():
    data = typical()
    texts = paper.parts(data)
    codes = [
        segno.make_qr(text, error="m", mode="alphanumeric", boost_error=False) for text in texts
    ]
    assert len(data) > 3_000
    assert len(codes) <= 2
    assert all(int(code.version) <= 40 and code.error == "M" for code in codes)
    assert paper.joined(map(scanned, reversed(codes))) == data


def test_a_part_is_as_long_as_the_largest_code_holds():
    text = "RX1:1/1:00000000:".ljust(paper.CAPACITY, "Z")
    assert segno.make_qr(text, error="m", mode="alphanumeric", boost_error=False).version == 40
    with pytest.raises(segno.DataOverflowError):
        segno.make_qr(text + "Z", error="m", mode="alphanumeric", boost_error=False)
    data = typical()
    file = receiptfile.read(data)
    field = [receiptfile.Field(b"s" * 16, "a", "".join(map(str, range(4000))))]
    longer = receiptfile.complete(data, file.entry, opened=field, digests=file.digests)
    texts = paper.parts(longer)
    assert max(map(len, texts)) <= paper.CAPACITY
    assert len(texts) > 2


def test_base45_is_that_of_the_rfc():
    """The examples of RFC 9285, section 4."""
    for data, text in ((b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581")):
        assert paper._encode(data) == text
        assert paper._decode(text) == data
    assert paper._decode("QED8WEX0") == b"ietf!"


@given(st.binary(max_size=3000), st.integers(0, 60), st.randoms())
@settings(deadline=None)
def test_every_receipt_comes_back_as_it_was(checkpoint, hashes, random):
    proof = tuple(random.randbytes(32) for _ in range(hashes))
    for extra in (b"", b'{"a":"b"}', b"extra "):
        data = Receipt(5, proof, checkpoint, extra).bytes()
        texts = paper.parts(data) * 2
        random.shuffle(texts)
        assert paper.joined(texts) == data


@given(st.lists(st.text(alphabet="RX1:/ 0123456789ABCDEFGHIJ", max_size=60), max_size=3))
def test_no_text_crashes_the_reader(texts):
    """D4: whatever a scanner reads."""
    for more in ([], [f"RX1:1/1:00000000:{''.join(texts)}"]):
        with pytest.raises(note.Malformed):
            paper.joined([*texts, *more])


def test_parts_that_do_not_make_a_receipt_are_told():
    """D4: missing, foreign, damaged, endless."""
    data = typical()
    one, two = paper.parts(data)
    other = paper.parts(data.replace(b"index 123456", b"index 123457"))
    cases = {
        "there are no parts": [],
        "missing of 2 parts: 2": [one],
        "different receipts": [one, other[1]],
        "there twice": [one, two, one[:-1] + "0" if one[-1] != "0" else one[:-1] + "1"],
        "damaged": [one, two[:-3] + ("000" if not two.endswith("000") else "111")],
        "parts are damaged": [text.replace(one[8:16], "0" * 8) for text in (one, two)],
        "not a part": [one, two.lower()],
    }
    for why, texts in cases.items():
        with pytest.raises(note.Malformed, match=why):
            paper.joined(texts)


def test_a_bomb_does_not_go_off(monkeypatch):
    """D2: what unfolds beyond a receipt's size is refused, and not unfolded."""
    monkeypatch.setattr(receipt, "MAX_BYTES", 1 << 20)
    bare = Receipt(1, (), b"0" * (1 << 20)).bytes()
    packed = zlib.compress(bare)
    sign = hashlib.sha256(packed).hexdigest()[:8].upper()
    with pytest.raises(note.Malformed, match="damaged"):
        paper.joined([f"RX1:1/1:{sign}:{paper._encode(packed)}"])


def test_what_is_too_long_for_paper_is_told():
    """Sixteen post-quantum cosignatures alone are 39 kB."""
    log = WatchedLog()
    log.witnesses = [Cosigner.generate(f"w{one}", Algorithm.ML_DSA_44) for one in range(16)]
    data = log.file(log.prescribe(), 1, checkpoint=log.checkpoint(by=range(16)))
    with pytest.raises(paper.TooLong):
        paper.parts(data)


class TestCommands:
    def test_qr_and_scan_carry_a_receipt(self, tmp_path, capsys):
        data = typical()
        written(tmp_path, receipt=data)
        call_command("receipt", "qr", tmp_path / "receipt", out=tmp_path / "code.svg")
        assert sorted(path.name for path in tmp_path.glob("*.svg")) == ["code-1.svg", "code-2.svg"]
        assert "code 2 of 2, version" in capsys.readouterr().out
        call_command("receipt", "qr", tmp_path / "receipt")
        assert "█" in capsys.readouterr().out

        call_command("receipt", "scan", *paper.parts(data), out=tmp_path / "again")
        assert (tmp_path / "again").read_bytes() == data
        capsys.readouterr()
        call_command("receipt", "scan", *paper.parts(data))
        assert capsys.readouterr().out.encode() == data

    def test_scan_says_what_is_missing(self):
        data = typical()
        with pytest.raises(CommandError, match="missing of 2 parts: 1"):
            call_command("receipt", "scan", paper.parts(data)[1])
