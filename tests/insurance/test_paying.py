"""When a schedule comes round, and what the files of payers say; pure."""

import csv
import hashlib
import io
import json
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hospital.units import SHANGHAI
from insurance import filing, schedule

MOMENTS = some.integers(0, 20 * 365 * 24 * 3600).map(
    lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
CLOCKS = some.builds(time, some.integers(0, 23), some.integers(0, 59))
LONGEST = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=31)}


@given(some.sampled_from(sorted(LONGEST)), some.integers(1, 28), CLOCKS, MOMENTS)
def test_a_schedule_comes_round_once_a_period(every: str, day: int, clock: time, after: datetime):
    day = min(day, schedule.LAST_DAY[every])
    found = schedule.following(every, day, clock, after)
    assert after < found <= after + LONGEST[every]
    local = found.astimezone(SHANGHAI)
    assert local.time() == clock
    assert every == "day" or day == (local.isoweekday() if every == "week" else local.day)
    before = found - timedelta(microseconds=1)
    assert schedule.following(every, day, clock, before) == found


@pytest.mark.parametrize(
    ("every", "day", "after", "on"),
    [
        ("month", 28, datetime(2027, 1, 28, 18, 0, tzinfo=UTC), date(2027, 2, 28)),
        ("month", 1, datetime(2026, 12, 15, tzinfo=UTC), date(2027, 1, 1)),
        ("week", 7, datetime(2026, 11, 29, 18, 0, tzinfo=UTC), date(2026, 12, 6)),
        ("day", 1, datetime(2026, 12, 31, 18, 0, tzinfo=UTC), date(2027, 1, 2)),
    ],
)
def test_the_next_day(every: str, day: int, after: datetime, on: date):
    found = schedule.following(every, day, time(2), after)
    assert found.astimezone(SHANGHAI).date() == on


WORDS = some.text(some.characters(codec="utf-8", exclude_characters="\x00\r\n"), max_size=20)
LINES = some.lists(
    some.builds(
        SimpleNamespace,
        subject=WORDS,
        pharmacy=WORDS,
        decision=WORDS,
        reason=WORDS,
        number=some.integers(1, 2),
        decided_at=MOMENTS,
        **{name: some.integers(0, 10**12) for name in filing.COLUMNS if name.endswith("_fen")},
    ),
    max_size=5,
)


@given(LINES)
def test_a_file_says_the_same_in_both_forms(claims: list[SimpleNamespace]):
    """C3: and a program that opens it computes nothing."""
    lines = list(map(filing.line, claims))
    text = filing.json_lines(lines)
    assert filing.digest(lines) == hashlib.sha256(text.encode()).digest()
    assert [json.loads(one) for one in text.split("\n")[:-1]] == lines
    sheet = filing.csv_lines(lines)
    assert sheet.startswith(filing.BOM)
    rows = list(csv.DictReader(io.StringIO(sheet.removeprefix(filing.BOM), newline="")))
    for row, line in zip(rows, lines, strict=True):
        assert not any(cell.startswith(tuple("=+-@\t")) for cell in row.values())
        assert {name: cell.removeprefix("'") for name, cell in row.items()} == {
            name: str(value).removeprefix("'") for name, value in line.items()
        }


def test_pages_one_after_the_other_are_the_file():
    lines = [{"subject": "rx/1", "paid_fen": 1}, {"subject": "=1+1", "paid_fen": 2}]
    columns = ("subject", "paid_fen")
    pages = [filing.csv_lines([one], columns, first=not number) for number, one in enumerate(lines)]
    assert "".join(pages) == filing.csv_lines(lines, columns)
    assert "'=1+1,2" in pages[1]
