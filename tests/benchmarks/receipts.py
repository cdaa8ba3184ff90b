"""What it costs to check a receipt offline."""

from __future__ import annotations

import time

from config.servers import services
from ledger import queries, receiptfile
from ledger.models import Event
from ledger.policy import Policy

CHECKS = 200


def check_ms(stack: services.Stack) -> float:
    """Milliseconds to verify a whole receipt file of a prescription, with its policy file."""
    policy = Policy.parse((stack.home / "policy").read_bytes())
    leaf = Event.objects.filter(subject__startswith="rx/").values_list("leaf", flat=True)[0]
    file = queries.receipt_file_for(bytes(leaf))
    began = time.perf_counter()
    for _ in range(CHECKS):
        receiptfile.verify(file, policy)
    return 1000 * (time.perf_counter() - began) / CHECKS
