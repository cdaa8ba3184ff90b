"""The Celery application and its beat table. Tasks wake; they never remember."""

import os
from datetime import timedelta

from celery import Celery

from config.settings import LEDGER_LINES, LEDGER_ORIGIN

WEBHOOKS = "webhooks"
"""The queue of what waits for others' systems: its worker may wait, and keeps no ledger waiting."""
LINES = [
    LEDGER_ORIGIN,
    *(f"{LEDGER_ORIGIN}/{number}" for number in range(1, LEDGER_LINES)),
]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("rx")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.task_routes = {"feeds.send_due": {"queue": WEBHOOKS}}


def every(seconds: float, task: str, *arguments: str) -> dict[str, object]:
    """A tick that is not made up for: what waited longer than its interval is dropped."""
    return {
        "task": task,
        "args": arguments,
        "schedule": timedelta(seconds=seconds),
        "options": {"expires": max(seconds, 1.0)},
    }


def of_line(line: str, *, busy: bool) -> dict[str, dict[str, object]]:
    """
    The ticks of one line of logs; a line that is not busy grows once in a while.

    Each tick costs some ten milliseconds of CPU whatever it finds, so there are few of them. The
    witnesses are fed by ``advance``; ``feed`` serves a log whose sequencer or signer refuses.
    """
    slower = 1 if busy else 8
    lists = {f"patients {line}": every(2, "ledger.tasks.patients", line)} if busy else {}
    return {
        **lists,
        f"advance {line}": every(slower, "ledger.tasks.advance", line),
        f"feed {line}": every(8, "ledger.tasks.feed", line),
    }


app.conf.beat_schedule = {
    **{name: tick for one in LINES for name, tick in of_line(one, busy=True).items()},
    **of_line(f"{LEDGER_ORIGIN}/national", busy=False),
    "anchor": every(60, "ledger.tasks.anchor"),
    "expire lapsed prescriptions": every(2, "prescriptions.expire_lapsed"),
    "release stock of closed prescriptions": every(4, "pharmacy.release_closed"),
    "warn of recalls": every(4, "pharmacy.warn_of_recalls"),
    "order couriers": every(4, "pharmacy.order_couriers"),
    "ask couriers": every(60, "pharmacy.ask_couriers"),
    "ask about unanswered payments": every(4, "insurance.ask_about_payments"),
    "refund what is owed back": every(4, "insurance.refund_owed"),
    "make due what payers pay": every(60, "insurance.prepare_due"),
    "reconcile with statements": every(600, "reconciliation.reconcile"),
    "pay rewards for shared data": every(4, "insurance.pay_rewards"),
    "fold the journal": every(30, "journal.fold"),
    "count for the board": every(2, "board.roll"),
    "watch the ledger for the board": every(10, "board.watch"),
    "forget what the board counted": every(3600, "board.forget"),
    "end consultations in time": every(60, "consultations.lapse_due"),
    "send notices": every(4, "notices.send_due"),
    "number the feeds": every(2, "feeds.number"),
    "deliver webhooks": every(2, "feeds.send_due"),
    "forget what was fed": every(3600, "feeds.forget_old"),
    "tell of prescriptions that end soon": every(600, "prescriptions.warn_expiring"),
    "forget old questions": every(3600, "consultations.forget_drafts"),
    "draw samples for appraisal": every(3600, "appraisal.draw_due"),
    "give records other keys after a withdrawal": every(60, "prescriptions.rekey_withdrawn"),
    "forget old drafts": every(3600, "prescriptions.forget_drafts"),
    "erase what came in as its patient left": every(3600, "insurance.sweep_erased"),
    "forget old answers and log-ins": every(3600, "hospital.forget_old"),
}
