"""The patient's code has one spelling, and two minutes on a screen, a week on paper."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from ledger import note
from pharmacy.codes import LIFE, LIVES, MOST, Code, Kind, Standing

NAME = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40)
NONCE = st.from_regex(r"[A-Za-z0-9_-]{22,64}", fullmatch=True)
MOMENT = st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
SUBJECTS = st.sets(st.uuids().map(lambda one: f"rx/{one.hex}"), min_size=1, max_size=MOST)
RISING = SUBJECTS.map(lambda some: tuple(sorted(some)))
CODES = st.builds(Code, st.sampled_from(Kind), NAME, NAME, NONCE, MOMENT, RISING)
NOON = datetime(2026, 5, 6, 4, 0, tzinfo=UTC)
ONE, TWO = (f"rx/{digit * 32}" for digit in "12")
GOOD = Code(Kind.SCREEN, "rx.example/log", "pharmacy-1", "A" * 24, NOON, (ONE, TWO))
S = timedelta(seconds=1)
US = timedelta(microseconds=1)


@given(CODES)
def test_reads_what_it_wrote(code):
    assert Code.parse(code.text()) == code
    assert [f"rx/{one.hex}" for one in code.prescriptions] == list(code.subjects)


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
        (b"code/v2", b"code/v1"),
        (b"screen", b"Screen"),
        (b"screen", b"wall"),
        (b"screen\n", b""),
        (b"A" * 24, b"A" * 21),
        (b"A" * 24, b"A" * 65),
        (b"A" * 24, b"A" * 23 + b"+"),
        (b".000000Z", b".0Z"),
        (b".000000Z", b"+00:00"),
        (b"2026", b"02026"),
        (b"\n", b"\r\n"),
        (b"2026-05-06T04", b"2026-5-6T4"),
        (b"rx/1", b"rx/g"),
        (b"rx/1", b"rx/-1"),
        (b"rx/1", b"view/1"),
        (b"rx/2", b"rx/0"),
        (b"2" * 32, b"1" * 32),
        (b"\nrx/" + b"1" * 32 + b"\nrx/" + b"2" * 32, b""),
        (b"2" * 32 + b"\n", b"2" * 32),
        (b"2" * 32 + b"\n", b"2" * 32 + b"\n\n"),
    ],
)
def test_no_other_spelling(old, new):
    """K4, Z6: version, kind, nonce, form of the time, line ends; ids, rising, each once."""
    text = GOOD.text()
    assert old in text
    with pytest.raises(ValueError):  # noqa: PT011
        Code.parse(text.replace(old, new))


def test_capitals_are_no_other_name_of_the_same_prescription():
    """K4"""
    subject = "rx/" + "ab" * 16
    good = Code(Kind.PAPER, "a", "b", "A" * 24, NOON, (subject,))
    assert Code.parse(good.text()) == good
    with pytest.raises(ValueError, match="prescriptions"):
        Code.parse(good.text().replace(b"ab", b"AB"))


@pytest.mark.parametrize("many", [0, MOST + 1])
def test_names_one_to_eight(many):
    subjects = tuple(f"rx/{UUID(int=number).hex}" for number in range(many))
    with pytest.raises(ValueError, match="one to eight"):
        Code.parse(Code(Kind.SCREEN, "a", "b", "A" * 24, NOON, subjects).text())


@pytest.mark.parametrize(
    ("kind", "before_end", "standing"),
    [
        (Kind.SCREEN, LIFE + 10 * S + US, Standing.AHEAD),
        (Kind.SCREEN, LIFE + 10 * S, Standing.LIVE),
        (Kind.SCREEN, LIFE, Standing.LIVE),
        (Kind.SCREEN, US, Standing.LIVE),
        (Kind.SCREEN, 0 * S, Standing.ENDED),
        (Kind.SCREEN, -60 * S, Standing.ENDED),
        (Kind.PAPER, timedelta(days=7) + 10 * S + US, Standing.AHEAD),
        (Kind.PAPER, timedelta(days=7) + 10 * S, Standing.LIVE),
        (Kind.PAPER, US, Standing.LIVE),
        (Kind.PAPER, 0 * S, Standing.ENDED),
    ],
)
def test_lives_for_so_long_and_no_longer(kind, before_end, standing):
    """T9, F11: to the microsecond, neither after its end, nor made for next month."""
    code = Code(kind, "a", "b", "A" * 24, NOON, (ONE,))
    assert code.standing(NOON - before_end) is standing
    assert (timedelta(minutes=2), timedelta(days=7)) == (LIFE, LIVES[Kind.PAPER])


@pytest.mark.parametrize(
    ("fast", "standing"),
    [
        (timedelta(minutes=5), Standing.AHEAD),
        (10 * S + US, Standing.AHEAD),
        (10 * S, Standing.LIVE),
        (0 * S, Standing.LIVE),
        (US - LIFE, Standing.LIVE),
        (-LIFE, Standing.ENDED),
        (timedelta(minutes=-5), Standing.ENDED),
    ],
)
def test_a_phones_clock_may_be_ten_seconds_fast(fast, standing):
    """F10: five minutes off is told apart in both directions."""
    made = Code(Kind.SCREEN, "a", "b", "A" * 24, NOON + fast + LIFE, (ONE,))
    assert made.standing(NOON) is standing


@pytest.mark.parametrize(("many", "version"), [(1, 14), (MOST, 19)])
def test_fits_a_picture_that_a_scanner_reads(many, version):
    """Names as long as they come: the QR code's version, of at most 40, at level M."""
    subjects = tuple(f"rx/{UUID(int=number).hex}" for number in range(many))
    code = Code(Kind.SCREEN, "prescriptions.example.cn/log", "p" * 24, "A" * 24, NOON, subjects)
    signed = note.sign(
        code.text(), note.Signer("prescriptions.example.cn/patient/" + "0" * 32, b"k" * 32)
    )
    made = segno.make_qr(signed, error="m", mode="byte", boost_error=False)
    assert made.version == version
