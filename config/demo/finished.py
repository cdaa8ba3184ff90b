"""The demo's end waits for the ledger: what was written has to be final before it is exported."""

from __future__ import annotations

import time

from rich.console import Console

from ledger import lag

WAIT_S = 120.0
"""Twice what an entry is promised: witnesses that have just started are slow once."""


def final(origin: str, console: Console) -> bool:
    """Whether a final checkpoint covers all that was written before this call, waiting for it."""
    began = time.monotonic()
    while lag.measured(origin).oldest_s > (waited := time.monotonic() - began):
        if waited > WAIT_S:
            console.print(f"[red]{origin}: what was written is not final after {waited:.0f} s")
            return False
        time.sleep(0.2)
    return True
