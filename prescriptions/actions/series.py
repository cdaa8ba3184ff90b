"""
What is done to the issues of a long-term prescription together: signed one by one, all or none.

Each issue is a prescription with a subject, a content and a life of its own; the call brings one
signed statement for each, in order of their numbers. A single issue is authorized, cancelled and
so on like any other prescription.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet, Value
from django.db.models.functions import Greatest

from hospital import errors, signing
from hospital.consultations.models import Consultation
from hospital.roles import Actor
from ledger import chain
from ledger.entry import Statement
from prescriptions import lifecycle, permissions, plan, queries
from prescriptions.actions import cancelling, issuing, reviewing
from prescriptions.lifecycle import Move
from prescriptions.models import OPEN, Prescription, Status

Issues = list[Prescription]
Done = list[tuple[Prescription, chain.Appended]]


class NothingLeft(errors.Conflict):
    """No issue of this long-term prescription is left for this."""

    code = "series.nothing_left"


class NotEveryIssue(errors.Invalid):
    """Sign every statement that was drawn, one for each issue, and bring them in that order."""

    code = "series.not_every_issue"


class FormerIssueOpen(errors.Conflict):
    """The issue before this one is still at a pharmacy; take it back or wait until it lapses."""

    code = "prescription.former_issue_open"


@dataclass(frozen=True, slots=True)
class _Deed:
    """One move to be made on one issue, what its statement says, and what is stored with it."""

    prescription: Prescription
    move: Move
    facts: dict[str, Any]
    columns: dict[str, Any] = field(default_factory=dict)


def draw_issue(series: UUID, *, by: Actor, key: str, at: datetime) -> list[Statement]:
    issues = _own(_find(series), by)
    deeds = _to_issue(issues, Consultation.objects.all(), by, at)
    return _propose(deeds, by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def issue(series: UUID, signed: Sequence[str], *, by: Actor, at: datetime) -> Done:
    """
    Issue all of them under the doctor's signatures.

    Raises ``NotEveryIssue``, ``queries.UnknownSeries`` and what ``issuing.issue`` raises.
    """
    issues = _own(_lock(series), by)
    deeds = _to_issue(issues, Consultation.objects.select_for_update(), by, at)
    return _advance(deeds, signed, issues, by=by, at=at)


def draw_review(
    series: UUID, decision: str, reason: str, *, by: Actor, key: str, at: datetime
) -> list[Statement]:
    issues = _own(_find(series), by)
    return _propose(_to_review(issues, decision, reason, by, at), by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def review(
    series: UUID, decision: str, reason: str, signed: Sequence[str], *, by: Actor, at: datetime
) -> Done:
    """
    Approve or send back all that await review, under one reviewing pharmacist's signatures.

    Raises ``NothingLeft``, ``NotEveryIssue``, ``queries.UnknownSeries``, ``advance``'s.
    """
    issues = _own(_lock(series), by)
    deeds = _to_review(issues, decision, reason, by, at)
    done = _advance(deeds, signed, issues, by=by, at=at)
    reviewing.count([reviewing.reviewed(one.prescription, one.move, reason, at) for one in deeds])
    return done


def draw_stop(series: UUID, reason: str, *, by: Actor, key: str, at: datetime) -> list[Statement]:
    """As ``cancelling.draw``, it waits for whoever is changing an issue at this moment."""
    with transaction.atomic():
        issues = _own(_lock(series), by)
    return _propose(_to_stop(issues, reason, by, at), by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def stop(series: UUID, reason: str, signed: Sequence[str], *, by: Actor, at: datetime) -> Done:
    """
    Cancel all that is not dispensed yet: the doctor, or the patient if nothing of it is paid.

    What was dispensed stays. Raises as ``review``, and what ``cancelling.cancel`` raises.
    """
    issues = _own(_lock(series), by)
    deeds = _to_stop(issues, reason, by, at)
    return _advance(deeds, signed, issues, by=by, at=at)


def check_former(prescription: Prescription) -> None:
    """
    Refuse to fetch an issue while the one before is at a pharmacy. Raises ``FormerIssueOpen``.

    Their windows do not overlap, so this is about an issue that has lapsed and that the clock has
    not expired yet: its stock and its bill are still held.
    """
    if prescription.issue_number in (None, 1):
        return
    former = _neighbour(prescription, -1).filter(status__in=[Status.AUTHORIZED, Status.PAID])
    if former.exists():
        raise FormerIssueOpen(issue=prescription.issue_number - 1)


def put_off_next(prescription: Prescription, *, at: datetime) -> None:
    """
    Let the next issue open later if this one, given out at ``at``, was fetched late.

    The pharmacy's layer tells; the caller holds this issue's row, and the next one is locked after
    it, as ``_lock`` does.
    """
    if prescription.interval_days is None:
        return
    opens_at = plan.next_opens(at, prescription.interval_days)
    _neighbour(prescription, +1).update(opens_at=Greatest("opens_at", Value(opens_at)))


def _neighbour(prescription: Prescription, step: int) -> QuerySet[Prescription]:
    assert prescription.issue_number is not None
    return Prescription.objects.filter(
        series=prescription.series, issue_number=prescription.issue_number + step
    )


def _find(series: UUID) -> Issues:
    """The issues, in order. Raises ``queries.UnknownSeries``."""
    rows = lifecycle.with_parties(Prescription.objects.filter(series=series))
    found = list(rows.order_by("issue_number"))
    if not found:
        raise queries.UnknownSeries
    return found


def _lock(series: UUID) -> Issues:
    """
    The issues, their rows locked.

    Whoever locks more than one prescription locks issues of one series, in order of their numbers,
    so that nobody waits in a circle. Raises ``queries.UnknownSeries``.
    """
    rows = Prescription.objects.select_for_update().filter(series=series)
    list(rows.order_by("issue_number").values_list("id"))
    return _find(series)


def _own(issues: Issues, by: Actor) -> Issues:
    """The same, if ``by`` is a party; whose they are is asked before what is left of them."""
    permissions.check_party(issues[0], by)
    return issues


def _to_issue(
    issues: Issues, consultations: QuerySet[Consultation], by: Actor, at: datetime
) -> list[_Deed]:
    """The rules look at each again, as at one that stands alone."""
    return [_Deed(one, *issuing.for_issue(one, consultations, by=by, at=at)) for one in issues]


def _to_review(issues: Issues, decision: str, reason: str, by: Actor, at: datetime) -> list[_Deed]:
    left = _left(issues, (Status.ISSUED, Status.CHECKED), at)
    return [_Deed(one, *reviewing.decided(one, decision, reason, by)) for one in left]


def _to_stop(issues: Issues, reason: str, by: Actor, at: datetime) -> list[_Deed]:
    """
    All that is open.

    What ``by`` may not cancel, the patient a paid one, refuses the whole call, as
    ``cancelling.cancel`` does.
    """
    left = _left(issues, OPEN, at)
    for one in left:
        refused = cancelling.refusal(Status(one.status), by.role)
        if refused is not None:
            raise refused(eps=cancelling.EPS[refused], issue=one.issue_number)
    return [_Deed(one, cancelling.MOVES[by.role], {"reason": reason}) for one in left]


def _left(issues: Issues, states: Sequence[Status], at: datetime) -> Issues:
    """Those in one of these states whose time is not up. Raises ``NothingLeft``."""
    left = [one for one in issues if one.status in states and at < one.valid_until]
    if not left:
        raise NothingLeft
    return left


def _propose(deeds: list[_Deed], *, by: Actor, key: str, at: datetime) -> list[Statement]:
    return [
        lifecycle.propose(one.prescription, one.move, by=by, key=key, at=at, facts=one.facts)
        for one in deeds
    ]


def _advance(
    deeds: list[_Deed], signed: Sequence[str], issues: Issues, *, by: Actor, at: datetime
) -> Done:
    _check_every(deeds, signed, issues)
    return [
        (one.prescription, _make(one, text, by=by, at=at))
        for one, text in zip(deeds, signed, strict=True)
    ]


def _make(deed: _Deed, signed: str, *, by: Actor, at: datetime) -> chain.Appended:
    return lifecycle.advance(
        deed.prescription,
        deed.move,
        by=by,
        at=at,
        signed=signed,
        facts=deed.facts,
        **deed.columns,
    )


def _check_every(deeds: list[_Deed], signed: Sequence[str], issues: Issues) -> None:
    """
    One statement for each issue, in order.

    Raises:
        signing.AlteredStatement: one is about something else than these ``issues``.
        signing.StaleStatement: one is about an issue for which it is too late.
        NotEveryIssue: one is missing, stands twice or in another place.
    """
    about = [signing.read(text)[1].subject for text in signed]
    needed = [one.prescription.subject for one in deeds]
    if set(about) - {one.subject for one in issues}:
        raise signing.AlteredStatement(members=["subject"])
    if set(about) - set(needed):
        raise signing.StaleStatement(issues=[one.prescription.issue_number for one in deeds])
    if about != needed:
        raise NotEveryIssue(needed=len(needed))
