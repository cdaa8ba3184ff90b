"""A copy goes back to the first log of its line: none is left out, none is cut off."""

from datetime import UTC, datetime

import pytest

from hospital.fhir import Told
from insurance import continuity
from ledger import succession
from ledger.entry import Statement
from ledger.treehead import TreeHead

NOON = datetime(2026, 11, 27, 4, tzinfo=UTC)
SIZES = {"a.example/log": 70, "a.example/log/2": 40, "a.example/log/3": 9}


def opened(log: str, before: str | None = None, *, size: int | None = None, index: int = 0) -> Told:
    facts = {"law": "", "policy": "", "service_keys": {}}
    if before is not None:
        head = TreeHead(before, SIZES[before] if size is None else size, bytes(32))
        facts[succession.PREDECESSOR] = succession.predecessor(head)
    statement = Statement(
        log=log,
        subject="log",
        version=1,
        prev=b"",
        kind="log.open",
        by=log,
        at=NOON,
        patient="",
        commitment=b"",
        facts=facts,
    )
    return Told(statement, log, index, bytes(32), {}, b"")


def line(**changes: Told) -> dict[str, Told]:
    first, second, third = SIZES
    whole = {
        first: opened(first),
        second: opened(second, first),
        third: opened(third, second),
    }
    return {**whole, **{SIZES_BY_NAME[name]: told for name, told in changes.items()}}


SIZES_BY_NAME = dict(zip(("first", "second", "third"), SIZES, strict=True))
FIRST, SECOND, THIRD = SIZES


def fault_of(openings: dict[str, Told], covered: dict[str, int]) -> str:
    with pytest.raises(continuity.Broken) as fault:
        continuity.check(openings, covered)
    return str(fault.value)


def without(log: str) -> tuple[dict[str, Told], dict[str, int]]:
    whole = line()
    return (
        {name: told for name, told in whole.items() if name != log},
        {name: size for name, size in SIZES.items() if name != log},
    )


def test_a_whole_line_holds():
    continuity.check(line(), SIZES)
    continuity.check({FIRST: opened(FIRST)}, {FIRST: 3})


@pytest.mark.parametrize("log", [FIRST, SECOND])
def test_an_older_log_that_was_left_out_is_noticed(log):
    """L1, L15: the first, and one in the middle."""
    assert fault_of(*without(log)).endswith(f"continues {log}, which was left out")


def test_the_newest_may_not_be_known_yet():
    """That it is missing shows by the policy alone."""
    continuity.check(*without(THIRD))


@pytest.mark.parametrize("size", [69, 71])
def test_an_older_log_is_covered_to_its_end(size):
    """L15: entries at the end of a frozen log cannot be kept back."""
    fault = fault_of(line(), {**SIZES, FIRST: size})
    assert fault == f"{FIRST} ended with 70 entries, not all are covered"


def test_each_log_brings_its_first_entry():
    whole = line()
    del whole[SECOND]
    assert fault_of(whole, SIZES) == "the first entry of a log is missing"
    assert "not the first entry" in fault_of(line(second=opened(SECOND, FIRST, index=1)), SIZES)
    assert "not the first entry" in fault_of(line(second=opened(THIRD, FIRST)), SIZES)


def test_the_logs_are_one_line():
    """Not two that both begin, nor two that continue one."""
    assert fault_of(line(second=opened(SECOND)), SIZES) == "the logs are not one line"
    assert fault_of(line(third=opened(THIRD, FIRST)), SIZES) == "two logs continue one"
