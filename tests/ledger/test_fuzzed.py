"""Whatever they are given, parsers refuse it in their own words or give the same bytes back."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import policy, receipt
from ledger.note import BadSignature, Malformed
from ledger.policy import BadPolicy, NotFinal, Policy
from ledger.receipt import NotIncluded
from tests.ledger.fuzzing import damaged, noise
from tests.ledger.parsers import CHECKPOINT, ENTRY, PARSERS, POLICY, RECEIPT, WATCHED, Parser
from tests.ledger.witnessed import bits

EVERY = pytest.mark.parametrize("parser", PARSERS.values(), ids=PARSERS)
REFUSED = (Malformed, BadSignature, NotFinal, NotIncluded)
QUICK = settings(
    deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
LONG = settings(QUICK, max_examples=500)


@EVERY
def test_what_is_right_is_read(parser: Parser):
    assert all(map(parser.accepts, parser.examples))


@EVERY
@given(data=noise())
@QUICK
def test_noise_crashes_no_parser(parser: Parser, data: bytes):
    """D4: control characters, lone surrogates, great numbers, deep nesting, and plain noise."""
    parser.accepts(data)


@EVERY
@given(source=st.data())
@QUICK
def test_damage_crashes_no_parser(parser: Parser, source: st.DataObject):
    """D4: what once was right, changed in a few places."""
    parser.accepts(source.draw(damaged(parser.examples)))


@pytest.mark.slow
@EVERY
@given(data=noise(), source=st.data())
@LONG
def test_much_noise_and_damage_crash_no_parser(parser: Parser, data: bytes, source: st.DataObject):
    parser.accepts(data)
    parser.accepts(source.draw(damaged(parser.examples)))


@EVERY
def test_every_beginning_of_what_is_right_is_refused_or_right(parser: Parser):
    for example in parser.examples:
        for end in range(0, len(example), 1 + len(example) // 500):
            parser.accepts(example[:end])


@EVERY
def test_a_changed_bit_crashes_no_parser(parser: Parser):
    for example in parser.examples:
        for changed in bits(example, min(400, 8 * len(example))):
            parser.accepts(changed)


def test_no_bit_of_a_final_checkpoint_can_be_changed():
    """K2: every bit, where every witness is needed."""
    final = policy.final_head(CHECKPOINT, POLICY)

    assert len(final.cosigned) == 4
    for changed in bits(CHECKPOINT):
        with pytest.raises((Malformed, BadSignature, NotFinal)):
            policy.final_head(changed, POLICY)


def test_a_changed_bit_makes_a_checkpoint_say_less_and_never_anything_else():
    """K2: where three of four suffice, a line by a name that nobody knows is passed over."""
    three = WATCHED.policy("3")
    final = policy.final_head(CHECKPOINT, three)
    less = 0
    for changed in bits(CHECKPOINT):
        try:
            other = policy.final_head(changed, three)
        except (Malformed, BadSignature, NotFinal):
            continue
        assert other.head == final.head
        assert len(other.cosigned) == 3
        assert other.cosigned.items() < final.cosigned.items()
        less += 1

    assert 0 < less < len(CHECKPOINT)


def test_no_bit_of_a_receipt_can_be_changed():
    """K2, L6: the index, each hash, the root, and each signature."""
    receipt.verify(RECEIPT, ENTRY, POLICY)
    for changed in bits(RECEIPT):
        with pytest.raises(REFUSED):
            receipt.verify(changed, ENTRY, POLICY)


def test_no_bit_of_a_receipts_entry_can_be_changed():
    """L1: another entry has another hash."""
    for changed in bits(ENTRY):
        with pytest.raises(NotIncluded):
            receipt.verify(RECEIPT, changed, POLICY)


AGREED = Policy.parse(
    b"# What we agreed on.\n\n"
    + WATCHED.policy("3").text.replace(b"\nwitness", b" https://log.example/\n\twitness", 1)
)
THRESHOLD = AGREED.text.index(b" 3 ") + 1
NEWLINE = AGREED.text.index(b"\n\n")


def test_a_changed_bit_of_a_policy_is_refused_or_shows_or_means_nothing():
    """
    L5: comments, spaces and addresses may change without harm. A threshold, or a line that a
    comment swallows, cannot be refused by reading alone: there the agreement is another one, and
    what the log's first entry agreed on is not met.
    """
    shown, meaningless = set(), set()
    for place, changed in enumerate(bits(AGREED.text)):
        try:
            found = Policy.parse(changed)
        except BadPolicy:
            continue
        if found.agreement() == AGREED.agreement():
            meaningless.add(place // 8)
        else:
            shown.add(place // 8)

    assert shown <= {THRESHOLD, NEWLINE, NEWLINE + 1}
    assert THRESHOLD in shown
    means_something = re.finditer(
        rb"^\t?(log \S+|witness .*|group .*|quorum .*)$", AGREED.text, re.M
    )
    for line in means_something:
        assert not meaningless & {
            place for place in range(*line.span()) if not AGREED.text[place : place + 1].isspace()
        }
