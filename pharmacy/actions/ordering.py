"""
A courier company is asked to fetch what was dispensed to be sent, and tells how it goes.

An order is a row first and a call second; its number never changes, so asking twice is no harm. The
company is asked while no row is locked. What it tells is news: it moves no prescription.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from django.conf import settings
from django.db import transaction

from hospital import errors
from pharmacy import queries_parcels
from pharmacy.gateways import courier
from pharmacy.models import CourierNews, CourierOrder
from pharmacy.parcels import OVER, State

BATCH = 50
log = logging.getLogger(__name__)


class UnknownParcel(errors.NotFound):
    """There is no such parcel."""

    code = "parcel.unknown"


class WrongNews(errors.Conflict):
    """Under this number something else was told before."""

    code = "parcel.wrong_news"


def order_due(*, at: datetime) -> int:
    """Have fetched what waits, and call off what nobody needs to fetch; how many were asked."""
    company = settings.COURIER["organisation"]
    if not company:
        return 0
    CourierOrder.objects.bulk_create(
        [
            CourierOrder(
                prescription=one,
                number=f"C{secrets.token_hex(15)}",
                cold=one.cold,  # type: ignore[attr-defined]
                made_at=at,
            )
            for one in queries_parcels.not_ordered(company)[:BATCH]
        ],
        ignore_conflicts=True,
    )
    asked = _each(list(queries_parcels.due(company, at=at)[:BATCH]), _place, at)
    return asked + _each(list(queries_parcels.in_vain(company, at=at)[:BATCH]), _call_off, at)


def ask_about(*, at: datetime) -> int:
    """Ask about orders of which nothing was heard for a while; about how many."""
    company = settings.COURIER["organisation"]
    return _each(list(queries_parcels.unheard(company, at=at)[:BATCH]), _ask, at)


@transaction.atomic
def accept(news: courier.News, *, at: datetime) -> None:
    """
    Note what the company tells of an order, each news once, and the newest as its state.

    What comes late, or after the end, is noted and changes nothing else.

    Raises:
        UnknownParcel: there is no such order.
        WrongNews: it told something else under this number.
    """
    order = CourierOrder.objects.select_for_update().filter(number=news.order).first()
    if order is None:
        raise UnknownParcel
    noted, is_new = CourierNews.objects.get_or_create(
        order=order,
        number=news.number,
        defaults={"state": news.state, "happened_at": news.at, "heard_at": at},
    )
    if (noted.state, noted.happened_at) != (news.state, news.at):
        log.error("a courier company tells two things under one number")
        raise WrongNews
    if not is_new or news.number <= order.news:
        return
    if order.state in OVER:
        log.warning("a courier company tells more of an order that is over")
        return
    order.state, order.news = news.state, news.number
    order.save(update_fields=["state", "news"])


def _each(
    orders: list[CourierOrder], ask: Callable[[CourierOrder, datetime], None], at: datetime
) -> int:
    """Ask about each; one that is refused holds up nobody, a company that is silent all."""
    for order in orders:
        CourierOrder.objects.filter(id=order.id).update(asked_at=at)
        try:
            ask(order, at)
        except courier.Unavailable:
            log.warning("the courier company does not answer; it is asked again later")
            break
        except (courier.Refused, errors.Refusal) as refusal:
            log.error("a courier order cannot be resolved: %s", type(refusal).__name__)
    return len(orders)


def _place(order: CourierOrder, _: datetime) -> None:
    pharmacy = order.prescription.pharmacy
    assert pharmacy is not None, "what was dispensed has a pharmacy"
    courier.client().order(courier.Order(order.number, pharmacy.slug, order.cold))
    _from(order, State.DUE, State.PLACED)


def _call_off(order: CourierOrder, _: datetime) -> None:
    with suppress(courier.UnknownOrder):  # it was never placed, or the company has forgotten it
        courier.client().cancel(order.number)
    _from(order, order.state, State.CANCELLED)


def _ask(order: CourierOrder, at: datetime) -> None:
    try:
        told = courier.client().query(order.number)
    except courier.UnknownOrder:
        _from(order, State.PLACED, State.DUE)
        raise
    for news in told:
        accept(news, at=at)


def _from(order: CourierOrder, before: str, after: str) -> None:
    """Only where nothing was told in the meantime."""
    CourierOrder.objects.filter(id=order.id, state=before).update(state=after)
