"""The windows of a long-term prescription's issues: no gap, no overlap, at most twelve weeks."""

import itertools
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hospital.calendar import begins, legal_day
from hospital.units import SHANGHAI
from prescriptions import plan, rules
from tests.prescriptions.test_limits import parts
from tests.prescriptions.test_rules import NOON

DAY, MOMENT = timedelta(days=1), timedelta(microseconds=1)
DAYS = st.dates(date(2020, 1, 1), date(2099, 12, 31))
ISSUES = st.integers(2, plan.ISSUES_MAX)
INTERVALS = st.integers(plan.INTERVAL_MIN_DAYS, plan.INTERVAL_MAX_DAYS)
SHARES = st.floats(0, 1, exclude_max=True)
"""Where in a window something happens."""


def within(window: plan.Window, share: float) -> datetime:
    return window.opens_at + (window.valid_until - window.opens_at) * share


@given(DAYS, ISSUES, INTERVALS)
def test_every_moment_of_the_plan_belongs_to_one_issue(on, issues, interval):
    windows = plan.windows(on, issues, interval)

    assert len(windows) == issues
    assert windows[0].opens_at == begins(on)
    assert windows[-1].valid_until == begins(on + issues * interval * DAY)
    for one, following in itertools.pairwise(windows):
        assert one.valid_until == following.opens_at
    for one in windows:
        assert one.valid_until - one.opens_at == interval * DAY
        assert one.opens_at.tzinfo is UTC
        assert one.opens_at.astimezone(SHANGHAI).time().isoformat() == "00:00:00"


@given(DAYS, ISSUES, INTERVALS, SHARES)
def test_a_doctor_who_signs_at_any_time_of_the_day_opens_the_first_issue_at_once(
    on, issues, interval, share
):
    """F11: up to the last microsecond before 24:00 Asia/Shanghai."""
    signed_at = begins(on) + (DAY - MOMENT) * share
    first = plan.windows(legal_day(signed_at), issues, interval)[0]
    assert first.opens_at <= signed_at < first.valid_until


def test_midnight_in_shanghai_is_the_day_after_in_london():
    """16:00 UTC begins the next legal day, one microsecond before belongs to the old one."""
    sixteen = datetime(2026, 5, 6, 16, tzinfo=UTC)
    before, after = (plan.windows(legal_day(at), 2, 7)[0] for at in (sixteen - MOMENT, sixteen))
    assert (after.opens_at, before.opens_at) == (sixteen, sixteen - DAY)


def test_a_leap_day_is_a_day():
    """From 28 February a week ends on 6 March in a leap year and on 7 March in others."""
    ends = [plan.windows(date(year, 2, 28), 2, 7)[0].valid_until for year in (2028, 2027)]
    assert [f"{end.astimezone(SHANGHAI):%m-%d %H:%M}" for end in ends] == [
        "03-06 00:00",
        "03-07 00:00",
    ]


@given(DAYS, ISSUES, INTERVALS, st.lists(SHARES, min_size=4, max_size=4))
def test_who_comes_late_has_a_week_for_the_next_and_never_two_at_once(on, issues, interval, shares):
    """
    However late each is fetched: the next opens an interval less the grace after it at the
    earliest, and a week of its window is left.
    """
    opened = None
    fetched_at: list[datetime] = []
    for window, share in zip(plan.windows(on, issues, interval), shares, strict=False):
        opens_at = max(window.opens_at, opened) if opened else window.opens_at
        assert window.valid_until - opens_at >= plan.GRACE_DAYS * DAY
        fetched_at.append(within(plan.Window(opens_at, window.valid_until), share))
        opened = plan.next_opens(fetched_at[-1], interval)
    for one, following in itertools.pairwise(fetched_at):
        assert legal_day(following) - legal_day(one) >= (interval - plan.GRACE_DAYS) * DAY


@given(DAYS, ISSUES, INTERVALS)
def test_who_comes_within_the_grace_waits_for_nothing(on, issues, interval):
    """Fetched on one of the first eight days of its window, an issue never puts the next off."""
    first, second = plan.windows(on, issues, interval)[:2]
    last_moment = min(first.opens_at + (plan.GRACE_DAYS + 1) * DAY, first.valid_until) - MOMENT
    assert plan.next_opens(last_moment, interval) <= second.opens_at
    if interval > plan.GRACE_DAYS + 1:
        assert plan.next_opens(last_moment + MOMENT, interval) == second.opens_at + DAY


@given(
    st.integers(1, 6),
    st.none() | st.integers(1, 40),
    st.integers(1, 90),
    st.booleans(),
    st.booleans(),
)
def test_the_rules_let_pass_exactly_the_lawful_plans(issues, interval, days, long_term, reason):
    """Compared with the limits as one reads them, for any plan; what passes ends in 84 days."""
    draft = parts(
        issues, interval, days, long_term=long_term, reason_for_longer="病情稳定" if reason else ""
    )
    one = issues == 1
    amount = (84 if reason else 28) if long_term else (28 if reason else 7)
    lawful = issues * days <= amount if long_term else days <= amount
    lawful = lawful and (interval is None if one else long_term and interval is not None)
    if lawful and interval is not None:
        lawful = issues <= 4 and 7 <= interval <= 28
        lawful = lawful and days <= interval + 2 and issues * interval <= 84

    assert rules.blocked(rules.check(draft, NOON)) == (not lawful)
    if lawful and interval is not None:
        on = legal_day(NOON)
        assert plan.windows(on, issues, interval)[-1].valid_until <= begins(on + 84 * DAY)
