"""What it costs to check a receipt offline."""

from __future__ import annotations

import statistics
import time

from config.servers import services
from ledger import queries, receiptfile
from ledger.models import Event
from ledger.policy import Policy

CHECKS = 200


def check_ms(stack: services.Stack) -> float:
    """Median milliseconds to verify a prescription's whole receipt file, with its policy file."""
    policy = Policy.parse((stack.home / "policy").read_bytes())
    leaf = Event.objects.filter(subject__startswith="rx/").values_list("leaf", flat=True)[0]
    file = queries.receipt_file_for(bytes(leaf))
    took = []
    for _ in range(CHECKS):
        began = time.perf_counter()
        receiptfile.verify(file, policy)
        took.append(time.perf_counter() - began)
    return 1000 * statistics.median(took)
