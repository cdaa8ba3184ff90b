"""
Any life of a prescription: random steps of random people, lawful and not, alone and two at once.

What the server does is compared with ``tests.journeys.life``, a second description of the same
life. Each example is one prescription more in a real database.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from hospital.client import Problem
from prescriptions.models import Prescription, Status
from tests.journeys import uploads
from tests.journeys.life import ACTORS, MANY_CALLS, MODEL, Life, Played
from tests.journeys.watching import at_once, kinds
from tests.world import World

Step = tuple[str, str]
Drawn = tuple[int, int, Step]
Outcome = tuple[list[bool], Life]
"""Which steps succeeded, and the life after them."""
REFUSALS = {403, 404, 409, 410, 422}
ANY_STEP = st.tuples(st.sampled_from(ACTORS), st.sampled_from(sorted(MODEL)))
ONE_CALL = st.tuples(st.sampled_from(ACTORS), st.sampled_from(sorted(MODEL.keys() - MANY_CALLS)))
DRAWN, DRAWN_OF_ONE_CALL = (
    st.tuples(st.integers(0, 4), st.integers(0, 2**16), some) for some in (ANY_STEP, ONE_CALL)
)
"""What is drawn for a step never depends on the life: two at once end it in one way or the other,
and hypothesis wants the same draws after the same draws."""
ENDS = {"cancel", "change", "send_back", "refuse"}
BEGINNINGS = (
    *(Life(), Life(author="assistant"), Life(by_two=True)),
    Life(author="prescriber", by_two=True, narcotic=True),
)
FAST, LONG = (12, 30), (30, 50)
"""Examples, and steps of each at most."""


def step_of(life: Life, drawn: Drawn, wanted: Callable[[Step], bool]) -> Step:
    """Mostly a lawful one that does not end it, or no life would get far."""
    kind, which, any_step = drawn
    lawful = [step for step in life.lawful() if wanted(step)]
    onward = [step for step in lawful if step[1] not in ENDS]
    likely = (onward, onward, onward, lawful, [])[kind]
    return likely[which % len(likely)] if likely else any_step


def in_one_call(step: Step) -> bool:
    return step[1] not in MANY_CALLS


def any_at_all(step: Step) -> bool:
    return True


class AnyLife(RuleBasedStateMachine):
    """``world`` is the test's, for hypothesis makes the machines itself."""

    world: World

    @initialize(life=st.sampled_from(BEGINNINGS))
    def is_drafted(self, life: Life) -> None:
        patient = self.world.a_patient()
        self.world.covers(patient)
        self.life = life
        self.played = Played.drafted(self.world, patient, life)

    @rule(drawn=DRAWN)
    def one_step(self, drawn: Drawn) -> None:
        step = step_of(self.life, drawn, any_at_all)
        self._compare([in_order(self.life, step)], [self._done(step)])

    @rule(first=DRAWN_OF_ONE_CALL, second=DRAWN_OF_ONE_CALL)
    def two_at_once(self, first: Drawn, second: Drawn) -> None:
        """What comes of it is what would have come of one after the other, in either order."""
        one, other = (step_of(self.life, drawn, in_one_call) for drawn in (first, second))
        done = at_once(lambda: self._done(one), lambda: self._done(other))
        other_way, end = in_order(self.life, other, one)
        self._compare([in_order(self.life, one, other), (other_way[::-1], end)], done)

    @invariant()
    def the_database_says_the_same(self) -> None:
        prescription = Prescription.objects.get(id=self.played.rx)
        assert prescription.status == self.life.state
        assert len(kinds(self.played.rx)) == self.life.entries

    def _done(self, step: Step) -> bool:
        try:
            self.played.take(*step)
        except Problem as problem:
            if problem.status not in REFUSALS:
                raise
            return False
        return True

    def _compare(self, lawful: list[Outcome], done: list[Any]) -> None:
        for fault in done:
            if isinstance(fault, Exception):
                raise fault
        stored = Prescription.objects.get(id=self.played.rx).status
        ends = [end for said, end in lawful if said == done and end.state == stored]
        assert ends, (self.life, lawful, done, stored)
        self.life = ends[0]


class AnyUploadedLife(AnyLife):
    """The same of one that the hospital's own system has brought, and may send or void."""

    @initialize()
    def is_drafted(self) -> None:
        patient = self.world.a_patient()
        self.world.covers(patient)
        self.life = Life(uploaded=True)
        line = uploads.text(uploads.content(self.world, patient, uuid4().hex))
        (brought,) = uploads.bring(self.world.system, line)
        self.played = Played(self.world, patient, brought["id"], line)


def in_order(life: Life, *steps: Step) -> Outcome:
    """Which of the steps succeed, one after the other, and the life afterwards."""
    done = []
    for step in steps:
        then = life.after(*step)
        done.append(then is not None)
        life = then or life
    return done, life


@pytest.mark.parametrize(
    ("examples", "most_steps"),
    [pytest.param(*FAST, id="fast"), pytest.param(*LONG, id="long", marks=pytest.mark.slow)],
)
@pytest.mark.parametrize("lives", [AnyLife, AnyUploadedLife])
def test_every_life_is_that_of_the_model(world, lives, examples, most_steps):
    """R3, R4, R5, R7, R8, R9, R15"""
    lives.world = world
    run_state_machine_as_test(
        lives,
        settings=settings(
            max_examples=examples,
            stateful_step_count=most_steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
            phases=[Phase.generate],  # to shrink a life takes minutes, and says little more
        ),
    )


def test_the_model_reaches_every_state_but_those_of_the_clock():
    """A state that the model does not know would never be compared."""
    ways = [ways for by in MODEL.values() for ways in by.values()]
    reached = {target for one in ways for target in one.values()}
    assert reached | {Status.DRAFT, Status.EXPIRED} == set(Status)
