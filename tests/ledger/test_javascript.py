"""A phone's check of a receipt, in JavaScript, says what Python says."""

import hashlib
import itertools
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl import bindings

from ledger import cosignature, entry, note, receiptfile, succession
from ledger.cosignature import Algorithm, Cosigner
from ledger.note import Malformed
from ledger.policy import BadPolicy, Policy
from tests.ledger.javascript import Checker, Refused, in_javascript, in_python, shared
from tests.ledger.witnessed import (
    DIGESTS,
    FIELDS,
    NOON_S,
    ORIGIN,
    WatchedLog,
    bits,
    opening,
    signer,
)

STATIC = Path(__file__).parents[2] / "ledger" / "static" / "ledger"
L = 2**252 + 27742317777372353535851937790883648493
P = 2**255 - 19
SMALL = [
    *(bytes([number]) + bytes(31) for number in (0, 1)),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    *((P + number).to_bytes(32, "little") for number in range(-1, 20) if P + number < 2**255),
]
POINTS = [point[:31] + bytes([point[31] | sign]) for point in SMALL for sign in (0, 0x80)]


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    made = Checker()
    yield made
    made.close()


@pytest.fixture(scope="module")
def watched() -> WatchedLog:
    return WatchedLog()


@pytest.mark.parametrize("more", [0, 1, 2, 5, 62, 254, 1000])
def test_a_receipt_holds_in_a_tree_of_any_size(checker, more):
    """K9: signers, index, witnesses and opened fields are the same."""
    log = WatchedLog()
    file_of = log.prescribe()
    log.fill(more)
    data, policy = log.file(file_of, 1, **opening("dose_mg", "name")), log.policy().text
    found = in_python(data, policy)
    assert found["opened"] == {"dose_mg": 500, "name": "Li"}
    assert in_javascript(checker, data, policy) == found


def test_every_changed_bit_is_refused(checker):
    """K2: by both; and for the same reason."""
    log = WatchedLog()
    data = log.file(log.prescribe(), 1, **opening("dose_mg"))
    policy = log.policy("all").text
    differing = []
    for changed in bits(data, 300):
        said = in_javascript(checker, changed, policy)
        assert isinstance(said, str), changed
        if said != in_python(changed, policy):
            differing.append((said, in_python(changed, policy)))
    assert differing == []


@pytest.mark.parametrize("by", [(0,), (0, 1), (1, 2, 3), (0, 1, 2, 3)], ids=str)
@pytest.mark.parametrize("quorum", ["1", "2", "3", "all"])
def test_the_quorum_counts_as_in_python(checker, by, quorum):
    """L5"""
    log = WatchedLog()
    written = log.prescribe()
    data = log.file(written, 1, checkpoint=log.checkpoint(by=by))
    policy = log.policy(quorum).text
    assert in_javascript(checker, data, policy) == in_python(data, policy)


@pytest.mark.parametrize("names", [[], ["name"], ["dose_mg", "diagnosis"], [*DIGESTS]], ids=str)
def test_a_phone_opens_fields_as_python_does(checker, names):
    """K9: byte for byte the same file, in which the fields not chosen are digests."""
    log = WatchedLog()
    bare, policy = log.file(log.prescribe(), 1, **opening("name")), log.policy().text
    fields = [[note.encode_base64(salt), name, value] for salt, name, value in FIELDS]
    made = receiptfile.with_opened(bare, [receiptfile.Field(*one) for one in FIELDS], names)
    assert checker.ask("open", receipt=bare, fields=fields, names=names) == made.decode()
    found = in_javascript(checker, made, policy)
    assert found["opened"] == {name: value for _, name, value in FIELDS if name in names}
    for code, wrong, asked in (
        ("malformed", fields, ["age"]),
        ("not_opened", fields[1:], ["name"]),
        ("malformed", [["AAAA", "name", "Li"], *fields[:2]], ["name"]),
    ):
        with pytest.raises(Refused, match=code):
            checker.ask("open", receipt=bare, fields=wrong, names=asked)


def test_what_a_receipt_lacks_is_named(checker):
    """K1, K2: no key, another log, another field, a registration that came later."""
    log, other = WatchedLog(), WatchedLog("other.example/log")
    written = log.prescribe()
    late = log.say("rx/1", "x", {}, signer("nurse"))
    log.register(signer("nurse"))
    policy = log.policy().text
    cases = {
        "unknown_signer": [log.file(written), log.file(late, 3 + 1)],
        "bad_signature": [other.file(other.prescribe(), 1)],
        "not_opened": [log.file(written, 1, **{**opening("name"), "digests": []})],
    }
    for code, files in cases.items():
        for data in files:
            assert in_python(data, policy) == code
            assert in_javascript(checker, data, policy) == code


def test_a_log_that_continues_another_one_proves_its_keys_there(checker):
    """L3: and one that names another past does not."""
    before = WatchedLog()
    head = note.parse(before.checkpoint()).text
    for size, holds in ((len(before.entries), True), (len(before.entries) + 1, False)):
        log = WatchedLog("watched.example/log/next")
        facts = {
            "predecessor": {
                "origin": before.origin,
                "root": head.decode().split("\n")[2],
                "size": size,
            },
            "service_keys": {},
        }
        log.entries.clear()
        log.say("log", "log.open", facts, log.key)
        written = log.prescribe()
        keys = [log.registered(0), before.registered(1)]
        data = receiptfile.complete(log.receipt(written), written, keys=keys)
        policy = log.policy().text
        found = in_python(data, policy)
        assert isinstance(found, dict) is holds
        assert in_javascript(checker, data, policy) == found
    assert succession.FREEZE == "log.freeze"


def test_a_log_that_names_itself_as_its_past_is_refused(checker):
    """K2: or whoever signs an opening could bring any tree with it."""
    log = WatchedLog()
    named = {"origin": log.origin, "root": note.encode_base64(bytes(32)), "size": 1}
    log.entries.clear()
    log.say("log", "log.open", {"predecessor": named, "service_keys": {}}, log.key)
    log.register(log.doctor, log.doctor)
    data, policy = log.file(log.prescribe(), 0, 1), log.policy().text
    assert in_python(data, policy) == "malformed"
    assert in_javascript(checker, data, policy) == "malformed"


@pytest.fixture(scope="module")
def mixed() -> WatchedLog:
    """The log and its first two witnesses sign with both algorithms, the others with one."""
    log = WatchedLog()
    both = [Cosigner(one.verifier.name, one.seed, Algorithm.ML_DSA_44) for one in log.witnesses[:2]]
    log.witnesses += both
    return log


def mixed_policy(log: WatchedLog, quorum: str) -> bytes:
    keys = [f"w{number} {one.verifier.vkey}" for number, one in enumerate(log.witnesses)]
    lines = [f"log {log.key.verifier.vkey}", *(f"witness {key}" for key in keys)]
    lines += ["group a all w0 w4", "group b all w1 w5", f"group c {quorum} a b w2 w3", "quorum c"]
    return "".join(f"{line}\n" for line in lines).encode()


@pytest.mark.parametrize("by", [(0, 1, 2, 3, 4, 5), (0, 1, 4), (4, 5), (0, 1, 5, 2), ()], ids=str)
@pytest.mark.parametrize("quorum", ["1", "2", "3", "4"])
def test_both_algorithms_count_as_in_python(checker, mixed, by, quorum):
    """K1, L5: a group of both an organisation's keys is met by both, and by none of them alone."""
    if len(mixed.entries) == 2:
        mixed.prescribe()
    data = mixed.file(mixed.entries[2], 1, checkpoint=mixed.checkpoint(by=by))
    policy = mixed_policy(mixed, quorum)
    assert checker.ask("needs", policy=policy)
    assert in_javascript(checker, data, policy) == in_python(data, policy)


def test_the_logs_own_post_quantum_signature_is_enough(checker):
    """K1: a policy may name that key alone."""
    log = WatchedLog()
    second = Cosigner(ORIGIN, b"s" * 32, Algorithm.ML_DSA_44)
    written = log.prescribe()
    text = note.parse(log.checkpoint()).text
    lines = [log.key.sign(text), second.cosign(text, NOON_S)]
    for signed, holds in ((lines, True), (lines[:1], False)):
        data = log.file(written, 1, checkpoint=note.assemble(text, signed))
        policy = b"log %s\nlog %s\nquorum none\n" % (
            second.verifier.vkey.encode(),
            WatchedLog("other.example/log").key.verifier.vkey.encode(),
        )
        said = in_javascript(checker, data, policy)
        assert said == in_python(data, policy)
        assert (said == "unknown_signer") is holds or isinstance(said, dict) is holds


def test_without_the_second_algorithm_its_lines_count_for_nothing(checker, mixed):
    """L5: they are read over, and never make up a quorum that is not there."""
    if len(mixed.entries) == 2:
        mixed.prescribe()
    data = mixed.file(mixed.entries[2], 1)
    assert checker.ask("verify", receipt=data, policy=mixed_policy(mixed, "2"), plain=True)
    with pytest.raises(Refused, match="not_final"):
        checker.ask("verify", receipt=data, policy=mixed_policy(mixed, "3"), plain=True)
    assert not checker.ask("needs", policy=WatchedLog().policy().text)


def test_post_quantum_signatures_are_judged_as_by_openssl(checker):
    """K1: FIPS 204; honest ones, and any bit of signature, key or message changed."""
    one = Cosigner("regulator/witness", b"w" * 32, Algorithm.ML_DSA_44)
    text = note.parse(WatchedLog().checkpoint()).text
    good = note.decode_base64(one.cosign(text, NOON_S).split(" ")[2])[12:]
    message = cosignature._message(Algorithm.ML_DSA_44, one.verifier.name, text, NOON_S)
    key = one.verifier.public_key
    assert checker.ask("post_quantum", key=key, message=message, signature=good) is True
    hints = range(len(good) - 84, len(good))  # omega + k bytes, which have one encoding
    flipped = [good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :] for at in hints]
    for signature in (*bits(good, 60), *flipped, good[:-1], good + b"\0", b""):
        assert checker.ask("post_quantum", key=key, message=message, signature=signature) is False
    for other in bits(key, 20):
        assert checker.ask("post_quantum", key=other, message=message, signature=good) is False
    for other in bits(message, 20):
        assert checker.ask("post_quantum", key=key, message=other, signature=good) is False


POLICY_LINES = st.lists(
    st.sampled_from(
        [
            *WatchedLog().policy().text.decode().splitlines(),
            "group a any hospital/witness",
            "group b 2 pharmacy/witness insurer/witness",
            "group c all a b",
            "group d 0 a b",
            "group e 3 a b",
            "\tgroup f 1  a \t b",
            "quorum c",
            "quorum none",
            "quorum x",
            "# nothing",
            "",
            "witness none x",
            "log x",
            "group none any a",
        ]
    ),
    max_size=12,
)
NAMES = ("hospital/witness", "pharmacy/witness", "insurer/witness", "regulator/witness")


@settings(max_examples=150, deadline=None)
@given(POLICY_LINES)
def test_policies_are_read_alike(lines):
    """D4, L5: the same are refused, and the same names make a quorum."""
    text = "".join(f"{line}\n" for line in lines).encode()
    named = [list(some) for n in range(5) for some in itertools.combinations(NAMES, n)]
    try:
        policy = Policy.parse(text)
    except BadPolicy:
        with pytest.raises(Refused, match="bad_policy"):
            shared().ask("policy", policy=text, named=named)
    else:
        met = [policy.is_met_by(set(one)) for one in named]
        assert shared().ask("policy", policy=text, named=named) == met


VALUES = st.recursive(
    st.text(max_size=5) | st.booleans() | st.integers(-(2**53), 2**53),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)
ODD = [
    b'{"b":1,"a":2}',
    b'{"a":1,"a":2}',
    b'{"a":1.0}',
    b'{"a":1e3}',
    b'{"a":-0}',
    b'{"a":null}',
    b'{"a":9007199254740993}',
    b'{"a":"\\ud800"}',
    b'{"a":"\\u0041"}',
    b'{"a": 1}',
    b'{"\xef\xbf\xbd":1,"\xf0\x9f\x98\x80":2}',
    b'{"\xf0\x9f\x98\x80":1,"\xef\xbf\xbd":2}',
    b'{"__proto__":1}',
    b'"\xe2\x80\xa8\x7f"',
    b'"\xff"',
    b"[" * 16 + b"]" * 16,
    b"[" * 17 + b"]" * 17,
    b"",
    b"NaN",
]


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_canonical_json_is_written_alike(value):
    """D4"""
    data = entry.canonical(value)
    assert shared().ask("canonical", data=data) == data.decode()


@pytest.mark.parametrize("data", ODD)
def test_odd_json_is_refused_alike(checker, data):
    """D4: what is not in its one form, and the order of code points beyond the first plane."""
    try:
        entry.read_canonical(data)
    except Malformed:
        with pytest.raises(Refused, match="malformed"):
            checker.ask("canonical", data=data)
    else:
        assert checker.ask("canonical", data=data) == data.decode()


@pytest.mark.parametrize(
    "text", ["", "A", "AA", "AA=", "AA==", "AB==", "AAA=", "AA==\n", "A A=", "é"]
)
def test_base64_is_read_alike(checker, text):
    """D4: padding and slack bits have one form."""
    try:
        expected = note.decode_base64(text).hex()
    except Malformed:
        with pytest.raises(Refused, match="malformed"):
            checker.ask("base64", text=text)
    else:
        assert checker.ask("base64", text=text) == expected


def test_signatures_are_judged_as_by_libsodium(checker):
    """K1: points of small order, other encodings, S beyond the order, and honest ones."""
    drawn = random.Random(3)
    doctor = signer("hospital/doctor/1")
    good = bindings.crypto_sign(b"text", doctor.seed + doctor.verifier.public_key)[:64]
    high = good[:32] + (int.from_bytes(good[32:], "little") + L).to_bytes(32, "little")
    cases = [(doctor.verifier.public_key, value) for value in (good, high, *bits(good, 60))]
    for key, r in [*itertools.product(POINTS, POINTS)]:
        if drawn.random() < 0.25:
            cases.append((key, r + drawn.choice([0, 1, L - 1, L]).to_bytes(32, "little")))
    for key in POINTS:
        cases.append((key, good))
    for key, value in cases:
        expected = note.is_signature(key, b"text", value)
        said = checker.ask("signature", key=key, message=b"text", signature=value)
        assert said == expected, (key.hex(), value.hex())


def test_points_are_judged_as_by_libsodium(checker):
    """K1: a key must be of the prime-order group, in its one encoding."""
    drawn = random.Random(7)
    points = [*POINTS, *(drawn.randbytes(32) for _ in range(200))]
    points += [bindings.crypto_core_ed25519_from_uniform(drawn.randbytes(32)) for _ in range(20)]
    judged = [bool(bindings.crypto_core_ed25519_is_valid_point(point)) for point in points]
    assert [checker.ask("point", key=point) for point in points] == judged
    assert {True, False} == set(judged)


def test_moments_are_read_alike(checker):
    """D4"""
    usual = note.parse(WatchedLog().entries[0]).text
    for at in (
        "2026-11-23T12:00:00.000000Z",
        "2024-02-29T23:59:59.999999Z",
        "2026-02-29T12:00:00.000000Z",
        "2026-11-31T12:00:00.000000Z",
        "2026-11-23T24:00:00.000000Z",
        "2026-11-23T12:00:60.000000Z",
        "0000-01-01T00:00:00.000000Z",
        "2026-11-23T12:00:00Z",
        "2026-11-23T12:00:00.000000+00:00",
    ):
        text = usual.replace(b"2026-11-23T12:00:00.000000Z", at.encode())
        try:
            entry.Statement.parse(text)
        except Malformed:
            with pytest.raises(Refused, match="malformed"):
                checker.ask("statement", data=text)
        else:
            assert checker.ask("statement", data=text) == "log"


def test_what_was_taken_over_is_unchanged():
    """Z1: the digests stand beside the files."""
    said = (STATIC / "vendor" / "README.md").read_text()
    rows = {row[1].strip("` "): row[3].strip("` ") for row in map(_row, said.splitlines()) if row}
    found = {}
    for path in (STATIC / "vendor").rglob("*.js"):
        name, data = path.relative_to(STATIC / "vendor").as_posix(), path.read_bytes()
        if "/" in name:  # imports that named packages
            data = data.replace(b"from '../curves/", b"from '@noble/curves/")
            data = re.sub(rb"from '\.\./(?=[a-z0-9]+\.js')", b"from '@noble/hashes/", data)
        found[name] = hashlib.sha256(data).hexdigest()
    del rows["file"], rows["---"]
    assert found == rows


def _row(line: str) -> list[str]:
    return line.split("|") if line.startswith("|") else []
