"""Two kinds of time: WeChat's own, which a test may turn forward, and its patience, scaled."""

import threading
import time
from datetime import UTC, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))


class Clock:
    """
    ``now`` decides about lifetimes (codes, prepay ids, orders) and can be turned forward.

    ``scale`` divides the pauses between two attempts to deliver a notice. Signatures carry the
    real time, for the other side compares it with its own clock.
    """

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale
        self._forward_s = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """WeChat's time."""
        return datetime.now(UTC) + timedelta(seconds=self._forward_s)

    def forward(self, seconds: float) -> None:
        """Let ``seconds`` pass at once."""
        with self._lock:
            self._forward_s += seconds


def stamp() -> str:
    """The real time, as signatures carry it."""
    return str(int(time.time()))


def rfc3339(moment: datetime) -> str:
    """As WeChat Pay writes moments: Beijing's time, to the second."""
    return moment.astimezone(BEIJING).isoformat(timespec="seconds")
