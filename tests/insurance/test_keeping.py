"""What a bill comes to for what is kept: exact, never negative, in whatever order it comes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insurance import split
from insurance.keeping import Kept, reckon

CLASSES = st.sampled_from(["甲", "乙", "丙"])
RATES = st.dictionaries(CLASSES, st.integers(0, 10_000))
TERMS = st.builds(split.Terms, RATES, st.none() | st.integers(0, 10**6))
BOUGHT = st.lists(
    st.tuples(CLASSES, st.integers(0, 10**5), st.integers(1, 30)), min_size=1, max_size=6
)
"""Of each line: class, price of a unit in fen, units."""


def numbered(bought):
    return {str(number): one for number, one in enumerate(bought, 1)}


def kept(lines, left):
    return [
        Kept(line, named, price * units, units, left[line])
        for line, (named, price, units) in lines.items()
    ]


def paid(share):
    return share.fund_fen, share.insurer_fen, share.patient_fen


@given(BOUGHT, TERMS, TERMS, st.data())
def test_what_goes_back_adds_up_in_any_order(bought, fund, insurer, data):
    """C3: part after part, nobody pays more for less, and in the end each has all of it back."""
    lines = numbered(bought)
    terms = {"fund": fund, "insurer": insurer}
    left = {line: one[2] for line, one in lines.items()}
    priced = [split.PricedLine(line, one[0], one[1] * one[2]) for line, one in lines.items()]
    billed = split.split(priced, fund=fund, insurer=insurer)
    standing = reckon(kept(lines, left), **terms)
    assert paid(standing) == tuple(map(sum, zip(*map(paid, billed), strict=True)))

    back, first = [0, 0, 0], paid(standing)
    while any(left.values()):
        line = data.draw(st.sampled_from([one for one in left if left[one]]))
        left[line] -= data.draw(st.integers(1, left[line]))
        then = reckon(kept(lines, left), **terms)
        assert sum(paid(then)) == then.total_fen
        differences = [a - b for a, b in zip(paid(standing), paid(then), strict=True)]
        assert min(differences) >= 0
        back = [a + b for a, b in zip(back, differences, strict=True)]
        standing = then
    assert tuple(back) == first


def test_a_ceiling_that_was_used_up_is_used_for_what_is_kept():
    """C3: as if only that had been bought, not in proportion."""
    terms = {"fund": split.Terms({"甲": 10_000}, 300), "insurer": split.NOTHING}
    assert paid(reckon([Kept("1", "甲", 1_000, 2, 2)], **terms)) == (300, 0, 700)
    assert paid(reckon([Kept("1", "甲", 1_000, 2, 1)], **terms)) == (300, 0, 200)


@pytest.mark.parametrize("left", [-1, 3])
def test_more_than_was_given_is_kept_by_nobody(left):
    with pytest.raises(split.BadAmount):
        reckon([Kept("1", "甲", 1_000, 2, left)], fund=split.NOTHING, insurer=split.NOTHING)
