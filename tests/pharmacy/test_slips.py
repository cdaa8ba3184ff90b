"""A slip has one spelling."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.note import Malformed
from pharmacy.slips import LINES_MAX, UNITS_MAX, Slip, digest_of_code

NAME = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40)
NAME = NAME.filter(lambda name: "+" not in name)
DIGEST = st.from_regex("[0-9a-f]{64}", fullmatch=True)
SUBJECT = st.from_regex("rx/[0-9a-f]{32}", fullmatch=True)
LINES = st.dictionaries(
    st.integers(1, 999).map(str), st.integers(1, UNITS_MAX), min_size=1, max_size=LINES_MAX
)
MOMENT = st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
SLIPS = st.builds(Slip, NAME, SUBJECT, NAME, DIGEST, DIGEST, LINES, MOMENT)
GOOD = Slip(
    origin="rx.example/log",
    subject="rx/" + "0" * 32,
    pharmacy="pharmacy-1",
    after="a" * 64,
    code="b" * 64,
    lines={"1": 2, "2": 1},
    given_at=datetime(2026, 5, 6, 4, 0, tzinfo=UTC),
)


@given(SLIPS)
def test_reads_what_it_wrote(slip):
    assert Slip.parse(slip.text()) == slip


@given(SLIPS, st.data())
def test_another_byte_is_another_slip_or_none(slip, data):
    """K2, K4: no two texts mean the same."""
    text = slip.text()
    place = data.draw(st.integers(0, len(text) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda one: one != text[place]))
    changed = text[:place] + bytes([byte]) + text[place + 1 :]
    try:
        other = Slip.parse(changed)
    except Malformed:
        return
    assert other != slip
    assert other.text() == changed
    assert other.digest != slip.digest


@given(st.binary(max_size=400))
def test_nothing_else_is_a_slip(data):
    """D4: whatever comes in, one fault and no other."""
    with pytest.raises(Malformed):
        Slip.parse(data)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"offline/v1", b"offline/v2"),
        (b"rx/0", b"key/0"),
        (b"a" * 64, b"a" * 63),
        (b"b" * 64, b"B" * 64),
        (b'{"1":2,"2":1}', b"{}"),
        (b'{"1":2,"2":1}', b'{"2":1,"1":2}'),
        (b'{"1":2,"2":1}', b'{"1":0,"2":1}'),
        (b'{"1":2,"2":1}', b'{"1":10001}'),
        (b'{"1":2,"2":1}', b'{"1":true}'),
        (b'{"1":2,"2":1}', b'{"01":2}'),
        (b'{"1":2,"2":1}', b'{"1":{}}'),
        (b'{"1":2,"2":1}', b'["1"]'),
        (b".000000Z", b".0Z"),
        (b"pharmacy-1", b"pharmacy+1"),
        (b"\n", b"\r\n"),
    ],
)
def test_no_other_spelling(old, new):
    assert old in GOOD.text()
    with pytest.raises(Malformed):
        Slip.parse(GOOD.text().replace(old, new, 1))


def test_has_no_more_lines_than_a_prescription():
    many = {str(number): 1 for number in range(1, LINES_MAX + 2)}
    long = replace(GOOD, lines=many)
    with pytest.raises(Malformed):
        Slip.parse(long.text())


def test_stands_for_one_scan_of_one_code():
    assert GOOD.scan == "b" * 32
    assert digest_of_code("one") != digest_of_code("two")
