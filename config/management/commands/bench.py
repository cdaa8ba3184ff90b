"""``./rx bench``: the benchmarks, in a home of their own."""

import os
import shutil
import sys

from django.core.management.base import BaseCommand

from config.home import BASE, HOME

ELSEWHERE = ("DATABASE_URL", "REDIS_URL", "RX_KEYS", "RX_LOG", "RX_POLICY", "RX_ENV")
REAL = ("WECHAT_", "TENCENTCLOUD_", "FACEID_", "FACE_PROVIDER", "COURIER_")


class Command(BaseCommand):
    """Become ``python -m tests.benchmarks``; ``--help`` is its own."""

    help = "Measure the server and the ledger, as ratios to bare PostgreSQL in the same run."
    requires_system_checks = ()

    def run_from_argv(self, argv: list[str]) -> None:
        """
        Measure in ``RX_HOME/bench/home``, new each time, so that nobody's data is touched.

        What names real servers or a real merchant is left out of the environment.
        """
        home = HOME / "bench" / "home"
        shutil.rmtree(home, ignore_errors=True)
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in ELSEWHERE and not name.startswith(REAL)
        }
        os.chdir(BASE)
        command = [sys.executable, "-m", "tests.benchmarks", *argv[2:]]
        os.execve(sys.executable, command, {**kept, "RX_HOME": str(home)})  # noqa: S606
