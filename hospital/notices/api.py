"""The patient's inbox, and what WeChat may deliver of it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework import serializers

from hospital import http, paging
from hospital.notices import actions, queries
from hospital.notices.kinds import SENTENCES, Kind
from hospital.notices.models import Notice
from hospital.roles import Role
from hospital.units import stamp


class Inbox(http.Query):
    """
    What happened, newest first, in a sentence; ``subject`` is what the caller opens to see more.

    ``unread`` is counted up to 100. ``templates`` are what ``wx.requestSubscribeMessage`` asks
    for, with the number of messages that may still be sent.
    """

    roles = (Role.PATIENT,)
    query = {"cursor": "next of the page before", "size": "1 to 50; 20 if left out"}

    def show(self, call: http.Call) -> dict[str, Any]:
        wanted = paging.Wanted.asked(self.request.query_params)
        page, following = queries.inbox(call.by.account, wanted)
        left = queries.left(call.by.account)
        return {
            "notices": [_shown(one) for one in page],
            "next": str(following) if following else None,
            "unread": queries.unread(call.by.account),
            "templates": [
                {"topic": topic, "template": template, "left": left.get(topic, 0)}
                for topic, template in settings.WECHAT_TEMPLATES.items()
            ],
        }


class Read(http.Command):
    """Mark a notice and all older ones as read."""

    roles = (Role.PATIENT,)

    class Input(http.Strict):
        up_to = serializers.UUIDField(help_text="the id of the newest notice that was seen")

    def act(self, call: http.Call) -> dict[str, Any]:
        actions.read(call.values["up_to"], **call.doer)
        return {"unread": queries.unread(call.by.account)}


class Answered(http.Strict):
    template = http.Text(max_length=64)
    answer = serializers.ChoiceField(["accept", "reject", "ban", "filter", "acceptWithAudio"])


class Subscriptions(http.Command):
    """Note what ``wx.requestSubscribeMessage`` answered; each accept is one message more."""

    roles = (Role.PATIENT,)

    class Input(http.Strict):
        answers = serializers.ListField(child=Answered(), max_length=3)

    def act(self, call: http.Call) -> dict[str, Any]:
        answers = {one["template"]: one["answer"] for one in call.values["answers"]}
        actions.subscribe(answers, **call.doer)
        return {"left": queries.left(call.by.account)}


def _shown(notice: Notice) -> dict[str, Any]:
    return {
        "id": str(notice.id),
        "kind": notice.kind,
        "subject": notice.subject,
        "at": stamp(notice.created_at),
        "read": notice.read_at is not None,
        "text": SENTENCES[Kind(notice.kind)],
    }
