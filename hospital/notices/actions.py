"""
Tell a patient, in the transaction of the change: rolled back with it, and once however often
it is tried. What becomes of it in WeChat is ``sending``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from hospital import errors
from hospital.models import Account
from hospital.notices.kinds import Kind, Topic
from hospital.notices.models import Notice, Subscription
from hospital.roles import Actor

MOST_LEFT = 100
ACCEPTS = ("accept", "acceptWithAudio")


class ToldOutsideTransaction(Exception):
    """A notice outside of a change could be of one that never happened: a bug of the caller."""


class UnknownNotice(errors.NotFound):
    """There is no such notice of yours."""

    code = "notice.unknown"


class UnknownTemplate(errors.Invalid):
    """We send no message of this template; the inbox says which there are."""

    code = "notice.unknown_template"


def tell(patient: UUID, kind: Kind, about: str, version: int, *, at: datetime) -> None:
    """
    Tell the account ``patient`` that something happened to ``about``, an opaque subject.

    ``version`` tells one happening from the next of the same kind. One INSERT; who was told of it
    before is not told again.

    Raises ``ToldOutsideTransaction``.
    """
    tell_all([Notice(account_id=patient, kind=kind, subject=about, version=version)], at=at)


def tell_all(notices: list[Notice], *, at: datetime) -> None:
    """As ``tell``, several in one INSERT. Raises ``ToldOutsideTransaction``."""
    if not connection.in_atomic_block:
        raise ToldOutsideTransaction
    for notice in notices:
        notice.created_at = notice.due_at = at
    Notice.objects.bulk_create(notices, ignore_conflicts=True)


def tell_each(accounts: Sequence[str], kind: Kind, about: str, *, at: datetime) -> int:
    """
    As ``tell``, these accounts in one INSERT … SELECT; how many are new.

    For news to very many, once about each subject. Raises ``ToldOutsideTransaction``.
    """
    if not connection.in_atomic_block:
        raise ToldOutsideTransaction
    if not accounts:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_TELL_EACH, [kind, about, at, at, list(accounts)])
        return int(cursor.rowcount)


_TELL_EACH = """
    INSERT INTO notices_notice
        (id, account_id, kind, subject, version, created_at, due_at, tries, outcome)
    SELECT gen_random_uuid(), account, %s, %s, 1, %s, %s, 0, '' FROM unnest(%s::uuid[]) AS account
    ON CONFLICT (account_id, kind, subject, version) DO NOTHING
"""


@transaction.atomic(savepoint=False)
def read(up_to: UUID, *, by: Actor, at: datetime) -> None:
    """
    Mark a notice and all older ones of the caller as read.

    Raises ``UnknownNotice``.
    """
    own = Notice.objects.filter(account_id=by.account)
    last = own.filter(id=up_to).first()
    if last is None:
        raise UnknownNotice
    older = Q(created_at__lt=last.created_at) | Q(created_at=last.created_at, id__lte=last.id)
    own.filter(older, read_at__isnull=True).update(read_at=at)


@transaction.atomic(savepoint=False)
def subscribe(answers: Mapping[str, str], *, by: Actor, at: datetime) -> None:
    """
    Note what ``wx.requestSubscribeMessage`` answered, by template: each "accept" is one message.

    What the phone claims is believed: WeChat itself refuses a message that nobody accepted, and
    who claims too much gets no more messages for it.

    Raises ``UnknownTemplate``.
    """
    topics = {template: Topic(name) for name, template in settings.WECHAT_TEMPLATES.items()}
    if unknown := sorted(set(answers) - set(topics)):
        raise UnknownTemplate(field="answers", templates=unknown)
    Account.objects.select_for_update(of=("self",), no_key=True).get(id=by.account)
    left = dict(Subscription.objects.filter(account_id=by.account).values_list("topic", "left"))
    accepted = [topics[one] for one, answer in answers.items() if answer in ACCEPTS]
    Subscription.objects.bulk_create(
        [
            Subscription(
                account_id=by.account, topic=one, left=min(left.get(one, 0) + 1, MOST_LEFT)
            )
            for one in accepted
        ],
        update_conflicts=True,
        unique_fields=["account", "topic"],
        update_fields=["left"],
    )
