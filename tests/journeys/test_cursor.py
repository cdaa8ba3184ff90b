"""A cursor is read only from what a page gave."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospital.paging import BadCursor, Cursor


@given(st.datetimes(timezones=st.just(UTC)), st.uuids())
def test_reads_what_it_wrote(at, id):
    cursor = Cursor(at, id)
    assert Cursor.parse(str(cursor)) == cursor


@given(st.text(max_size=60) | st.binary(max_size=40).map(lambda data: data.hex()))
def test_refuses_the_rest(text):
    """D3, D4: BadCursor and no other fault; what is accepted has one spelling."""
    try:
        cursor = Cursor.parse(text)
    except BadCursor:
        return
    assert str(cursor) == text


@pytest.mark.parametrize("bytes_in_front", [b"\x7f" + b"\xff" * 7, b"\x80" + b"\x00" * 7])
def test_refuses_times_beyond_the_calendar(bytes_in_front):
    """D4"""
    import base64

    text = base64.urlsafe_b64encode(bytes_in_front + bytes(16)).decode()
    with pytest.raises(BadCursor):
        Cursor.parse(text)
    assert datetime.now(UTC)
