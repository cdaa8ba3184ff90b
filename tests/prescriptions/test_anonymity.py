"""What is shown of several patients together, and what noise hides."""

import math
from collections import Counter
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prescriptions.sharing import anonymity, noise
from prescriptions.sharing.anonymity import MOST_GROUPS, Prescribed, Shared

MONTHS, NAMES, CODES = ("2026-09", "2026-10", "2026-11"), tuple("甲乙丙丁"), ("J06", "I10", "E11")
PRESCRIBED = st.builds(
    Prescribed,
    st.sampled_from(MONTHS),
    st.sets(st.sampled_from(NAMES), max_size=3).map(tuple),
    st.sets(st.sampled_from(CODES), max_size=2).map(tuple),
)
PATIENTS = st.lists(st.lists(PRESCRIBED, max_size=4).map(tuple), max_size=12).map(
    lambda lists: [Shared(f"{n:02}", one) for n, one in enumerate(lists)]
)


def values_of(patient):
    """All that is said of one patient."""
    return {("month", one.month) for one in patient.prescribed if one.month} | {
        value for one in patient.prescribed for value in (*one.medicines, *one.diagnoses)
    }


class TestSuppressed:
    @given(PATIENTS, st.integers(2, 6))
    def test_whatever_is_shown_is_what_k_of_them_have(self, patients, k):
        shown = anonymity.suppressed(patients, k)
        having = Counter(value for one in patients for value in values_of(one))
        assert all(having[value] >= k for one in shown for value in values_of(one))

    @given(PATIENTS, st.integers(2, 6))
    def test_what_enough_have_is_shown_and_nobody_is_left_out(self, patients, k):
        shown = {one.pseudonym: one for one in anonymity.suppressed(patients, k)}
        having = Counter(value for one in patients for value in values_of(one))
        assert shown.keys() == {one.pseudonym for one in patients}
        for one in patients:
            frequent = {value for value in values_of(one) if having[value] >= k}
            lost = {value for value in frequent if isinstance(value, tuple)}
            assert frequent - values_of(shown[one.pseudonym]) <= lost

    @given(PATIENTS, st.integers(2, 6))
    def test_twice_hides_no_more(self, patients, k):
        once = anonymity.suppressed(patients, k)
        having = Counter(value for one in once for value in values_of(one))
        medicines = {value for value in having if isinstance(value, str)}
        assert all(having[value] >= k for value in medicines)

    @pytest.mark.parametrize(("code", "coarse"), [("J06.900", "J06"), ("I10", "I10"), ("", "")])
    def test_diagnoses_are_categories(self, code, coarse):
        assert anonymity.category(code) == coarse


class TestCounted:
    @given(st.dictionaries(st.text("abc", min_size=1), st.sets(st.text("xyz", max_size=3))))
    def test_a_patient_is_counted_once_a_group_in_few_groups(self, groups):
        counts = anonymity.counted(groups, "salt")
        least = sum(min(len(own), MOST_GROUPS) for own in groups.values())
        assert counts.total() == least
        for name in groups:
            without = anonymity.counted({k: v for k, v in groups.items() if k != name}, "salt")
            changed = {group: counts[group] - without[group] for group in counts | without}
            assert set(changed.values()) <= {0, 1}
            assert sum(changed.values()) <= MOST_GROUPS


class Seeded:
    """``below`` of a seed: what is drawn is the same at every run."""

    def __init__(self, seed):
        self.random = Random(seed)

    def __call__(self, bound):
        return self.random.randrange(bound)


DRAWS = 40_000


@pytest.mark.parametrize("scale", [Fraction(1, 2), Fraction(1), Fraction(5, 2), Fraction(10)])
def test_noise_has_the_distribution_that_the_proof_is_about(scale):
    """P(z) = (1-p)/(1+p) p^|z| with p = exp(-1/scale): chi-squared, over what is drawn often."""
    below = Seeded(f"noise {scale}")
    drawn = Counter(noise.discrete_laplace(scale, below) for _ in range(DRAWS))
    p = math.exp(-1 / scale)
    expected = {z: DRAWS * (1 - p) / (1 + p) * p ** abs(z) for z in range(-400, 401)}
    often = [z for z, number in expected.items() if number >= 20]
    rare = DRAWS - sum(expected[z] for z in often)
    chi = sum((drawn[z] - expected[z]) ** 2 / expected[z] for z in often)
    chi += (DRAWS - sum(drawn[z] for z in often) - rare) ** 2 / rare
    freedom = len(often)
    assert chi < freedom + 5 * math.sqrt(2 * freedom)


def test_noise_is_never_of_no_scale():
    with pytest.raises(ValueError, match="positive"):
        noise.discrete_laplace(Fraction(0))


def test_every_group_that_could_be_gets_noise_and_none_below_k_is_shown():
    below = Seeded("groups")
    groups = [f"{n:03}" for n in range(400)]
    shown = anonymity.noisy({"000": 50}, groups, epsilon_milli=1_000, k=5, below=below)
    assert set(shown) > {"000"}  # some that are empty are shown: their noise was large
    assert min(shown.values()) >= 5


def test_one_patient_changes_an_answer_by_epsilon_and_no_more():
    """
    A differencing attack: the same question with and without one patient, many times.

    10 or 11 patients are in the group. Answers above both come exp(epsilon/m) times as often with
    the one as without, those below as much more rarely: neither more noise nor less than said.
    """
    below = Seeded("attack")
    answers = [
        [
            anonymity.noisy({"J": count}, ["J"], epsilon_milli=1000, k=-99, below=below).get("J", 0)
            for _ in range(DRAWS)
        ]
        for count in (10, 11)
    ]
    above = [sum(one >= 11 for one in drawn) for drawn in answers]
    beneath = [sum(one <= 10 for one in drawn) for drawn in answers]
    bound = math.exp(1 / MOST_GROUPS)
    assert above[1] / above[0] == pytest.approx(bound, rel=0.04)
    assert beneath[0] / beneath[1] == pytest.approx(bound, rel=0.04)
