"""The Celery application and its beat table. Tasks wake; they never remember."""

import os
from datetime import timedelta

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("rx")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def every(seconds: float, task: str) -> dict[str, object]:
    """A tick that is not made up for: what waited longer than its interval is dropped."""
    return {
        "task": task,
        "schedule": timedelta(seconds=seconds),
        "options": {"expires": max(seconds, 1.0)},
    }


app.conf.beat_schedule = {
    "sequence": every(0.25, "ledger.tasks.sequence"),
    "checkpoint": every(0.5, "ledger.tasks.checkpoint"),
    "feed": every(2, "ledger.tasks.feed"),
    "patients' lists": every(1, "ledger.tasks.patients"),
    "expire lapsed prescriptions": every(1, "prescriptions.expire_lapsed"),
    "release stock of closed prescriptions": every(2, "pharmacy.release_closed"),
    "ask about unanswered payments": every(2, "insurance.ask_about_payments"),
    "refund what is owed back": every(2, "insurance.refund_owed"),
    "forget old drafts": every(3600, "prescriptions.forget_drafts"),
    "forget old answers and log-ins": every(3600, "hospital.forget_old"),
}
