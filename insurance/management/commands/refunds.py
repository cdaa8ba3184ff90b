"""Refunds that failed, for the operator: which there are, and asking for one again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from hospital import errors
from hospital.units import stamp, yuan
from insurance import queries
from insurance.actions import refunding


class Command(BaseCommand):
    """
    ``refunds`` lists those that failed, and fails itself if there are any, for whoever watches.

    ``refunds again NUMBER`` has one asked for again under its number, when the reason is mended:
    the patient's account at WeChat, or in the merchant's console.
    """

    help = "List the refunds that failed; have one asked for again."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb")
        again = verbs.add_parser("again", help="ask WeChat Pay again, under the same number")
        again.add_argument("number", help="as the list shows it")

    def handle(self, *args: Any, verb: str | None = None, number: str = "", **options: Any) -> None:
        if verb == "again":
            self._again(number)
            return
        failed = list(queries.failed_refunds())
        for one in failed:
            assert one.failed_at is not None, "a constraint of the database"
            since, order = stamp(one.failed_at), one.payment.out_trade_no
            words = f"{one.outcome:9}{one.out_refund_no}  {yuan(one.amount_fen)}"
            self.stdout.write(f"{words}  of order {order}  since {since}")
        if failed:
            raise CommandError(f"{len(failed)} refunds did not arrive")
        self.stdout.write("OK       no refund has failed")

    def _again(self, number: str) -> None:
        try:
            refunding.again(number, at=timezone.now())
        except errors.Refusal as refusal:
            raise CommandError(refusal.sentence()) from refusal
        self.stdout.write(f"OK       {number} is asked for again")
