"""What the pharmacies' shelves learn from what happened above and below them."""

from celery import shared_task

from pharmacy.actions import stock


@shared_task(name="pharmacy.release_closed")
def release_closed() -> int:
    return stock.release_closed()
