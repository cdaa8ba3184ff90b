"""Policies: the one grammar, and who makes a quorum."""

import itertools

import pytest

from ledger import cosignature, note, policy
from ledger.cosignature import Cosigner
from ledger.policy import BadPolicy, Policy

LOG = note.Signer("hospital.example/log", b"l" * 32)
KEYS = {name: Cosigner(f"{name}.example", name.encode() * 32) for name in "ABCDEF"}
FOUR = {name: Cosigner(f"org/{name}", name.encode() * 16) for name in ("w1", "w2", "w3", "w4")}
THREE_OF_FOUR = "".join(
    (
        f"log {LOG.verifier.vkey} https://log.example/\n",
        *(f"witness {name} {key.verifier.vkey}\n" for name, key in FOUR.items()),
        "group all-four 3 w1 w2 w3 w4\nquorum all-four\n",
    )
)


def witness(name: str, key: str = "") -> str:
    return f"witness {name} {KEYS[key or name].verifier.vkey}\n"


ABC = witness("A") + witness("B") + witness("C")


def parse(text: str) -> Policy:
    return Policy.parse(text.encode())


def test_reads_logs_witnesses_groups_and_quorum():
    text = (
        f"# the agreement\n\n \t log\t{LOG.verifier.vkey}   https://log.example/ \n"
        f"witness A {KEYS['A'].verifier.vkey} https://a.example/药\n{witness('B')}"
        "  # a comment\n\t\ngroup pair all A B\nquorum pair\n"
    )

    found = parse(text)

    assert found.logs == (policy.Log(LOG.verifier, "https://log.example/"),)
    assert (
        found.witnesses["A"].url.encode(errors="surrogateescape") == "https://a.example/药".encode()
    )
    assert found.witnesses["B"] == policy.Witness("B", KEYS["B"].verifier, "")
    assert found.groups == {"pair": policy.Group("pair", 2, ("A", "B"))}
    assert found.quorum == "pair"
    assert found.text == text.encode()


def test_judges_the_example_of_the_specification():
    """Two of X1 X2 X3 and any of Y1 Y2 Y3, for each of the 64 sets of witnesses."""
    names = ("X1", "X2", "X3", "Y1", "Y2", "Y3")
    found = parse(
        f"log {LOG.verifier.vkey}\n\n"
        + "".join(witness(name, key) for name, key in zip(names, KEYS, strict=True))
        + "group X-witnesses 2 X1 X2 X3\ngroup Y-witnesses any Y1 Y2 Y3\n"
        "group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"
    )

    for chosen in itertools.product((False, True), repeat=6):
        there = set(itertools.compress(names, chosen))
        assert found.is_met_by(there) == (sum(chosen[:3]) >= 2 and any(chosen[3:]))
        assert found.is_met_by(there, "X-witnesses") == (sum(chosen[:3]) >= 2)


def test_a_quorum_is_a_group_or_a_witness_or_nobody():
    assert parse("quorum none\n").is_met_by(set())
    single = parse(ABC + "quorum B\n")
    assert single.is_met_by({"B"})
    assert not single.is_met_by({"A", "C", "b", "B.example"})
    group = parse(ABC + "group g any A\nquorum g\n")
    assert not group.is_met_by({"g", "B"})
    assert not group.is_met_by({"A"}, "elsewhere")


def test_names_are_opaque_bytes():
    """K and the Kelvin sign are two names; what is not UTF-8 is one, too."""
    names = (b"K", "\u212a".encode(), b"\xff\xfe", b"n/o+ne", b"\xe8\x8d", b"#")
    lines = b"".join(
        b"witness %s %s\n" % (name, KEYS[key].verifier.vkey.encode())
        for name, key in zip(names, KEYS, strict=True)
    )

    for chosen in names:
        found = Policy.parse(lines + b"group g all " + chosen + b"\nquorum g\n")
        (only,) = found.groups["g"].members
        assert only.encode(errors="surrogateescape") == chosen
        assert [name for name in found.witnesses if found.is_met_by({name})] == [only]


KEY_A = KEYS["A"].verifier
RENAMED = note.Signer("x", b"l" * 32).verifier


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (0, ""),
        (0, "# nothing\n"),
        (0, ABC),
        (0, "quorum none"),
        (0, "quorum none\r\n"),
        (0, "# \0\nquorum none\n"),
        (0, "# \x7f\nquorum none\n"),
        (0, " " * policy.MAX_BYTES + "\nquorum none\n"),
        (2, "quorum none\nquorum none\n"),
        (1, "quorum\n"),
        (1, "quorum none none\n"),
        (1, "quorum A\n" + ABC),
        (1, "Quorum none\n"),
        (1, "witnesses A\nquorum none\n"),
        (1, "log\nquorum none\n"),
        (1, f"log {LOG.verifier.vkey} https://a b\nquorum none\n"),
        (1, f"log {KEY_A.vkey}\nquorum none\n"),
        (1, f"log {LOG.verifier.vkey[:-1]}\nquorum none\n"),
        (2, f"log {LOG.verifier.vkey}\nlog {LOG.verifier.vkey} https://b\nquorum none\n"),
        (2, f"log {LOG.verifier.vkey}\nlog {RENAMED.vkey}\nquorum none\n"),
        (1, f"witness A {LOG.verifier.vkey}\nquorum none\n"),
        (1, "witness A\nquorum none\n"),
        (1, f"witness {KEY_A.vkey} A\nquorum none\n"),
        (1, f"witness A {KEY_A.vkey} https://a https://b\nquorum none\n"),
        (1, f"witness none {KEY_A.vkey}\nquorum none\n"),
        (1, f"witness A {KEY_A.vkey}\u00a0\nquorum none\n"),
        (1, f"witness A \u00e9{KEY_A.vkey}\nquorum none\n"),
        (4, ABC + witness("A", "D") + "quorum none\n"),
        (4, ABC + witness("D", "A") + "quorum none\n"),
        (4, ABC + f"witness D {Cosigner('x', b'A' * 32).verifier.vkey}\nquorum none\n"),
        (4, ABC + "group A any B\nquorum A\n"),
        (4, ABC + "group none any B\nquorum none\n"),
        (5, ABC + "group g any A\ngroup g any B\nquorum g\n"),
        (5, ABC + "group g any A\n" + witness("g", "D") + "quorum g\n"),
        (4, ABC + "group g any\nquorum g\n"),
        (4, ABC + "group g A B\nquorum g\n"),
        (4, ABC + "group g any D\n" + witness("D") + "quorum g\n"),
        (4, ABC + "group g any g\nquorum g\n"),
        (4, ABC + "group g any none\nquorum g\n"),
        (4, ABC + "group g 2 A A\nquorum g\n"),
        (5, ABC + "group g any A B\ngroup h any A C\nquorum h\n"),
        (4, ABC + "group g 0 A\nquorum g\n"),
        (4, ABC + "group g 4 A B C\nquorum g\n"),
        (4, ABC + "group g 02 A B C\nquorum g\n"),
        (4, ABC + "group g +2 A B C\nquorum g\n"),
        (4, ABC + "group g -1 A B C\nquorum g\n"),
        (4, ABC + "group g 2.0 A B C\nquorum g\n"),
        (4, ABC + "group g \u0662 A B C\nquorum g\n"),
        (4, ABC + "group g 9999999 A B C\nquorum g\n"),
        (4, ABC + "group g All A B C\nquorum g\n"),
        (4, ABC + "quorum D\n"),
        (4, ABC + "quorum g\ngroup g any A\n"),
    ],
)
def test_refuses_what_the_grammar_does_not_allow(line, text):
    """Nobody counts twice, and no line is skipped in silence."""
    with pytest.raises(BadPolicy) as refusal:
        parse(text)
    assert refusal.value.line == line


def test_two_keys_that_a_signature_line_could_not_tell_apart_are_refused(monkeypatch):
    """Whoever finds a key of the same name and id could otherwise have another's line refused."""
    monkeypatch.setattr(cosignature.Verifier, "key_id", property(lambda _: b"same"))
    lines = [f"witness {name} {Cosigner('x', name.encode() * 32).verifier.vkey}\n" for name in "AB"]

    parse(f"{lines[0]}quorum A\n")
    with pytest.raises(BadPolicy, match="line 2"):
        parse("".join(lines) + "quorum A\n")


def test_a_thousand_of_each_and_any_depth_are_read():
    """The specification asks for 32 of each; depth costs no recursion."""
    keys = [Cosigner(f"w{n}", n.to_bytes(32, "big")).verifier for n in range(1, 1001)]
    logs = [note.Signer(f"l{n}", n.to_bytes(32, "big")).verifier for n in range(1, 65)]
    text = "".join(f"log {log.vkey}\n" for log in logs)
    text += "".join(f"witness w{n} {key.vkey}\n" for n, key in enumerate(keys))
    text += "group g0 any w0\n" + "".join(f"group g{n} all g{n - 1} w{n}\n" for n in range(1, 1000))

    found = parse(text + "quorum g999\n")

    assert found.is_met_by(found.witnesses.keys())
    assert not found.is_met_by(found.witnesses.keys() - {"w500"})


def test_the_agreement_is_the_policy_without_what_may_change():
    one = parse(THREE_OF_FOUR)
    other = parse(
        "# by hand\n" + THREE_OF_FOUR.replace("log.example", "elsewhere").replace(" ", "\t")
    )

    assert one.agreement() == other.agreement()
    assert Policy.parse(one.agreement()).agreement() == one.agreement()
    assert one.agreement() != parse(THREE_OF_FOUR.replace("four 3", "four 2")).agreement()
    every = parse(THREE_OF_FOUR.replace("four 3", "four all"))
    assert every.agreement() == parse(THREE_OF_FOUR.replace("four 3", "four 4")).agreement()
