"""A promise says one thing, in one form, by one key."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import note, promise
from ledger.promise import Promise
from tests.ledger.witnessed import NOON, bits

LEAF = b"l" * 32
KEY = note.Signer("example/log/promise", b"k" * 32)


def made(**changes) -> bytes:
    return promise.make(KEY, **{"leaf": LEAF, "at": NOON, "merge_delay_s": 60, **changes})


def test_a_promise_opens_to_what_was_promised():
    found = promise.opened(made(), KEY.verifier)
    assert found == Promise("example/log", LEAF, NOON, 60)
    assert found.until == NOON + timedelta(seconds=60)


def test_a_promise_is_five_lines():
    encoded = note.encode_base64(LEAF)
    text = f"smart-hospital/promise/v1\nexample/log\n{encoded}\n2026-11-23T12:00:00.000000Z\n60\n"
    assert note.parse(made()).text == text.encode()


def test_no_bit_of_a_promise_can_be_changed():
    """K2: neither the entry nor the time nor the delay."""
    for changed in bits(made()):
        with pytest.raises((note.Malformed, note.BadSignature)):
            promise.opened(changed, KEY.verifier)


def test_a_promise_by_another_key_is_none():
    """K1: the log's name under another key, and another log's key."""
    with pytest.raises(note.BadSignature):
        promise.opened(made(), note.Signer.generate(KEY.verifier.name).verifier)
    other = note.Signer.generate("example/other/promise")
    with pytest.raises(note.Malformed, match="another log"):
        promise.opened(made(), other.verifier)


def test_only_a_key_for_promises_makes_them():
    with pytest.raises(note.Malformed, match="not a key for promises"):
        promise.make(note.Signer.generate("example/log"), leaf=LEAF, at=NOON, merge_delay_s=60)


@given(
    st.datetimes(max_value=datetime(9998, 1, 1)),  # noqa: DTZ001
    st.integers(0, promise.MAX_DELAY_S),
    st.binary(min_size=32, max_size=32),
)
def test_promises_are_read_as_they_are_written(at, delay_s, leaf):
    written = Promise("example/log", leaf, at.replace(tzinfo=UTC), delay_s)
    assert Promise.parse(written.text()) == written


@given(st.binary(max_size=200))
def test_whatever_is_no_promise_is_malformed(data):
    for candidate in (data, Promise("a", LEAF, NOON, 1).text()[:-3] + data):
        try:
            found = Promise.parse(candidate)
        except note.Malformed:
            continue
        assert found.text() == candidate


@pytest.mark.parametrize(
    ("part", "instead"),
    [
        (b"T12:", b" 12:"),
        (b".000000Z", b"Z"),
        (b"Z\n", b"+00:00\n"),
        (b"12:00:00.000000Z", b"20:00:00.000000+08:00"),
        (b"\n60\n", b"\n060\n"),
        (b"\n60\n", b"\n-1\n"),
        (b"\n60\n", b"\n1000000\n"),
        (b"\n60\n", b"\n60\n\n"),
        (b"2026", b"9999"),
        (b"/v1", b"/v2"),
    ],
)
def test_a_promise_has_one_form(part, instead):
    """K4: no other way to write the same."""
    text = note.parse(made()).text
    assert part in text
    with pytest.raises(note.Malformed):
        Promise.parse(text.replace(part, instead))


@pytest.mark.parametrize(
    "changes",
    [
        {"leaf": b"l" * 31},
        {"at": NOON.astimezone(timezone(timedelta(hours=8)))},
        {"merge_delay_s": -1},
        {"merge_delay_s": promise.MAX_DELAY_S + 1},
    ],
)
def test_nothing_out_of_bounds_is_promised(changes):
    with pytest.raises(note.Malformed):
        made(**changes)
