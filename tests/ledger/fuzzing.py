"""Bytes that parsers should refuse: noise, and what was right and has been changed."""

import json
from typing import Any

from hypothesis import strategies as st

from tests.ledger.parsers import PARSERS

# What formats are made of, and what they must not be made of.
PIECES = [
    *(b"\n", b"\n\n", b" ", b"\t", b"\r\n", b"\0", b"\x7f", b"\xff", b"\xc0\x80", b"\xed\xa0\x80"),
    *(b"=", b"==", b"+", b"/", b".p/", b"x000/", b"-", b"#", b'"', b"\\ud800", b"{}", b"[", b","),
    *(b"0", b"00", b"1", b"-1", b"1e9", b"1.0", b"NaN", b"null", b"9" * 20, b"[" * 2000),
    *("\u2014 ".encode(), "\u2028".encode(), "\ufeff".encode(), "\u0661".encode(), b"\xc2\xa0"),
    *(b"log ", b"witness ", b"group g any ", b"quorum none\n", b"none", b"old 0\n", b"index 0\n"),
    *(b'"at":"9999-12-31T23:59:59.999999Z"', b'"version":1', b"extra AAAA\n", b"RX1:1/1:"),
]
EXAMPLES = [example for parser in PARSERS.values() for example in parser.examples]


@st.composite
def damaged(draw: st.DrawFn, examples: tuple[bytes, ...]) -> bytes:
    """One of the examples, changed in one to five places."""
    data = draw(st.sampled_from(examples))
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from((0, 1, 2, 8, 40, 400))))
        piece = draw(
            st.one_of(
                st.just(b""),
                st.sampled_from(PIECES),
                st.just(data[start:end] * 2),
                st.just(data[start:end][::-1]),
                st.just(bytes(octet ^ 1 for octet in data[start:end])),
                st.just(data[:start]),
                st.binary(max_size=4),
                st.sampled_from(EXAMPLES),
            )
        )
        data = data[:start] + piece + data[end:]
    return data


def noise() -> st.SearchStrategy[bytes]:
    """Bytes, Unicode text, and strings of the pieces that formats are made of."""
    return st.one_of(
        st.binary(max_size=300),
        st.text(max_size=200).map(lambda text: text.encode(errors="replace")),
        st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join),
    )


def nodes(value: Any) -> list[tuple[Any, Any]]:
    """Each object or array inside of a JSON value, with each of its keys or places."""
    keys = value.keys() if isinstance(value, dict) else range(len(value))
    found = [(value, key) for key in keys]
    for key in keys:
        if isinstance(value[key], dict | list):
            found += nodes(value[key])
    return found


def json_values() -> st.SearchStrategy[Any]:
    """Any JSON value, and those that formats of ours contain."""
    plain = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(1 << 54), 1 << 54),
        st.text(max_size=8),
        st.sampled_from(["", "0", "$", "facts", "9999-12-31T23:59:59.999999Z", "\ud800", "f" * 64]),
    )
    words = st.text("abefs", max_size=4)
    return st.recursive(
        plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3)
    )


@st.composite
def altered(draw: st.DrawFn, value: Any) -> Any:
    """The JSON value with one to three of its parts replaced, left out, or moved elsewhere."""
    value = json.loads(json.dumps(value))
    for _ in range(draw(st.integers(1, 3))):
        places = nodes(value)
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        other, at = draw(st.sampled_from(places))
        change = draw(st.sampled_from(("replace", "replace", "drop", "move")))
        if change == "drop":
            del holder[key]
        else:
            new = draw(json_values()) if change == "replace" else other[at]
            holder[key] = json.loads(json.dumps(new))
    return value
