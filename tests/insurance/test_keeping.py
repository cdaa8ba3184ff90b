"""What a bill comes to for what is kept: exact, never negative, and nobody pays more for less."""

from hypothesis import given
from hypothesis import strategies as st

from insurance.keeping import at_most
from insurance.policies.reckon import Counts, Limits, Line, Used, reckon
from tests.insurance.test_reckon import BP, FEN, LIMITS, USED

PAYERS = 3
BOUGHT = st.lists(
    st.tuples(
        st.tuples(*[st.builds(Counts, BP)] * PAYERS), st.integers(0, 10**4), st.integers(1, 9)
    ),
    min_size=1,
    max_size=5,
)
"""Of each line: what of it counts for each payer, price of a unit in fen, units."""
PLAIN = st.builds(Limits, bill=st.none() | FEN)
"""Without deductible and tiers, as the first promises were."""


def of(bought, left, policies):
    lines = [Line(str(number), one[1] * left[number], one[0]) for number, one in enumerate(bought)]
    return reckon(lines, [one for one, _ in policies], [used for _, used in policies])


def paid(found):
    return [*found.fens, found.patient_fen]


def back(bought, policies, data, checked):
    """Bring back one thing after another; ``checked`` sees each step. All that came back."""
    left = {number: one[2] for number, one in enumerate(bought)}
    standing = of(bought, left, policies)
    while any(left.values()):
        number = data.draw(st.sampled_from([one for one in left if left[one]]))
        left[number] -= data.draw(st.integers(1, left[number]))
        anew = of(bought, left, policies)
        then = at_most(anew, standing.fens, standing.patient_fen)
        checked(standing, anew, then)
        standing = then
    assert paid(standing) == [0] * (PAYERS + 1)


@given(BOUGHT, st.tuples(*[st.tuples(LIMITS, USED)] * PAYERS), st.data())
def test_nobody_pays_more_for_less_whatever_the_policies(bought, policies, data):
    """C3, R6: not the patient either; it adds up line by line, and in the end all have all back."""

    def checked(standing, anew, then):
        assert all(a >= b for a, b in zip(paid(standing), paid(then), strict=True))
        assert sum(paid(then)) == then.total_fen == anew.total_fen
        for split in then.lines:
            assert min([split.patient_fen, *(share.fen for share in split.shares)]) >= 0
        assert [use.year for use in then.uses] == list(then.fens)

    back(bought, policies, data, checked)


@given(BOUGHT, st.tuples(*[st.tuples(PLAIN, st.just(Used()))] * PAYERS), st.data())
def test_plain_promises_come_back_in_any_order(bought, policies, data):
    """C3: as if only that had been bought: what came back before makes no difference."""

    def checked(standing, anew, then):
        assert then == anew

    back(bought, policies, data, checked)


def test_a_ceiling_that_was_used_up_is_used_for_what_is_kept():
    """C3: as if only that had been bought, not in proportion."""
    whole = (Counts(10_000),)
    for units, due in ((2, [300, 700]), (1, [300, 200])):
        assert paid(reckon([Line("1", 500 * units, whole)], [Limits(bill=300)], [Used()])) == due


def test_a_deductible_that_moves_to_another_line_is_not_asked_of_the_patient():
    """
    C3: line 1 bore the deductible, the second payer paid it. When it comes back, line 2 would
    bear it, which the second payer does not cover. The first goes on paying.
    """
    lines = [
        Line("1", 100, (Counts(10_000), Counts(10_000))),
        Line("2", 100, (Counts(10_000), Counts(0, "class_not_covered"))),
    ]
    policies, used = [Limits(deductible=100), Limits()], [Used(), Used()]
    before = reckon(lines, policies, used)
    assert paid(before) == [100, 100, 0]
    anew = reckon(lines[1:], policies, used)
    assert paid(anew) == [0, 0, 100]
    assert paid(at_most(anew, before.fens, before.patient_fen)) == [100, 0, 0]
