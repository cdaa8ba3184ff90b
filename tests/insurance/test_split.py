"""Who pays which fen: the sums are exact, whatever the rates and ceilings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insurance.split import NOTHING, BadAmount, PricedLine, Terms, split

FEN = st.integers(0, 10**13)
CLASSES = st.sampled_from(["甲", "乙", "丙", "自费"])
RATES = st.dictionaries(st.sampled_from(["甲", "乙", "丙"]), st.integers(0, 10_000))
TERMS = st.builds(Terms, RATES, st.none() | FEN)
LINES = st.lists(
    st.builds(PricedLine, st.integers(1, 20).map(str), CLASSES, FEN), min_size=0, max_size=20
)


@given(LINES, TERMS, TERMS)
def test_adds_up_to_the_fen_and_is_never_negative(lines, fund, insurer):
    """C3"""
    shares = split(lines, fund=fund, insurer=insurer)

    assert [share.total_fen for share in shares] == [line.total_fen for line in lines]
    for share in shares:
        assert share.fund_fen + share.insurer_fen + share.patient_fen == share.total_fen
        assert min(share.fund_fen, share.insurer_fen, share.patient_fen) >= 0


@given(LINES, TERMS, TERMS)
def test_nobody_pays_above_the_ceiling_or_the_rate(lines, fund, insurer):
    """C3"""
    shares = split(lines, fund=fund, insurer=insurer)

    for terms, paid in (
        (fund, [share.fund_fen for share in shares]),
        (insurer, [share.insurer_fen for share in shares]),
    ):
        if terms.ceiling_fen is not None:
            assert sum(paid) <= terms.ceiling_fen
    for line, share in zip(lines, shares, strict=True):
        rate = fund.rates_bp.get(line.insurance_class, 0)
        assert share.fund_fen * 10_000 <= line.total_fen * rate
        rest = line.total_fen - share.fund_fen
        rate = insurer.rates_bp.get(line.insurance_class, 0)
        assert share.insurer_fen * 10_000 <= rest * rate


@given(LINES, RATES, RATES)
def test_rounding_costs_the_patient_less_than_a_fen_a_payer(lines, fund, insurer):
    """C3"""
    shares = split(lines, fund=Terms(fund), insurer=Terms(insurer))

    for line, share in zip(lines, shares, strict=True):
        due = line.total_fen * fund.get(line.insurance_class, 0)
        assert share.fund_fen * 10_000 > due - 10_000


def test_one_fen_among_three():
    """C3"""
    half = Terms({"甲": 5_000})
    (share,) = split([PricedLine("1", "甲", 1)], fund=half, insurer=half)
    assert (share.fund_fen, share.insurer_fen, share.patient_fen) == (0, 0, 1)


def test_a_ceiling_is_used_up_in_the_order_of_the_lines():
    """C3"""
    lines = [PricedLine("1", "甲", 100), PricedLine("2", "甲", 100)]
    first, second = split(lines, fund=Terms({"甲": 10_000}, 150), insurer=NOTHING)
    assert (first.fund_fen, second.fund_fen, second.patient_fen) == (100, 50, 50)


@pytest.mark.parametrize(
    ("line", "fund"),
    [
        (PricedLine("1", "甲", -1), NOTHING),
        (PricedLine("1", "甲", 1), Terms({"甲": 10_001})),
        (PricedLine("1", "甲", 1), Terms({"甲": -1})),
        (PricedLine("1", "甲", 1), Terms({"甲": 1}, -1)),
    ],
)
def test_refuses_what_is_no_amount_or_rate(line, fund):
    """C3, D4"""
    with pytest.raises(BadAmount):
        split([line], fund=fund, insurer=NOTHING)
