"""The words of a law, each with what it holds for and what not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ledger import lawterms, lawtypes
from ledger.entry import Statement

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
FACTS: dict[str, Any] = {
    "one": 1,
    "yes": True,
    "word": "b",
    "words": ["a", "b"],
    "unsorted": ["b", "a"],
    "twice": ["a", "a"],
    "map": {"b": 2, "a": 1},
    "less": {"a": 1},
    "lines": {"1": {"fen": 2}, "2": {"fen": 3}},
    "noon": "2026-11-23T12:00:00.000000Z",
    "vkey": "a/b+12345678+AAAA",
}


def scope() -> lawterms.Scope:
    statement = Statement(
        log="log",
        subject="rx/1/2",
        version=1,
        prev=b"",
        kind="k",
        by="by",
        at=NOON,
        patient="tag",
        commitment=b"c" * 32,
        facts=FACTS,
    )
    kept = {"map": {"b": 1}, "word": "a"}
    return lawterms.Scope(statement, "paid", kept, {"role": "doctor", "person": ""})


@pytest.mark.parametrize(
    ("term", "value"),
    [
        ("facts.one", 1),
        ("facts.map.a", 1),
        ("facts.map.c", None),
        ("facts.nothing.a", None),
        ("kept.word", "a"),
        ("signer.role", "doctor"),
        ("state", "paid"),
        ("entry.patient", "tag"),
        ("entry.at", NOON),
        ("entry.name", "1/2"),
        ("entry.commitment", "63" * 32),
        ("facts", FACTS),
        ({"is": []}, []),
        ({"subject": [{"is": "rx"}, "entry.name"]}, "rx/1/2"),
        ({"subject": [{"is": "rx"}, "facts.nothing"]}, None),
        ({"count": "facts.words"}, 2),
        ({"count": "facts.nothing"}, None),
        ({"keys": "facts.map"}, ["a", "b"]),
        ({"of": ["facts.map", {"is": "b"}]}, 2),
        ({"of": ["facts.map", {"is": "c"}]}, None),
        ({"column": ["facts.lines", {"is": "fen"}]}, [2, 3]),
        ({"sum": ["facts.one", "facts.map", {"column": ["facts.lines", {"is": "fen"}]}]}, 9),
        ({"sorted": ["facts.word", "facts.nothing", "facts.words"]}, ["a", "b"]),
        ({"minus": ["facts.map", "kept.map"]}, {"a": 1, "b": 1}),
        ({"plus": ["facts.map", "kept.map"]}, {"a": 1, "b": 3}),
        ({"plus": ["kept.nothing", "facts.map"]}, {"a": 1, "b": 2}),
        ({"with": ["kept.map", "facts.word", "facts.one"]}, {"b": 1}),
        ({"with": ["kept.nothing", "facts.word", "facts.one"]}, {"b": 1}),
        ({"without": ["facts.map", "facts.word"]}, {"a": 1}),
        ({"key_name": "facts.vkey"}, "a/b"),
        ({"later": ["entry.at", {"is": 90}]}, NOON + timedelta(seconds=90)),
        ({"later": ["facts.noon", {"is": 1}]}, NOON + timedelta(seconds=1)),
        ({"later": ["facts.nothing", {"is": 1}]}, None),
        ({"day_end": ["entry.at", {"is": 1}, {"is": 0}]}, "2026-11-24T00:00:00.000000Z"),
        ({"day_end": ["entry.at", {"is": 3}, {"is": 28800}]}, "2026-11-25T16:00:00.000000Z"),
        ({"day_end": ["facts.noon", {"is": 1}, {"is": 43200}]}, "2026-11-24T12:00:00.000000Z"),
        ({"day_end": ["facts.noon", {"is": 1}, {"is": 43199}]}, "2026-11-23T12:00:01.000000Z"),
        ({"day_end": ["facts.nothing", {"is": 1}, {"is": 0}]}, None),
    ],
    ids=str,
)
def test_a_term_finds_its_value(term, value):
    assert lawterms.term(term)(scope()) == value


HOLD = [
    ["equal", "facts.one", {"is": 1}],
    ["differ", "facts.word", "kept.word"],
    ["at_most", "facts.one", "facts.one"],
    ["less", "facts.one", {"is": 2}],
    ["each_at_most", "facts.less", "facts.map"],
    ["has", "facts.map", {"is": "a"}],
    ["lacks", "facts.map", {"is": "c"}],
    ["ordered", "facts.words"],
    ["not_before", "entry.at", "facts.noon"],
    ["before", "entry.at", "facts.noon"],
    ["one_of", ["state", "facts.word"], [["paid", "b"]]],
    ["each", "facts.lines", ["less", {"is": 1}, "each.fen"]],
    ["any", ["equal", "facts.one", {"is": 2}], ["equal", "facts.one", {"is": 1}]],
    ["all", ["equal", "state", {"is": "paid"}], ["equal", "facts.one", {"is": 1}]],
]
FAIL = [
    ["equal", "facts.one", "facts.yes"],
    ["equal", "facts.nothing", "kept.nothing"],
    ["differ", "facts.nothing", "facts.one"],
    ["differ", "facts.one", {"is": 1}],
    ["at_most", {"is": 2}, "facts.one"],
    ["less", "facts.one", "facts.one"],
    ["less", "facts.nothing", {"is": 2}],
    ["each_at_most", "facts.map", "facts.less"],
    ["each_at_most", {"is": {"a": 2}}, "facts.map"],
    ["has", "facts.map", {"is": "c"}],
    ["lacks", "facts.map", {"is": "a"}],
    ["lacks", "facts.nothing", {"is": "a"}],
    ["ordered", "facts.unsorted"],
    ["ordered", "facts.twice"],
    ["not_before", "entry.at", {"is": "2026-11-23T12:00:00.000001Z"}],
    ["before", "entry.at", {"is": "2026-11-23T11:59:00.000000Z"}],
    ["one_of", ["state", "facts.word"], [["paid", "a"], ["b", "b"]]],
    ["each", "facts.lines", ["less", {"is": 2}, "each.fen"]],
    ["any", ["equal", "facts.one", {"is": 2}], ["equal", "facts.one", {"is": 3}]],
    ["all", ["equal", "state", {"is": "paid"}], ["equal", "facts.one", {"is": 2}]],
]


@pytest.mark.parametrize("check", HOLD, ids=str)
def test_a_check_holds(check):
    assert lawterms.check(check, timedelta(seconds=60))(scope())


@pytest.mark.parametrize("check", FAIL, ids=str)
def test_a_check_fails_and_what_is_missing_satisfies_none(check):
    assert not lawterms.check(check, timedelta(seconds=60))(scope())


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("text", ["a"], ["", 1, None]),
        ("word", ["", "a"], [1, None]),
        ("none", [""], ["a"]),
        ("flag", [True, False], [0, 1, "true"]),
        ("fen", [0, 1], [-1, True, "1"]),
        ("count", [1], [0, -1, True]),
        (
            "moment",
            ["2026-11-23T12:00:00.000000Z"],
            [
                "2026-11-23T12:00:00Z",
                "2026-13-23T12:00:00.000000Z",
                1,
                "2026-11-23T12:00:00.00000+00",
            ],
        ),
        ("hex32", ["0f" * 16], ["0F" * 16, "0f" * 15, "0g" * 16, 1]),
        ("hex64", ["0f" * 32], ["0f" * 16]),
        (
            "rx/hex32",
            ["rx/" + "0f" * 16],
            ["rx/" + "0f" * 15, "0f" * 16, "rxx/" + "0f" * 16, "rx/rx/" + "0f" * 16, "rx/", 1],
        ),
        ("words", [[], [""], ["a"]], [[1], "a", {}]),
        ({"*": "fen"}, [{}, {"x": 1}], [{"x": -1}, [1]]),
        (
            {"a": "fen", "b?": "fen"},
            [{"a": 1}, {"a": 1, "b": 2}],
            [{}, {"b": 1}, {"a": 1, "c": 1}, 1],
        ),
    ],
    ids=str,
)
def test_a_type_knows_its_values(kind, good, bad):
    knows = lawtypes.type_of(kind)
    assert [value for value in good if not knows(value)] == []
    assert [value for value in bad if knows(value)] == []
