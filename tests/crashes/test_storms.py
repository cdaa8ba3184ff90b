"""Whatever dies, and whenever: the prescriptions come to their ends, each step once."""

import pytest

from tests.crashes import runs

pytestmark = [pytest.mark.slow, pytest.mark.alone]

ALL_ENDINGS = (1, 2, 24, 25, 34, 36, 49, 52, 54, 57, 60, 65, 68)
"""Lines of the sample: every ending, both ways, all payers."""
SOME_ENDINGS = (1, 2, 34, 49, 54, 60)

PROGRAMS = ("web", "web/child", "worker", "worker/child", "beat", "agent-liuzhou-fund")
SERVERS = ("postgres", "postgres/child", "valkey", "flush")


def test_f1_kill_between_any_two_steps(home):
    """F1, F3: web, worker with the sequencer, and beat die together after every step."""
    report = runs.storm(home, [1], ["web", "worker", "beat"], seed=1, at_every_step=True)

    runs.calm(report)
    assert report["ends"] == ["claimed"]
    assert len(report["killed"]) >= 3 * 8


def test_f1_programs_die_at_random_moments(home):
    """F1, F3, I8, I9: every ending is reached, and what is stored holds together."""
    report = runs.storm(home, ALL_ENDINGS, PROGRAMS, seed=11, most=25)

    runs.calm(report)
    assert len(report["ends"]) == len(ALL_ENDINGS)
    assert len(report["killed"]) >= 5


def test_f2_programs_and_servers_die_at_random_moments(home):
    """F2, F3, F4: the same with PostgreSQL and Valkey among the victims."""
    report = runs.storm(home, ALL_ENDINGS, PROGRAMS + SERVERS, seed=21, most=25)

    runs.calm(report)
    assert len(report["killed"]) >= 5


def test_f4_valkey_is_flushed_and_killed_while_prescriptions_are_played(home):
    """F4: no fact was in it, so everything finishes."""
    report = runs.storm(home, SOME_ENDINGS, ["valkey", "flush"], seed=41, most=8)

    runs.calm(report)
    assert len(report["killed"]) >= 3


def test_f14_the_web_is_stopped_politely_under_load(home):
    """F14: SIGTERM; requests finish or are repeated, none is lost."""
    faults = ["web:TERM", "web/child:TERM"]
    report = runs.storm(home, SOME_ENDINGS * 2, faults, seed=141, most=12, at_once=8)

    runs.calm(report)
    assert "web:TERM" in report["killed"]
