"""The money of what was cancelled after it was paid goes back: the demo waits for WeChat Pay."""

from __future__ import annotations

import time

from django.db.models import Count, Sum
from rich.console import Console

from hospital.units import yuan
from insurance import queries
from insurance.models import Refund

WAIT_S = 60.0


def went_back(console: Console) -> bool:
    """Whether nothing is owed to a patient, waiting for what is under way."""
    until = time.monotonic() + WAIT_S
    while queries.owed_back().exists() or any(queries.billed_in_vain()):
        if time.monotonic() > until:
            console.print(f"[red]{queries.owed_back().count()} refunds are still owed")
            return False
        time.sleep(0.3)
    done = Refund.objects.filter(state=Refund.State.DONE)
    made = done.aggregate(number=Count("id"), fen=Sum("amount_fen", default=0))
    console.print(f"Nothing is owed: {made['number']} refunds of {yuan(made['fen'])} went back.")
    return True
