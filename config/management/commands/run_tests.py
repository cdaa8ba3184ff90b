"""``./rx test``: the tests, as pytest runs them."""

import os
import subprocess
import sys

from django.core.management.base import BaseCommand

from config.home import BASE

NOTHING_CHOSEN = 5
"""What pytest ends with if its options leave no test."""
TOGETHER = ("-n", "auto", "--maxprocesses", "6", "-m", "not alone")
ALONE = ("-m", "alone")


class Command(BaseCommand):
    """
    Run the fast tests; ``--all`` runs every test; everything else goes to pytest.

    ``--all`` is two runs: most tests share the processors, each worker with a database of its own;
    then those marked ``alone``, which start whole systems, kill them, or fill disks.
    """

    help = "Run the fast tests; --all runs every test; other options go to pytest."
    requires_system_checks = ()

    def run_from_argv(self, argv: list[str]) -> None:
        """Its options are pytest's, not Django's, and so is its exit code."""
        options = [option for option in argv[2:] if option != "--all"]
        os.chdir(BASE)
        if len(options) == len(argv) - 2:
            os.execv(sys.executable, _pytest("-m", "not slow", *options))  # noqa: S606
        codes = [subprocess.call(_pytest(*run, *options)) for run in (TOGETHER, ALONE)]  # noqa: S603
        failed = [code for code in codes if code not in (0, NOTHING_CHOSEN)]
        sys.exit(failed[0] if failed else min(codes))


def _pytest(*options: str) -> list[str]:
    return [sys.executable, "-m", "pytest", *options]
