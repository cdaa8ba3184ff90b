"""The patient's code has one spelling and two minutes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacy.codes import LIFE, Code

NAME = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40)
NONCE = st.from_regex(r"[A-Za-z0-9_-]{22,64}", fullmatch=True)
MOMENT = st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
CODES = st.builds(Code, NAME, NAME.map("rx/{}".format), NAME, NONCE, MOMENT)
NOON = datetime(2026, 5, 6, 4, 0, tzinfo=UTC)
GOOD = Code("rx.example/log", "rx/" + "0" * 32, "pharmacy-1", "A" * 24, NOON)


@given(CODES)
def test_reads_what_it_wrote(code):
    assert Code.parse(code.text()) == code


@given(CODES, st.data())
def test_another_byte_is_another_code_or_none(code, data):
    """K2, K4: no two texts mean the same."""
    text = code.text()
    place = data.draw(st.integers(0, len(text) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda one: one != text[place]))
    changed = text[:place] + bytes([byte]) + text[place + 1 :]
    try:
        other = Code.parse(changed)
    except ValueError:
        return
    assert other != code
    assert other.text() == changed


@given(st.binary(max_size=300))
def test_nothing_else_is_a_code(data):
    """D4: whatever comes in, ValueError and no other fault."""
    with pytest.raises(ValueError):  # noqa: PT011
        Code.parse(data)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"code/v1", b"code/v2"),
        (b"A" * 24, b"A" * 21),
        (b"A" * 24, b"A" * 65),
        (b"A" * 24, b"A" * 23 + b"+"),
        (b".000000Z", b".0Z"),
        (b".000000Z", b"+00:00"),
        (b"2026", b"02026"),
        (b"\n", b"\r\n"),
        (b"2026-05-06T04", b"2026-5-6T4"),
    ],
)
def test_no_other_spelling(old, new):
    """K4, Z6: version, length and alphabet of the nonce, form of the time, line ends."""
    text = GOOD.text()
    assert old in text
    with pytest.raises(ValueError):  # noqa: PT011
        Code.parse(text.replace(old, new))


@pytest.mark.parametrize(
    ("after_s", "live"),
    [(-131, False), (-130, True), (-120, True), (-0.000001, True), (0, False), (60, False)],
)
def test_lives_for_two_minutes_and_no_longer(after_s, live):
    """T9, F11: neither after its end, nor made for next week."""
    assert GOOD.live(NOON + timedelta(seconds=after_s)) is live
    assert timedelta(minutes=2) == LIFE
