"""The trial balance, for whoever runs this server; adding up anew; who carries refused shares."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from hospital.models import Organisation
from hospital.roles import PAYERS, OrganisationKind
from hospital.units import yuan
from insurance.journal import folding, queries
from insurance.journal.models import Carrying

AT_ONCE = 500


class Command(BaseCommand):
    """
    ``journal`` prints all accounts but patients', these in one line, and fails if they do not add
    up to zero. ``journal fold`` adds up anew, as after a database was loaded into another cluster.
    ``journal carries CARRIER PAYER [PHARMACY]`` says who bears what the payer refuses from now on.
    """

    help = "Print the trial balance; add up anew; say who carries refused shares."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb")
        verbs.add_parser("fold", help="forget the balances and add up all postings")
        carries = verbs.add_parser("carries", help="who carries the shares that a payer refuses")
        carries.add_argument("carrier", choices=Carrying.Carrier.values)
        carries.add_argument("payer", help="its slug")
        carries.add_argument("pharmacy", nargs="?", help="its slug; with all if it is left out")

    def handle(self, *args: Any, verb: str | None = None, **options: Any) -> None:
        if verb == "fold":
            self.stdout.write(f"OK       {folding.anew()} accounts added up")
        elif verb == "carries":
            self._carries(options["carrier"], options["payer"], options["pharmacy"])
        else:
            self._trial_balance()

    def _trial_balance(self) -> None:
        total, after = queries.of_patients(), ""
        self._print(total)
        fen = total.fen
        while page := queries.trial_balance(after, AT_ONCE):
            for one in page:
                self._print(one)
                fen += one.fen
            after = page[-1].account
        if fen:
            raise CommandError(f"the journal is {yuan(fen)} out of balance")
        self.stdout.write("OK       the journal balances")

    def _print(self, line: queries.Line) -> None:
        if line.fen:
            self.stdout.write(f"{yuan(line.fen):>16}  {line.account}")

    def _carries(self, carrier: str, payer: str, pharmacy: str | None) -> None:
        Carrying.objects.create(
            payer=self._organisation(payer, *PAYERS),
            pharmacy=self._organisation(pharmacy, OrganisationKind.PHARMACY) if pharmacy else None,
            carrier=carrier,
            since=timezone.now(),
        )
        self.stdout.write(f"OK       the {carrier} carries what {payer} refuses")

    def _organisation(self, slug: str, *kinds: OrganisationKind) -> Organisation:
        found = Organisation.objects.filter(slug=slug, kind__in=kinds).first()
        if found is None:
            raise CommandError(f"there is no such organisation: {slug}")
        return found
