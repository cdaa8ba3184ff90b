"""Quorums: how many liars it takes to make two trees final that cannot both be."""

import functools
import hashlib
import itertools
from collections.abc import Iterator

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from ledger import note
from ledger.policy import NotFinal, Policy, final_head
from ledger.treehead import TreeHead
from tests.ledger.shapes import KEYS, LOG, Table, bits, flat, nested, policy_of, subsets

MOST = 7
NOW = 1_795_413_600
SIZES = range(1, MOST + 1)
THRESHOLDS = [
    (size, liars, threshold)
    for size in SIZES
    for liars in range(size + 1)
    for threshold in range(1, size + 1)
]
History = tuple[int, ...]
HISTORIES = [history for size in range(4) for history in itertools.product((0, 1), repeat=size)]


def head_of(history: History) -> TreeHead:
    return TreeHead(LOG.verifier.name, len(history), hashlib.sha256(bytes(history)).digest())


def extends(longer: History, shorter: History) -> bool:
    return longer[: len(shorter)] == shorter


@functools.cache
def line(name: str, history: History) -> str:
    return KEYS[name].cosign(head_of(history).text(), NOW)


class Honest:
    """A witness that cosigns only what extends all that it cosigned before."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.latest: History = ()

    def ask(self, history: History) -> str | None:
        if not extends(history, self.latest):
            return None
        self.latest = history
        return line(self.name, history)


class Liar(Honest):
    """Cosigns whatever it is shown."""

    def ask(self, history: History) -> str | None:
        return line(self.name, history)


class World:
    """A log that signs every history, its witnesses, and what they have cosigned."""

    def __init__(self, policy: Policy, liars: int) -> None:
        self.policy = policy
        self.witnesses = [
            (Liar if liars >> place & 1 else Honest)(name)
            for place, name in enumerate(policy.witnesses)
        ]
        self.lines: dict[History, set[str]] = {}

    def show(self, place: int, history: History) -> None:
        cosigned = self.witnesses[place % len(self.witnesses)].ask(history)
        if cosigned:
            self.lines.setdefault(history, set()).add(cosigned)

    def is_final(self, history: History) -> bool:
        text = head_of(history).text()
        lines = [LOG.sign(text), *sorted(self.lines.get(history, ()))]
        try:
            return final_head(note.assemble(text, lines), self.policy).head == head_of(history)
        except NotFinal:
            return False

    def finals(self) -> list[History]:
        return [history for history in self.lines if self.is_final(history)]


def contradict(finals: list[History]) -> bool:
    pairs = itertools.combinations(finals, 2)
    return any(not extends(one, other) and not extends(other, one) for one, other in pairs)


def of_size(size: int) -> Iterator[tuple[int, int]]:
    return itertools.product(range(size + 1), range(1, size + 1))


def table(size: int, threshold: int) -> Table:
    return Table(policy_of(flat(size, threshold)))


@pytest.mark.parametrize("size", SIZES)
def test_a_threshold_is_safe_exactly_above_half_of_all_and_the_liars(size):
    """L5: q > (n + f) / 2. Every division of the honest between two trees is tried."""
    for liars, threshold in of_size(size):
        can_split = table(size, threshold).split((1 << liars) - 1) is not None

        assert can_split == (2 * threshold <= size + liars)


@pytest.mark.parametrize("size", SIZES)
def test_below_it_two_contradicting_trees_do_become_final(size):
    """L4, L5: the log and the liars do it with real signatures; above it they cannot."""
    for liars, threshold in of_size(size):
        policy, lying = policy_of(flat(size, threshold)), (1 << liars) - 1
        side = Table(policy).split(lying)
        world = World(policy, lying)
        for place in range(size):
            shown = [(0,), (1,)] if side is None or side >> place & 1 else [(1,), (0,)]
            for history in shown:
                world.show(place, history)

        assert contradict(world.finals()) == (2 * threshold <= size + liars)


@pytest.mark.parametrize("size", SIZES)
def test_the_honest_alone_make_progress_if_they_are_as_many_as_the_threshold(size):
    """L5: q ≤ n - f, whoever the silent are."""
    for liars, threshold in of_size(size):
        met = table(size, threshold).met
        for silent in itertools.combinations(range(size), liars):
            awake = ((1 << size) - 1) & ~sum(1 << place for place in silent)
            assert met[awake] == (threshold <= size - liars)


def test_more_than_three_times_as_many_as_liars_are_needed_for_both():
    for size, liars in itertools.product(range(1, MOST + 1), range(MOST)):
        both = [
            threshold
            for threshold in range(1, size + 1)
            if 2 * threshold > size + liars and threshold <= size - liars
        ]
        assert bool(both) == (size > 3 * liars)


@pytest.mark.parametrize("size", range(1, 5))
def test_an_organisations_two_keys_may_see_different_trees(size):
    """L5: witnesses and validators, k of n each: as safe as either, though no key waits for one."""
    for threshold, liars in itertools.product(range(1, size + 1), range(size + 1)):
        both = Table(policy_of((2, (flat(size, threshold), flat(size, threshold)))))
        lying = (1 << liars) - 1

        can_split = both.split(lying | lying << size) is not None

        assert can_split == (2 * threshold <= size + liars)


@pytest.mark.parametrize("size", range(1, 7))
def test_a_nested_policy_is_safe_exactly_if_two_quorums_always_share_an_honest_member(size):
    """L5: every nesting, every threshold, every set of liars."""
    shapes = list(nested(size))
    assert len(set(shapes)) == len(shapes)
    for shape in shapes:
        judged = Table(policy_of(shape))
        shared = {
            one & other
            for one, other in itertools.combinations_with_replacement(judged.quorums(), 2)
        }
        for liars in subsets(judged.everybody):
            assert (judged.split(liars) is None) == all(both & ~liars for both in shared)


@pytest.mark.parametrize("size", range(1, 6))
def test_another_cosignature_never_hurts(size):
    for shape in nested(size):
        met = Table(policy_of(shape)).met
        for chosen in range(len(met)):
            for bit in bits(chosen):
                assert met[chosen] >= met[chosen & ~bit]


SHAPES = [shape for size in range(1, 6) for shape in nested(size)]
SHAPES += [flat(size, threshold) for size in (6, 7) for threshold in range(1, size + 1)]
SHAPES += [(2, (flat(4, 3), flat(4, 3)))]
SHOWN = st.lists(st.tuples(st.integers(0, MOST), st.sampled_from(HISTORIES)), max_size=60)


@given(st.sampled_from(SHAPES), st.integers(0, (1 << MOST) - 1), SHOWN)
@settings(max_examples=150, deadline=None)
def test_where_no_split_is_possible_no_order_of_events_leads_to_one(shape, liars, shown):
    """L4, L5: whatever is shown to whom, in whatever order, to however many of them."""
    policy = policy_of(shape)
    judged = Table(policy)
    liars &= judged.everybody
    world = World(policy, liars)
    for place, history in shown:
        world.show(place, history)

    if judged.split(liars) is None:
        assert not contradict(world.finals())


def test_witnesses_without_memory_are_found_out():
    """The test above can fail: the same log, the same policies, and nobody honest."""
    policy = policy_of(flat(4, 3))

    def leads_to_a_split(shown: list[tuple[int, History]]) -> bool:
        world = World(policy, liars=0b1111)
        for place, history in shown:
            world.show(place, history)
        return contradict(world.finals())

    at_once = settings(max_examples=2000, phases=[Phase.generate], database=None)
    assert find(SHOWN, leads_to_a_split, settings=at_once)


@given(st.sampled_from(THRESHOLDS), SHOWN)
@settings(max_examples=100, deadline=None)
def test_late_and_lost_requests_never_block_an_honest_log(numbers, shown):
    """L5: after any beginning, a request to each that is awake makes the newest tree final."""
    size, silent, threshold = numbers
    world = World(policy_of(flat(size, threshold)), 0)
    newest = (1, 0, 1, 1)
    for place, history in shown:
        if extends(newest, history):
            world.show(place, history)
    for place in range(silent, size):
        world.show(place, newest)

    assert world.is_final(newest) or threshold > size - silent
