"""``manage.py payer SLUG …``: a payer is data. Make one, and let its agent enrol."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from stdnum.cn import uscc

from hospital import errors
from hospital.actions import login, people
from hospital.models import Organisation
from hospital.roles import PAYERS, OrganisationKind, Role


class Command(BaseCommand):
    help = (
        "Make a payer and the account of its agent, if they are missing; print a code by which the "
        "agent's program enrols its key, once and within a day."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="how statements name it, for ever")
        parser.add_argument(
            "--kind", choices=[one.value for one in PAYERS], default=OrganisationKind.INSURER.value
        )
        parser.add_argument("--name", help="of a new one, in Chinese")
        parser.add_argument("--uscc", help="of a new one, 统一社会信用代码")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            payer = _payer(options)
            agent = people.employ(Role.AGENT, payer, at=now)
            code = login.make_enrolment_code(agent, at=now)
        except errors.Refusal as refusal:
            raise CommandError(refusal.sentence()) from refusal
        self.stdout.write(code)


def _payer(options: dict[str, Any]) -> Organisation:
    found = Organisation.objects.filter(slug=options["slug"]).first()
    if found is None:
        if not options["name"] or not options["uscc"]:
            raise CommandError("A new payer has a --name and a --uscc.")
        if not uscc.is_valid(options["uscc"]):
            raise CommandError("This is no unified social credit code.")
        return Organisation.objects.create(
            **{name: options[name] for name in ("slug", "kind", "name", "uscc")}
        )
    if found.kind != options["kind"]:
        raise CommandError(f"{found.slug} is of another kind: {found.kind}")
    return found
