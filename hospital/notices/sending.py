"""
Deliver what is due through WeChat. The database says what that is; a task only wakes.

A notice is taken in one transaction, sent without any lock, and its outcome stored in another.
Taking sets when it is due again, so that a sender which dies leaves it to the next one: a message
goes out at least once (docs/decisions/0035-notices.md says why), and not for ever.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from hospital import calendar
from hospital.actions import login
from hospital.gateways import wechat_notice
from hospital.models import Account
from hospital.notices.kinds import URGENT, topic
from hospital.notices.models import Notice, Outcome, Subscription
from hospital.units import SHANGHAI

PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360))
"""How long after each try the next one is due; after the last there is none."""
MOST_A_DAY: Final = 10
PAGE: Final = "pages/notices/index"
TEXT: Final = "您有新的健康服务通知，请进入小程序查看"
"""At most 20 characters, as WeChat's ``thing`` fields hold; the same for whatever happened."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """A notice in hand; without a letter there is nothing to send, and it is settled."""

    notice: UUID
    tries: int
    letter: wechat_notice.Letter | None


def send_due(*, at: datetime) -> int:
    """
    Send what is due at this moment; how many were looked at.

    Ends early when WeChat does not answer: the rest would use up its tries for nothing, and the
    next wake-up begins with another one.
    """
    done = 0
    while (taken := take(at=at)) is not None:
        done += 1
        if taken.letter is not None:
            outcome = _sent(taken.letter)
            settle(taken, outcome)
            if not outcome:
                break
    return done


@transaction.atomic(savepoint=False)
def take(*, at: datetime) -> Taken | None:
    """
    The notice that has been due longest and that nobody else has in hand, or None.

    Its patient is locked with it, so that two senders together stay below the daily limit and use
    no granted message twice.
    """
    due = Notice.objects.select_for_update(of=("self", "account"), skip_locked=True, no_key=True)
    rows = due.select_related("account").filter(due_at__lte=at).order_by("due_at", "id")
    notice = rows.first()
    if notice is None:
        return None
    hindrance = _hindrance(notice, at)
    if hindrance:
        notice.due_at, notice.outcome = None, hindrance
        notice.save(update_fields=["due_at", "outcome"])
        return Taken(notice.id, notice.tries, None)
    notice.granted_at = notice.granted_at or at
    notice.due_at = at + PAUSES[notice.tries]
    notice.tries += 1
    notice.save(update_fields=["granted_at", "due_at", "tries"])
    return Taken(notice.id, notice.tries, _letter(notice))


@transaction.atomic(savepoint=False)
def settle(taken: Taken, outcome: str) -> None:
    """
    Store what came of it; nothing if WeChat gave no answer, for then it is tried again.

    Who comes so late that another sender has taken it meanwhile changes nothing.
    """
    if not outcome:
        return
    mine = Notice.objects.filter(id=taken.notice, tries=taken.tries, outcome="")
    if mine.update(outcome=outcome, due_at=None) and outcome == Outcome.UNSUBSCRIBED:
        notice = Notice.objects.only("account_id", "kind").get(id=taken.notice)
        _grants(notice).update(left=0)


def _hindrance(notice: Notice, at: datetime) -> str:
    """Why it is not sent (any more), or nothing; sets a granted message aside if there is one."""
    if notice.tries >= len(PAUSES):
        return Outcome.FAILED
    if not notice.account.wechat_openid or topic(notice.kind) not in settings.WECHAT_TEMPLATES:
        return Outcome.NO_WECHAT
    if notice.granted_at is not None:
        return ""
    if notice.kind not in URGENT and _sent_today(notice.account, at) >= MOST_A_DAY:
        return Outcome.LIMIT
    taken = _grants(notice).filter(left__gt=0).update(left=F("left") - 1)
    return "" if taken else Outcome.UNSUBSCRIBED


def _grants(notice: Notice) -> QuerySet[Subscription]:
    return Subscription.objects.filter(account_id=notice.account_id, topic=topic(notice.kind))


def _sent_today(account: Account, at: datetime) -> int:
    midnight = calendar.begins(calendar.legal_day(at))
    return Notice.objects.filter(account=account, granted_at__gte=midnight).count()


def _letter(notice: Notice) -> wechat_notice.Letter:
    when = notice.created_at.astimezone(SHANGHAI)
    values = {"thing1": TEXT, "time2": f"{when.year}年{when.month}月{when.day}日 {when:%H:%M}"}
    template = settings.WECHAT_TEMPLATES[topic(notice.kind)]
    return wechat_notice.Letter(login.openid(notice.account), template, PAGE, values)


def _sent(letter: wechat_notice.Letter) -> str:
    """The outcome, or nothing if it is to be tried again."""
    try:
        wechat_notice.client().send(letter)
    except wechat_notice.Unavailable as fault:
        log.warning("a message was not taken: %s", fault)
        return ""
    except wechat_notice.Refused as fault:
        if fault.errcode == wechat_notice.UNSUBSCRIBED:
            return Outcome.UNSUBSCRIBED
        if fault.errcode == wechat_notice.WRONG_OPENID:
            return Outcome.NO_WECHAT
        log.error("a message was refused, errcode %s: are the templates right?", fault.errcode)
        return Outcome.FAILED
    return Outcome.SENT
