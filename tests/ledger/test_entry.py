"""Statements and commitments: one encoding, strict reading, nothing personal in the open."""

import contextlib
import dataclasses
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import commitments, entry
from ledger.entry import Statement, canonical
from ledger.note import Malformed

STATEMENT = Statement(
    log="example/log",
    subject="rx/1",
    version=2,
    prev=b"\x01" * 32,
    kind="rx.issue",
    by="hospital/doctor/1",
    at=datetime(2026, 11, 23, 8, 0, 0, 123456, UTC),
    patient="tag",
    commitment=b"\x02" * 32,
    facts={"lines": [{"id": "a", "quantity": 2}], "urgent": False, "药": "阿"},
)
JSON = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def test_writes_the_form_that_the_specification_shows():
    assert (
        STATEMENT.text()
        == (
            'smart-hospital/entry/v1\n{"at":"2026-11-23T08:00:00.123456Z","by":"hospital/doctor/1",'
            '"commitment":"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=",'
            '"facts":{"lines":[{"id":"a","quantity":2}],"urgent":false,"药":"阿"},"kind":"rx.issue",'
            '"log":"example/log","patient":"tag",'
            '"prev":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=","subject":"rx/1","version":2}\n'
        ).encode()
    )
    assert Statement.parse(STATEMENT.text()) == STATEMENT


@pytest.mark.parametrize("value", [1.5, None, float("nan"), 2**53 + 1, b"", {1: 2}, "\ud800", {1}])
def test_canonical_json_has_no_other_values(value):
    with pytest.raises(Malformed):
        canonical({"a": [value]})


def test_canonical_json_is_not_nested_without_end():
    deep: object = 1
    for _ in range(20):
        deep = [deep]
    with pytest.raises(Malformed):
        canonical(deep)


@given(JSON)
def test_canonical_json_is_json_and_has_one_form(value):
    encoded = canonical(value)

    assert json.loads(encoded) == value
    assert canonical(json.loads(encoded)) == encoded


@given(st.dictionaries(st.text(), JSON, max_size=3), st.text(), st.datetimes(), st.booleans())
def test_reads_back_what_it_writes(facts, patient, at, is_first):
    statement = dataclasses.replace(
        STATEMENT,
        facts=facts,
        patient=patient,
        at=at.replace(tzinfo=UTC),
        version=1 if is_first else 7,
        prev=b"" if is_first else b"\x07" * 32,
    )

    assert Statement.parse(statement.text()) == statement


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"version":2', '"version":2.0'),
        ('"version":2', '"version":-2'),
        ('"version":2', '"version":true'),
        ('"version":2', '"version":2 '),
        ('"version":2', '"version":2,"version":2'),
        ('"version":2', '"version":2,"x":1'),
        ('"version":2', '"version":' + "1" * 5000),
        ('"urgent":false', '"urgent":null'),
        ('"urgent":false', '"urgent":NaN'),
        ('"urgent":false', '"urgent":false,"urgent":false'),
        ('"urgent":false', '"urgent":' + "[" * 30_000),
        ("药", "\\u836f"),
        ("08:00:00.123456Z", "08:00:00.123Z"),
        ("08:00:00.123456Z", "08:00:00.123456+00:00"),
        ("08:00:00.123456Z", "16:00:00.123456+08:00"),
        ("AQE=", "AQF="),
        ('"prev":"AQEB', '"prev":"AQE'),
        ("entry/v1", "entry/v2"),
        ("}\n", "}"),
        ("}\n", "}\n\n"),
        ('"subject":"rx/1"', '"subject":""'),
        ('"by":"hospital/doctor/1"', '"by":"a b"'),
        ('"by":"hospital/doctor/1"', '"by":1'),
    ],
)
def test_refuses_what_it_would_not_write(old, new):
    changed = STATEMENT.text().decode().replace(old, new)
    assert changed.encode() != STATEMENT.text()

    with pytest.raises(Malformed):
        Statement.parse(changed.encode())


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_refused_or_read_without_loss(data):
    for candidate in (data, b"smart-hospital/entry/v1\n" + data, STATEMENT.text() + data):
        with contextlib.suppress(Malformed):
            assert Statement.parse(candidate).text() == candidate


@pytest.mark.parametrize(
    "change",
    [
        {"version": 0},
        {"version": 1},
        {"prev": b""},
        {"prev": b"short"},
        {"commitment": b"short"},
        {"at": datetime(2026, 1, 1)},  # noqa: DTZ001
        {"at": datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=8)))},
        {"log": ""},
    ],
    ids=str,
)
def test_a_statement_keeps_its_bounds(change):
    with pytest.raises(Malformed):
        dataclasses.replace(STATEMENT, **change)


def test_a_leaf_is_the_hash_of_rfc_6962():
    """The leaf of the empty entry, as in certificate-transparency's own test data."""
    assert entry.leaf_hash(b"").hex() == (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )


SALTS = {name: bytes([at]) * 16 for at, name in enumerate(("name", "drug", "dose"))}
RECORD = {"name": "王小明", "drug": "阿莫西林", "dose": 500}
DIGESTS = {name: commitments.digest(SALTS[name], name, value) for name, value in RECORD.items()}


def test_one_field_can_be_opened_alone():
    """L13: the commitment shows nothing; a field, its salt and the other digests reproduce it."""
    commitment = commitments.commit(DIGESTS.values())
    others = [DIGESTS["name"], DIGESTS["dose"]]

    assert commitments.opens(commitment, SALTS["drug"], "drug", "阿莫西林", others)
    assert not commitments.opens(commitment, SALTS["drug"], "drug", "青霉素", others)
    assert not commitments.opens(commitment, SALTS["name"], "drug", "阿莫西林", others)
    assert not commitments.opens(commitment, SALTS["drug"], "dose", "阿莫西林", others)


def test_a_commitment_does_not_depend_on_the_order_of_fields():
    assert commitments.commit(DIGESTS.values()) == commitments.commit(reversed(DIGESTS.values()))


def test_without_its_salt_a_field_cannot_be_guessed():
    """L13: the same value under two salts has two digests."""
    assert commitments.digest(b"a" * 16, "x", 1) != commitments.digest(b"b" * 16, "x", 1)


@pytest.mark.parametrize("digests", [[], [b"short"], [b"d" * 32, b"d" * 32]], ids=str)
def test_refuses_to_commit_to_what_is_no_record(digests):
    with pytest.raises(Malformed):
        commitments.commit(digests)


def test_a_salt_has_16_bytes():
    with pytest.raises(Malformed):
        commitments.digest(b"short", "x", 1)
