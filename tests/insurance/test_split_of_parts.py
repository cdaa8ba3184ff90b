"""A part of the units, split by the same terms: nobody pays more than for all of them."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from insurance.split import PricedLine, Terms, split

RATES = st.dictionaries(st.sampled_from(["甲", "乙", "丙"]), st.integers(0, 10_000))
TERMS = st.builds(Terms, RATES, st.none() | st.integers(0, 10**5))
PRICES = st.lists(
    st.tuples(
        st.sampled_from(["甲", "乙", "丙", "自费"]),
        st.integers(0, 10**4),
        st.integers(1, 9),
        st.integers(0, 9),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=500)
@given(PRICES, TERMS, TERMS)
def test_a_part_costs_nobody_more_than_the_whole(priced, fund, insurer):
    """C3, R6: fund, insurer and patient; so what goes back to the patient is never below zero."""
    whole, part = [], []
    for number, (kind, price, units, less) in enumerate(priced, 1):
        line = PricedLine(str(number), kind, price * units)
        whole.append(line)
        if left := max(units - less, 0):
            part.append(replace(line, total_fen=price * left))

    before = {one.line: one for one in split(whole, fund=fund, insurer=insurer)}
    after = split(part, fund=fund, insurer=insurer)

    for name in ("total_fen", "fund_fen", "insurer_fen", "patient_fen"):
        paid = sum(getattr(one, name) for one in after)
        assert paid <= sum(getattr(one, name) for one in before.values())
    for one in after:
        assert one.fund_fen + one.insurer_fen + one.patient_fen == one.total_fen
        assert one.patient_fen <= before[one.line].patient_fen
