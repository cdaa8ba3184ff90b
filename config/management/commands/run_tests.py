"""``./rx test``: the tests, as pytest runs them."""

import os
import sys

from django.core.management.base import BaseCommand

from config.home import BASE


class Command(BaseCommand):
    """Run the fast tests; ``--all`` runs every test; everything else goes to pytest."""

    help = "Run the fast tests; --all runs every test; other options go to pytest."
    requires_system_checks = ()

    def run_from_argv(self, argv: list[str]) -> None:
        """Become pytest: its options are not Django's, and its exit code is ours."""
        options = argv[2:]
        everything = "--all" in options
        chosen = [] if everything else ["-m", "not slow"]
        options = [option for option in options if option != "--all"]
        os.chdir(BASE)
        os.execv(sys.executable, [sys.executable, "-m", "pytest", *chosen, *options])  # noqa: S606
