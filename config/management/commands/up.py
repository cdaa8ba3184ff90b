"""``./rx up``: serve everything until Ctrl-C or SIGTERM."""

import signal
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from config.demo import agents, window
from config.demo.cast import Cast
from config.servers import services

NOTICED_WITHIN_S = 0.5
"""The longest that a signal waits which comes between two instructions."""


class Command(BaseCommand):
    """Start the servers, the web, the workers and the simulators, and serve until told to stop."""

    help = "Serve everything until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The web's port, if it matters."""
        parser.add_argument("--port", type=int, default=0, help="the web's port (default: stable)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve; leave nothing running afterwards."""
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            with services.running(port=options["port"], witnesses=True) as stack:
                if stack.simulator_url:
                    self._people(stack)
                self._tell(stack)
                while True:
                    # signal.pause() would miss, for ever, a signal that comes just before it.
                    time.sleep(NOTICED_WITHIN_S)
        except KeyboardInterrupt:
            self.stdout.write("\nStopped.")

    def _people(self, stack: services.Stack) -> None:
        """The sample network, its staff with keys, and the payers' agents."""
        self.stdout.write("Loading the sample network and enrolling its staff …")
        cast = Cast.gather(stack.web_url, stack.simulator_url, stack.home / "demo")
        cast.everybody()
        for person in window.known_patients():
            cast.introduce(person)
        agents.start(stack, cast, self.stdout.write)

    def _tell(self, stack: services.Stack) -> None:
        self.stdout.write(f"\nScreens    {stack.web_url}/")
        self.stdout.write(f"API        {stack.web_url}/api/docs/")
        if stack.simulator_url:
            self.stdout.write(f"WeChat     {stack.simulator_url} (simulated)")
            self.stdout.write(
                f"Log-ins    {stack.home / 'demo' / 'keys.json'} (sample staff's keys)"
            )
        self.stdout.write(f"Log        {stack.web_url}/log/checkpoint")
        self.stdout.write(
            f"Policy     {stack.home / 'policy'} (the witnesses, and their addresses)"
        )
        self.stdout.write(f"State      {stack.home}")
        self.stdout.write("Ctrl-C stops everything.")
        self.stdout.flush()
