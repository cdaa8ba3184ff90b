"""Differences from statements, for the operator: which there are, and closing one."""

from datetime import date
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from hospital import errors
from hospital.units import yuan
from insurance.gateways.wechat_pay_bills import Refused, Unavailable
from insurance.reconciliation import actions, queries


class Command(BaseCommand):
    """
    ``reconcile`` lists what differs, and fails itself if anything does, for whoever watches.

    ``reconcile read DAY`` reads WeChat Pay's bills of a day now and asks about what differs.

    ``reconcile close ID REASON`` ends one that was settled with WeChat Pay or a payer.
    """

    help = "List what differs from statements of WeChat Pay and payers; close one."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb")
        read = verbs.add_parser("read", help="read WeChat Pay's bills of a day")
        read.add_argument("day", type=date.fromisoformat, help="2026-11-27")
        close = verbs.add_parser("close", help="end a difference that was settled")
        close.add_argument("id", type=UUID, help="as the list shows it")
        close.add_argument("reason", help="what was found out, at most 200 characters")

    def handle(self, *args: Any, verb: str | None = None, **options: Any) -> None:
        if verb == "close":
            self._close(options["id"], options["reason"])
            return
        if verb == "read":
            self._read(options["day"])
            return
        count = 0
        for one in queries.open_differences().order_by("created_at", "id").iterator(1000):
            count += 1
            of = one.statement.payer.slug if one.statement.payer else "WeChat Pay"
            sides = " / ".join(
                "-" if fen is None else yuan(fen) for fen in (one.ours_fen, one.theirs_fen)
            )
            what = f"{one.statement.day} {of} {one.statement.source}: {one.about} {one.number}"
            self.stdout.write(f"{one.kind:14}{one.id}  {what}  ours / theirs: {sides}")
        if count:
            raise CommandError(f"{count} differences")
        self.stdout.write("OK       nothing differs")

    def _read(self, day: date) -> None:
        for source in actions.BILLS:
            try:
                statement = actions.read(source, day, at=timezone.now())
                actions.work_off(statement, at=timezone.now())
            except (Unavailable, Refused) as fault:
                raise CommandError(f"the bill is not to be had: {fault}") from fault
            self.stdout.write(f"{source:6} {statement.lines} rows, {yuan(statement.total_fen)}")

    def _close(self, id: UUID, reason: str) -> None:
        if not 0 < len(reason.strip()) <= 200:
            raise CommandError("a reason has 1 to 200 characters")
        try:
            actions.close(id, reason=reason.strip(), by=None, at=timezone.now())
        except errors.Refusal as refusal:
            raise CommandError(refusal.sentence()) from refusal
        self.stdout.write(f"OK       {id} is closed")
