"""A phone's check of a complete list, and its codes for paper: JavaScript says what Python says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ledger import paper, patients
from ledger.note import BadSignature, Malformed
from ledger.patients import Incomplete, NotListed, Unproven
from ledger.policy import NotFinal
from tests.ledger.javascript import Checker, Refused
from tests.ledger.listed import ALONE, POLICY, VALIDATORS, head, mapped, neighbour_of
from tests.ledger.witnessed import WatchedLog, bits, opening

ANN, BOB = "7a" * 32, "7b" * 32
CAT, NOBODY = neighbour_of(ANN), "7c" * 32
ENTRIES = ["", ANN, BOB, ANN, "", CAT, ANN, BOB, ANN, ANN]
ANNS = [1, 3, 6, 8, 9]
CODES = {
    Malformed: "malformed",
    BadSignature: "bad_signature",
    NotFinal: "not_final",
    Unproven: "unproven",
    NotListed: "not_listed",
    Incomplete: "incomplete",
}


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    made = Checker()
    yield made
    made.close()


def proof(tag: str = ANN, by: Any = VALIDATORS, size: int = len(ENTRIES)) -> bytes:
    lists = mapped(ENTRIES)
    return lists.prove(tag, head(size, lists.root(), by))


def in_python(data: bytes, tag: str, indices: list[int], policy: Any = POLICY) -> Any:
    try:
        found = patients.verify(data, tag, indices, policy)
    except ValueError as refusal:
        return CODES[type(refusal)]
    size = found.head.size
    return {"size": size, "cosigned": dict(found.cosigned), "said": size}


def in_javascript(
    checker: Checker, data: bytes, tag: str, indices: list[int], policy: Any = POLICY
) -> Any:
    try:
        return checker.ask("list", proof=data, tag=tag, indices=indices, policy=policy.text)
    except Refused as refusal:
        return refusal.code


def test_a_list_holds_or_does_not_as_in_python(checker):
    """K2: all entries, one too few, one too many, another's, nobody's, no quorum."""
    whole, few = proof(), proof(by=VALIDATORS[:2])
    asked = [
        *((whole, ANN, given) for given in (ANNS, ANNS[:-1], ANNS[1:], [*ANNS, 10])),
        (whole, ANN, [1, 3, 6, 8, 7]),
        *((whole, ANN, given) for given in ([], [1, 2, 6, 8, 9], [1, 3, 3, 8, 9])),
        *((whole, other, given) for other in (BOB, CAT) for given in ([2, 7], [5])),
        *((proof(NOBODY), NOBODY, given) for given in ([], [1])),
        (proof(BOB), BOB, [2, 7]),
        (few, ANN, ANNS),
        (proof(size=9), ANN, ANNS),
    ]
    said = [in_javascript(checker, *one) for one in asked]
    assert said == [in_python(*one) for one in asked]
    assert {one for one in said if isinstance(one, str)} >= {"incomplete", "unproven", "not_final"}
    assert in_javascript(checker, few, ANN, ANNS, ALONE) == in_python(few, ANN, ANNS, ALONE)


def test_every_changed_bit_of_a_list_is_refused(checker):
    """K2: by both."""
    for changed in bits(proof(by=VALIDATORS[:3]), 200):
        assert isinstance(in_python(changed, ANN, ANNS), str)
        assert isinstance(in_javascript(checker, changed, ANN, ANNS), str), changed


@pytest.mark.parametrize("least", [100, 700, 3000, 100_000])
def test_codes_for_screens_are_the_receipt_for_python(checker, least):
    """K9: 16 codes at most, whatever is asked."""
    log = WatchedLog()
    data = log.file(log.prescribe(), 1, **opening("dose_mg", "name"))
    texts = checker.ask("cut", receipt=data, least=least)
    assert len(texts) <= paper.MAX_PARTS
    assert paper.joined(reversed(texts)) == data
    assert checker.ask("join", texts=texts) == data.decode()
