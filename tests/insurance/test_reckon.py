"""Who pays which fen, for whatever policies and baskets: exact, in order, within every ceiling."""

import itertools
from dataclasses import astuple, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insurance.policies.reckon import (
    CEILINGS,
    BadAmount,
    Counts,
    Limits,
    Line,
    Used,
    reckon,
)
from insurance.policies.terms import BadTerms, Medicine, Terms
from insurance.policies.words import WORDS

FEN = st.integers(0, 10**5)
BP = st.integers(0, 10_000)
MAYBE = st.none() | FEN
PAYERS_MAX = 3


@st.composite
def tiers(draw):
    starts = sorted(draw(st.sets(st.integers(1, 10**5), max_size=3)))
    return tuple((start, draw(BP)) for start in (0, *starts))


LIMITS = st.builds(
    Limits, deductible=FEN, tiers=tiers(), item=MAYBE, bill=MAYBE, day=MAYBE, year=MAYBE,
    family=MAYBE, family_deductible=MAYBE,
)  # fmt: skip
USED = st.builds(Used, FEN, FEN, FEN, FEN, FEN, FEN)
COUNTS = st.tuples(*[st.builds(Counts, BP)] * PAYERS_MAX)
LINES = st.lists(st.builds(Line, st.just("1"), FEN, COUNTS), max_size=5)
POLICIES = st.lists(st.tuples(LIMITS, USED), max_size=PAYERS_MAX)


def by(policies, lines):
    """``lines`` for these policies alone, and how they are reckoned."""
    fitting = [replace(line, counts=line.counts[: len(policies)]) for line in lines]
    return reckon(fitting, [one for one, _ in policies], [used for _, used in policies])


@given(LINES, POLICIES)
def test_adds_up_on_line_and_bill_and_nobody_is_negative(lines, policies):
    """C3"""
    found = by(policies, lines)
    for line, split in zip(lines, found.lines, strict=True):
        fens = [share.fen for share in split.shares]
        assert sum(fens) + split.patient_fen == split.total_fen == line.total_fen
        assert min([*fens, split.patient_fen]) >= 0
    assert sum(found.fens) + found.patient_fen == found.total_fen


@given(LINES, POLICIES)
def test_the_steps_say_where_each_fen_went(lines, policies):
    """C3: what a payer was asked about is what it pays and what each rule took."""
    for split in by(policies, lines).lines:
        left = split.total_fen
        for share in split.shares:
            assert share.fen + sum(step.fen for step in share.steps) == left
            assert all(step.fen > 0 and step.rule in WORDS for step in share.steps)
            left -= share.fen


@given(LINES, POLICIES)
def test_nobody_pays_above_a_ceiling(lines, policies):
    """C3: of an item, a bill, a day, a year, a family, with what was used before."""
    found = by(policies, lines)
    for number, (limits, used) in enumerate(policies):
        before = {"bill": 0, "day": used.day, "year": used.year, "family": used.family}
        for name in CEILINGS:
            if (ceiling := getattr(limits, name)) is not None:
                assert found.fens[number] <= max(ceiling - before[name], 0)
        if limits.item is not None:
            assert all(split.shares[number].fen <= limits.item for split in found.lines)


@given(LINES, LIMITS, USED, FEN)
def test_who_owes_more_of_the_deductible_gets_no_more(lines, limits, used, more):
    """C3: the policy pays no more with a higher deductible, and the patient no less."""
    dearer = replace(limits, deductible=limits.deductible + more)
    less, usual = by([(dearer, used)], lines), by([(limits, used)], lines)
    assert less.fens <= usual.fens
    assert less.patient_fen >= usual.patient_fen


@given(LINES, LIMITS, USED, FEN)
def test_a_family_bears_no_more_than_its_deductible(lines, limits, used, less):
    """C3: nor does one of it bear more than without it; and a lower one leaves nobody worse off."""
    own = replace(limits, family_deductible=None)
    ceiling = used.family_deductible + less
    shared = replace(limits, family_deductible=ceiling)
    (alone,), (together,) = (by([(one, used)], lines).uses for one in (own, shared))
    assert together.deductible <= min(alone.deductible, less)
    lower = replace(limits, family_deductible=max(ceiling - 1, 0))
    assert by([(lower, used)], lines).patient_fen <= by([(shared, used)], lines).patient_fen


@given(LINES, POLICIES)
def test_a_later_payer_changes_no_earlier_one(lines, policies):
    """C3: order of payers."""
    whole = by(policies, lines)
    for length in range(len(policies)):
        fewer = by(policies[:length], lines)
        for short, full in zip(fewer.lines, whole.lines, strict=True):
            assert short.shares == full.shares[:length]
        assert fewer.uses == whole.uses[:length]


@settings(max_examples=300)
@given(LINES, LIMITS, USED, st.data())
def test_a_part_never_gets_more_than_the_whole(lines, limits, used, data):
    """C3, R6: under the same use; and the patient pays no more for less."""
    part = [replace(one, total_fen=data.draw(st.integers(0, one.total_fen))) for one in lines]
    some, whole = by([(limits, used)], part), by([(limits, used)], lines)
    assert some.fens <= whole.fens
    assert some.patient_fen <= whole.patient_fen


@given(LINES, LIMITS, USED)
def test_bill_after_bill_costs_what_one_bill_costs(lines, limits, used):
    """C3: the year remembers, so nobody gains by buying line by line; a bill's ceiling apart."""
    limits = replace(limits, bill=None)
    whole, paid, now = by([(limits, used)], lines), 0, used
    for line in lines:
        found = by([(limits, now)], [line])
        (use,) = found.uses
        paid += sum(found.fens)
        now = Used(*map(sum, zip(astuple(now), astuple(use), strict=True)))
    assert paid == sum(whole.fens)


@pytest.mark.parametrize(
    ("line", "limits", "used"),
    [
        (Line("1", -1, (Counts(1),)), Limits(), Used()),
        (Line("1", 1, (Counts(10_001),)), Limits(), Used()),
        (Line("1", 1, (Counts(-1),)), Limits(), Used()),
        (Line("1", 1, ()), Limits(), Used()),
        (Line("1", 1, (Counts(1),)), Limits(deductible=-1), Used()),
        (Line("1", 1, (Counts(1),)), Limits(year=-1), Used()),
        (Line("1", 1, (Counts(1),)), Limits(tiers=((0, 10_001),)), Used()),
        (Line("1", 1, (Counts(1),)), Limits(tiers=((1, 1),)), Used()),
        (Line("1", 1, (Counts(1),)), Limits(tiers=((0, 1), (5, 1), (5, 2))), Used()),
        (Line("1", 1, (Counts(1),)), Limits(), Used(year=-1)),
    ],
)
def test_refuses_what_is_no_amount_or_rate(line, limits, used):
    """C3, D4"""
    with pytest.raises(BadAmount):
        reckon([line], [limits], [used])


def test_limits_are_kept_as_json():
    """C3: a bill remembers by what it was reckoned."""
    limits = Limits(100, ((0, 5_000), (9, 7_000)), item=1, year=5)
    assert Limits.read(limits.said()) == limits


def test_every_step_has_words():
    """C3"""
    terms = {name for name in WORDS if name.endswith("_ceiling")}
    assert terms == {f"{name}_ceiling" for name in itertools.chain(["item"], CEILINGS)}


DRUG = Medicine("甲", "XA02BCA001", "A02BC01")


@pytest.mark.parametrize(
    ("said", "why", "bp"),
    [
        ({}, "own_payment", 9_000),
        ({"covers": ["A02"]}, "own_payment", 9_000),
        ({"covers": ["XA02BCA001"]}, "own_payment", 9_000),
        ({"covers": ["XA02"]}, "not_listed", 0),
        ({"covers": ["A02"], "excludes": ["A02BC"]}, "excluded", 0),
        ({"rates_bp": {"乙": 1}}, "class_not_covered", 0),
    ],
)
def test_what_counts_is_a_matter_of_list_and_class(said, why, bp):
    """C3"""
    terms = Terms.read({"rates_bp": {"甲": 9_000}, **said})
    assert (terms.counts(DRUG).why, terms.counts(DRUG).bp) == (why, bp)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"rates_bp": {"丁": 1}},
        {"rates_bp": {"甲": 10_001}},
        {"rates_bp": {"甲": True}},
        {"rates_bp": {}, "unheard_of": 1},
        {"rates_bp": {}, "tiers": []},
        {"rates_bp": {}, "tiers": [[0]]},
        {"rates_bp": {}, "tiers": [[1, 1]]},
        {"rates_bp": {}, "tiers": [[0, 1], [5, 1], [5, 1]]},
        {"rates_bp": {}, "ceilings_fen": {"week": 1}},
        {"rates_bp": {}, "ceilings_fen": []},
        {"rates_bp": {}, "ceilings_fen": {"day": -1}},
        {"rates_bp": {}, "covers": "A02"},
        {"rates_bp": {}, "covers": [""]},
        {"rates_bp": {}, "diagnoses": [["E11"]]},
        {"rates_bp": {}, "diagnoses": [[1, None]]},
        {"rates_bp": {}, "year": "lunar"},
        {"rates_bp": {}, "year": []},
        {"rates_bp": {}, "waiting_days": 1.5},
        {"rates_bp": {}, "deductible_fen": None},
        [],
        None,
        7,
    ],
)
def test_terms_that_say_nothing_sensible_are_refused(said):
    """D4: with a word of their own, whatever JSON it is."""
    with pytest.raises(BadTerms):
        Terms.read(said)
