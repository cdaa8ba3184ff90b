"""What the pharmacies' shelves learn from what happened above and below them."""

from celery import shared_task
from django.utils import timezone

from pharmacy.actions import ordering, stock, warning


@shared_task(name="pharmacy.release_closed")
def release_closed() -> int:
    return stock.release_closed()


@shared_task(name="pharmacy.warn_of_recalls")
def warn_of_recalls() -> int:
    return warning.warn_due(at=timezone.now())


@shared_task(name="pharmacy.order_couriers")
def order_couriers() -> int:
    return ordering.order_due(at=timezone.now())


@shared_task(name="pharmacy.ask_couriers")
def ask_couriers() -> int:
    return ordering.ask_about(at=timezone.now())
