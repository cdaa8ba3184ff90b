"""
A patient leaves: what says who that was goes, and nobody comes in as that patient again.

The row of the person stays with the key of the tags, by which the entries can be told to be of one
patient; name, number and phone go, unless the same person works somewhere here.
"""

from __future__ import annotations

import os
from datetime import datetime

from hospital.faces.models import FaceCheck
from hospital.models import Account, Answer, Key, Person
from hospital.notices.models import Notice, Subscription

_DIGEST_BYTES = 32


def leave(account: Account, *, at: datetime) -> None:
    """
    Forget who the patient of ``account`` was. The caller holds the account's row.

    Whoever comes with the same WeChat account later is a newcomer with another tag. Sessions open
    nothing any more, but who lost the answer gets it again with them (``http.Endpoint``).
    """
    Answer.objects.filter(account_id=account.id).delete()
    FaceCheck.objects.filter(account_id=account.id).delete()
    Notice.objects.filter(account_id=account.id).delete()
    Subscription.objects.filter(account_id=account.id).delete()
    Key.objects.filter(account_id=account.id).update(device=b"")
    Account.objects.filter(id=account.id).update(
        is_active=False, left_at=at, wechat_index=None, wechat_openid=None
    )
    assert account.person is not None, "a key that signs is a known person's"
    works_here = Account.objects.filter(person=account.person).exclude(id=account.id)
    if not works_here.exists():
        Person.objects.filter(id=account.person.id).update(
            name=b"",
            id_number=b"",
            phone=b"",
            id_number_index=os.urandom(_DIGEST_BYTES),
            phone_index=os.urandom(_DIGEST_BYTES),
        )
