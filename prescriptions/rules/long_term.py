"""
Long-term prescriptions that are fetched in parts: how many issues, how far apart, how much in each.

Decisions (docs/decisions/0018-long-term.md): the law limits what is prescribed in all to twelve
weeks and says nothing of parts. Up to four issues, 7 to 28 days apart; one issue holds at most two
days more than it must last, for a delivery that is late; and neither the medicines of all issues
(``prescribing.too_many_long_term_days``) nor the time in which they can be fetched exceed 84 days.
"""

from collections.abc import Iterator
from datetime import date

from prescriptions.plan import INTERVAL_MAX_DAYS, INTERVAL_MIN_DAYS, ISSUES_MAX
from prescriptions.rules.prescribing import DAYS_LONG_TERM_MAX, LONG_TERM
from prescriptions.rules.terms import Draft, Fault, Rule, Severity, lines_of

RESERVE_DAYS = 2


def wrong_number(draft: Draft, on: date) -> Iterator[Fault]:
    """More than four issues, or several of what is no long-term prescription."""
    if draft.issues > ISSUES_MAX:
        yield "issues", f"长期处方最多分{ISSUES_MAX}次调配，本方为{draft.issues}次。"
    if draft.issues > 1 and not draft.long_term:
        yield "issues", "只有长期处方可以分次调配。"


def wrong_interval(draft: Draft, on: date) -> Iterator[Fault]:
    """Several issues without an interval of 7 to 28 days, or one with an interval."""
    if draft.issues == 1:
        if draft.interval_days is not None:
            yield "interval_days", "只调配一次的处方没有调配间隔。"
    elif draft.interval_days is None:
        yield "interval_days", "分次调配的长期处方应当注明间隔天数。"
    elif not INTERVAL_MIN_DAYS <= draft.interval_days <= INTERVAL_MAX_DAYS:
        limits = f"{INTERVAL_MIN_DAYS}至{INTERVAL_MAX_DAYS}日"
        yield "interval_days", f"每次调配间隔为{limits}，本方为{draft.interval_days}日。"


def more_than_the_interval(draft: Draft, on: date) -> Iterator[Fault]:
    """One issue that lasts more than two days longer than the interval."""
    if draft.issues == 1 or draft.interval_days is None:
        return
    most = draft.interval_days + RESERVE_DAYS
    for field, medicine, line in lines_of(draft):
        if line.days > most:
            limit = f"每次调配不超过间隔天数加{RESERVE_DAYS}日，即{most}日用量"
            yield f"{field}.days", f"{limit}；{medicine.generic_name}开具了{line.days}日。"


def too_long_in_all(draft: Draft, on: date) -> Iterator[Fault]:
    """Issues that can be fetched later than twelve weeks after signing."""
    if draft.issues == 1 or draft.interval_days is None:
        return
    span = draft.issues * draft.interval_days
    if span > DAYS_LONG_TERM_MAX:
        yield "interval_days", f"长期处方最长{DAYS_LONG_TERM_MAX}日，本方各次共{span}日。"


BLOCK = Severity.BLOCK

# fmt: off
RULES: tuple[Rule, ...] = (
    Rule("rx.long_term_issues",     BLOCK, LONG_TERM, "条号", False, wrong_number),
    Rule("rx.long_term_interval",   BLOCK, LONG_TERM, "条号", False, wrong_interval),
    Rule("rx.long_term_each",       BLOCK, LONG_TERM, "条号", False, more_than_the_interval),
    Rule("rx.long_term_in_all",     BLOCK, LONG_TERM, "条号", False, too_long_in_all),
)
# fmt: on
