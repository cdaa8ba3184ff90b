"""The monthly sample: the same for everybody who has the tiles, and nobody's choice."""

import hashlib
import io
import itertools
import random
from collections import Counter
from datetime import UTC, date, datetime

import pytest
from django.core.management import CommandError, call_command

from config import law as published
from ledger import merkle
from ledger.entry import leaf_hash
from ledger.treehead import TreeHead
from prescriptions.appraisal import drawing, months, population
from prescriptions.appraisal.months import Month
from prescriptions.appraisal.population import Issued, Part
from tests.ledger.lawful import Book
from tests.prescriptions.a_month import (
    DAY,
    HOUR,
    MINUTE,
    MOMENT,
    MONTH,
    by_reading_all,
    closed,
    frozen,
    issued,
    looked,
    part,
    uploaded,
)


def subjects(found: Part | None, hospital: str = "hospital") -> list[str]:
    assert found is not None
    return [one.subject for one in found.issued.get(hospital, ())]


def test_a_month_is_one_of_shanghai():
    """F11: to the microsecond; it closes as late as the law lets entries be dated back."""
    assert MONTH.begins_at == datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert MONTH.until == datetime(2026, 12, 31, 16, tzinfo=UTC)
    assert (MONTH.closes_at - MONTH.until).total_seconds() == published.LATE_S
    assert months.of(MONTH.begins_at) == MONTH == months.of(MONTH.until - MOMENT)
    assert months.of(MONTH.begins_at - MOMENT) == MONTH.before() == months.parse("2026-11")
    assert months.of(MONTH.until) == Month(date(2027, 1, 1))
    assert str(months.parse("2026-03").before(15)) == "2024-12"


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-00", "2026-1", "x", "２０２６-10"])
def test_a_month_is_written_in_one_way(text):
    with pytest.raises(ValueError, match="2026-10"):
        months.parse(text)


def test_what_is_issued_in_the_month_is_counted_and_nothing_else():
    book = Book()
    issued(book, MONTH.begins_at - MOMENT)
    first = issued(book, MONTH.begins_at)
    issued(book, MONTH.begins_at + HOUR, hospital="hospital2")
    last = issued(book, MONTH.until - MOMENT)
    issued(book, MONTH.until)
    late = issued(book, MONTH.until - 2 * MINUTE)  # it waited for its signature
    found = part(closed(book))
    assert subjects(found) == [first, last, late]
    assert len(subjects(found, "hospital2")) == 1
    assert by_reading_all(book)[0] == [first, last, late]


def test_what_a_hospitals_system_uploads_is_counted_too():
    book = Book()
    both = [issued(book, MONTH.begins_at), uploaded(book, MONTH.begins_at + HOUR)]
    uploaded(book, MONTH.until)
    assert subjects(part(closed(book))) == both == by_reading_all(book)[0]


def test_the_first_entry_that_closes_the_month_ends_the_tree():
    """L14: an entry of a microsecond earlier closes nothing; what comes later changes nothing."""
    book = Book()
    one = issued(book, MONTH.begins_at)
    looked(book, MONTH.closes_at - MOMENT)
    with pytest.raises(population.StillOpen):
        part(book)
    closed(book)
    size = len(book.entries)
    before = part(book)
    issued(book, MONTH.closes_at + HOUR)
    looked(book, MONTH.closes_at - MINUTE)
    after = part(book)

    assert before == after
    assert after is not None
    assert after.head.size == size
    leaves = [leaf_hash(entry) for entry in book.entries[:size]]
    assert after.head.root == merkle.root(leaves)
    assert subjects(after) == [one]


def test_a_log_that_was_frozen_is_closed_where_it_ends():
    book = Book()
    one = issued(book, MONTH.begins_at + DAY)
    frozen(book, MONTH.begins_at + 2 * DAY)
    found = part(book)
    assert found is not None
    assert (subjects(found), found.head) == ([one], book.head())


def test_a_log_of_another_time_has_no_part_in_it():
    earlier = frozen(Book(), MONTH.begins_at - months.LATE - MOMENT)
    assert part(earlier) is None
    just = part(frozen(Book(), MONTH.begins_at - months.LATE))
    assert just is not None
    assert not just.issued
    later = Book()
    later.entries.clear()
    later.tips.clear()
    looked(later, MONTH.closes_at)
    assert part(later) is None


@pytest.mark.parametrize("run", range(3))
def test_it_is_found_however_long_the_log_and_however_late_its_entries(run):
    """The binary search against reading all; dates fall back by up to fifteen minutes."""
    book, chance = Book(), random.Random(run)
    start, step = MONTH.begins_at - 12 * DAY, 75 * MINUTE
    for number in range(1_000):
        at = start + number * step - chance.random() * months.LATE
        if chance.random() < 0.5:
            issued(book, at, chance.choice(["hospital", "hospital2"]))
        else:
            looked(book, at)
    expected, size = by_reading_all(book)
    assert len(expected) > 100
    for length in (size, size + 1, len(book.entries)):
        found = part(book, length)
        assert found is not None
        assert (subjects(found), found.head.size) == (expected, size)
    with pytest.raises(population.StillOpen):
        part(book, size - 1)


def test_the_search_knows_how_late_an_entry_may_be():
    """A bundle begins with an entry that waited; the one before is of the month already."""
    book = Book()
    while len(book.entries) < 255:
        book.entries.append(book.entries[-1])
    first = issued(book, MONTH.begins_at + 10 * MINUTE)
    late = issued(book, MONTH.begins_at - 5 * MINUTE + MOMENT)
    assert len(book.entries) == 257
    while len(book.entries) < 512:
        looked(book, MONTH.begins_at + HOUR)
    found = part(closed(book))
    assert subjects(found) == [first]
    assert late != first


def test_reading_costs_the_month_and_not_the_log():
    """Bundles that are read: those of the month, and a binary search."""
    book = Book()
    for number in range(256 * 12):
        book.entries.append(book.entries[-1])  # as many older entries as you like
        assert number >= 0
    issued(book, MONTH.begins_at)
    closed(book)
    files, asked = book.files(), Counter[str]()
    read = files.read
    files.read = lambda path: (asked.update([path]), read(path))[1]  # type: ignore[method-assign]
    found = population.read(files, book.head(), MONTH)
    assert len(subjects(found)) == 1
    assert sum(number for path, number in asked.items() if "entries" in path) <= 9


# --- the draw -----------------------------------------------------------------------------------

HEADS = (TreeHead("log", 7, b"r" * 32), TreeHead("log/1", 9, b"s" * 32))


def many(count: int, first: int = 0) -> tuple[Issued, ...]:
    numbers = range(first, first + count)
    return tuple(Issued(f"rx/{number:032x}", MONTH.begins_at) for number in numbers)


def parts(count: int, heads=HEADS) -> list[Part]:
    half = count // 2
    return [
        Part(heads[0], {"a": many(half)}),
        Part(heads[1], {"a": many(count - half, half), "b": many(3, 10**6)}),
    ]


@pytest.mark.parametrize(
    ("population_", "size"),
    [(0, 0), (1, 1), (99, 99), (100, 100), (101, 100), (100_000, 100), (100_001, 101)],
)
def test_one_in_a_thousand_and_a_hundred_at_least(population_, size):
    """卫医管发〔2010〕28号"""
    assert drawing.size(population_) == size


def test_it_is_the_same_in_whatever_order_the_logs_are_read():
    drawn = drawing.draw("a", MONTH, parts(250))
    assert drawn == drawing.draw("a", MONTH, list(reversed(parts(250))))
    assert (drawn.population, len(drawn.sample)) == (250, 100)
    order = [one.subject for one in drawn.sample]
    assert order == sorted(order)
    assert drawing.draw("c", MONTH, parts(250)) == drawing.Drawn(0, ())
    assert drawing.draw("b", MONTH, parts(250)).sample == many(3, 10**6)


def test_whoever_reads_the_description_draws_the_same():
    """A second draw, written from the description alone; a change of the format fails here."""
    heads = "".join(
        f"{name}\n{size}\n{root}=\n"
        for name, size, root in (
            ("log", 7, "cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI"),
            ("log/1", 9, "c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3M"),
        )
    )
    seed = hashlib.sha256(f"smart-hospital/sample/v1\n2026-12\n{heads}".encode()).digest()
    names = [f"rx/{number:032x}" for number in range(250)]
    ranked = sorted(names, key=lambda name: hashlib.sha256(seed + name.encode()).hexdigest())

    drawn = drawing.draw("a", MONTH, parts(250))
    assert drawing.seed(MONTH, parts(250)) == seed
    assert {one.subject for one in drawn.sample} == set(ranked[:100])


def test_every_part_of_every_head_and_the_month_decide():
    changed = [
        (TreeHead("log", 8, b"r" * 32), HEADS[1]),
        (TreeHead("log", 7, b"q" * 32), HEADS[1]),
        (TreeHead("lag", 7, b"r" * 32), HEADS[1]),
        (HEADS[0], TreeHead("log/1", 9, b"q" * 32)),
    ]
    seeds = [drawing.seed(MONTH, parts(250, heads)) for heads in (HEADS, *changed)]
    seeds += [drawing.seed(MONTH.before(), parts(250)), drawing.seed(MONTH, parts(250)[:1])]
    assert len(set(seeds)) == len(seeds)
    for one, other in itertools.combinations([parts(250, heads) for heads in (HEADS, *changed)], 2):
        assert drawing.draw("a", MONTH, one) != drawing.draw("a", MONTH, other)


def test_each_has_the_same_chance():
    """In 400 draws of 100 from 200 each comes 200 times, give or take five deviations of 10."""
    drawn = Counter[str]()
    for number in range(400):
        heads = (TreeHead("log", 1 + number, b"r" * 32), HEADS[1])
        found = drawing.draw("a", MONTH, parts(200, heads))
        drawn.update(one.subject for one in found.sample)
    assert len(drawn) == 200
    assert all(150 < number < 250 for number in drawn.values())


# --- the command --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A log of 150 prescriptions of one hospital, as files in a folder."""
    book = Book()
    for number in range(150):
        issued(book, MONTH.begins_at + number * HOUR)
    folder = tmp_path_factory.mktemp("exported")
    for path, content in closed(book).files().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return book, folder


def command(*arguments: str) -> tuple[list[str], str]:
    out, errors = io.StringIO(), io.StringIO()
    call_command("sample", *arguments, stdout=out, stderr=errors)
    return out.getvalue().split(), errors.getvalue()


def test_the_command_draws_from_files_alone(exported):
    """L1: no database is open in this test."""
    book, folder = exported
    lines, said = command("hospital", "2026-12", str(folder))
    found = part(book)
    assert found is not None
    drawn = drawing.draw("hospital", MONTH, [found])
    assert lines == [one.subject for one in drawn.sample]
    assert len(lines) == 100
    assert "100 of 150" in said
    assert drawing.seed(MONTH, [found]).hex() in said
    assert found.head.root.hex() in said


@pytest.mark.parametrize(
    ("month", "words"),
    [("2027-01", "not over yet"), ("2026-13", "2026-10"), ("2026-12", "log.vkey")],
)
def test_the_command_says_why_it_cannot_draw(exported, tmp_path, month, words):
    _, folder = exported
    with pytest.raises(CommandError, match=words):
        command("hospital", month, str(tmp_path if words == "log.vkey" else folder))
