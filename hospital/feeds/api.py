"""An organisation's feed and its endpoints over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar, cast
from uuid import UUID

from rest_framework import serializers

from hospital import http, paging
from hospital.feeds import actions, addresses, cursors, queries, sending, webhook
from hospital.feeds.kinds import Kind
from hospital.feeds.models import Delivery, Endpoint
from hospital.roles import Role
from hospital.units import stamp

READERS = (Role.PHARMACIST, Role.COURIER, Role.AGENT, Role.OFFICER)
"""Whose organisations have feeds: they take part in prescriptions of others."""
PAGE = {"cursor": "next of the page before", "size": "1 to 50; 20 if left out"}


class ReplayInput(http.Strict):
    cursor = http.Text(
        max_length=64,
        required=False,
        help_text="behind which all is sent again; all that is kept, if left out",
    )


class EndpointInput(http.Strict):
    url = http.Text(max_length=addresses.LONGEST, help_text="https://name.of.a.host/path")
    kinds = serializers.ListField(
        child=serializers.ChoiceField(Kind.choices),
        required=False,
        max_length=len(Kind),
        help_text="kinds of entries; all if left out",
    )


class OfOrganisation:
    """Of all calls here."""

    roles: ClassVar[tuple[Role, ...]] = READERS


class FeedPage(OfOrganisation, http.Query):
    """
    What has happened to what concerns the caller's organisation, oldest first; no content.

    ``next`` is where to go on, and stays the same while nothing happens. Kept are 90 days.
    """

    query = PAGE

    def show(self, call: http.Call) -> dict[str, Any]:
        asked = self.request.query_params
        of, text = call.by.organisation_id, asked.get("cursor")
        after = None if text is None else cursors.sequence(of, text)
        items, last, more = queries.page(of, after, paging.size_of(asked))
        return {
            "items": [sending.shown(one) for one in items],
            "next": cursors.cursor(of, last),
            "more": more,
        }


class Endpoints(OfOrganisation, http.Command, http.Query):
    """The endpoints of the caller's organisation; POST registers one."""

    Input = EndpointInput
    success = 201

    def show(self, call: http.Call) -> dict[str, Any]:
        found = queries.endpoints(call.by.organisation_id)
        return {"endpoints": [_shown(one, call) for one in found]}

    def act(self, call: http.Call) -> dict[str, Any]:
        kinds = call.values.get("kinds", [])
        return _shown(actions.register(call.values["url"], kinds, **call.doer), call)


class OneEndpoint(OfOrganisation, http.Query):
    """One endpoint: how far it is, how many deliveries wait, what came of the last test."""

    def show(self, call: http.Call) -> dict[str, Any]:
        found = queries.endpoint(call.by.organisation_id, _named(call))
        test = queries.last_test(found)
        return {
            **_shown(found, call),
            "waiting": queries.waiting(found),
            "test": _how_it_went(test) if test else None,
        }


class Failures(OfOrganisation, http.Query):
    """Deliveries that will not be tried again, oldest first; a replay sends them."""

    query = PAGE

    def show(self, call: http.Call) -> dict[str, Any]:
        asked = self.request.query_params
        of, text = call.by.organisation_id, asked.get("cursor")
        after = cursors.START if text is None else cursors.sequence(of, text)
        found = queries.endpoint(of, _named(call))
        rows, last, more = queries.failures(found, after, paging.size_of(asked))
        return {
            "failures": [
                {**sending.shown(one.item), **_how_it_went(one)} for one in rows if one.item
            ],
            "next": cursors.cursor(of, last),
            "more": more,
        }


class RenewedKey(OfOrganisation, http.Command):
    """Have another key sign; the former one signs too for 24 hours."""

    def act(self, call: http.Call) -> dict[str, Any]:
        return _shown(actions.renew_key(_named(call), **call.doer), call)


class Replay(OfOrganisation, http.Command):
    """Have everything behind a cursor sent again; a disabled endpoint is in force again."""

    Input = ReplayInput

    def act(self, call: http.Call) -> dict[str, Any]:
        cursor = call.values.get("cursor")
        return _shown(actions.replay(_named(call), cursor, **call.doer), call)


class Trial(OfOrganisation, http.Command):
    """Have a test sent; what came of it stands in the endpoint."""

    def act(self, call: http.Call) -> dict[str, Any]:
        return _shown(actions.test(_named(call), **call.doer), call)


class Removal(OfOrganisation, http.Command):
    """Remove an endpoint."""

    def act(self, call: http.Call) -> dict[str, Any]:
        actions.remove(_named(call), **call.doer)
        return {"removed": str(_named(call))}


def _named(call: http.Call) -> UUID:
    return cast(UUID, call.where["endpoint_id"])


def _shown(endpoint: Endpoint, call: http.Call) -> dict[str, Any]:
    former = endpoint.former_until
    seeds = sending.signing_seeds(endpoint, call.at)
    return {
        "id": str(endpoint.id),
        "url": endpoint.url,
        "kinds": endpoint.kinds,
        "state": endpoint.state,
        "reason": endpoint.reason,
        "failing_since": stamp(endpoint.failing_since) if endpoint.failing_since else None,
        "keys": [webhook.public_key(seed) for seed in seeds],
        "former_key_until": stamp(former) if former and len(seeds) > 1 else None,
        "position": cursors.cursor(endpoint.organisation_id, endpoint.reached),
        "registered_by": endpoint.registered_by.actor.name,
        "registered_at": stamp(endpoint.registered_at),
    }


def _how_it_went(delivery: Delivery) -> dict[str, Any]:
    return {
        "outcome": delivery.outcome,
        "tries": delivery.tries,
        "answered": delivery.answered,
        "fault": delivery.fault,
        "tried_at": stamp(delivery.tried_at) if delivery.tried_at else None,
    }
