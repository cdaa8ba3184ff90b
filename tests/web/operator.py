"""
What the operator does in a running stack: ``python -m tests.web.operator code NAME``.

    code NAME              a new enrolment code for one of the sample's staff:
                           liuzhou-hospital/doctor/1
    maker PHARMACY CODE    the code of another maker's medicine, the same in all else, that lies on
                           this pharmacy's shelf
    researcher NAME        an enrolment code for a researcher of a new institute that has this name
    payer KIND NAME        a payer that no program decides for: its slug, and the enrolment codes of an
                           agent and of two officers
    sampled HOSPITAL RX    the month, long ago, of whose appraisal this prescription is the sample

Prints the answer.
"""

import sys
from collections.abc import Callable
from datetime import date
from uuid import UUID, uuid4

import django

django.setup()

from django.utils import timezone  # noqa: E402

from config.sample import load  # noqa: E402
from hospital.actions import login, people  # noqa: E402
from hospital.models import Organisation  # noqa: E402
from hospital.roles import OrganisationKind, Role  # noqa: E402
from ledger.treehead import TreeHead  # noqa: E402
from prescriptions.appraisal.actions import sampling  # noqa: E402
from prescriptions.appraisal.models import Draw  # noqa: E402
from prescriptions.appraisal.months import Month  # noqa: E402
from prescriptions.appraisal.population import Issued, Part  # noqa: E402
from prescriptions.models import Medicine, Prescription  # noqa: E402
from tests.shelves import a_shelf  # noqa: E402
from tests.world import an_id_number, an_organisation  # noqa: E402


def code(name: str) -> str:
    """The code with which this person logs in once, to register a key."""
    now = timezone.now()
    return login.make_enrolment_code(load.load(at=now)[name], at=now)


def maker(pharmacy: str, code: str) -> str:
    """A medicine that a pharmacist may propose in the place of the one with this code."""
    other = Medicine.objects.get(code=code)
    other.pk = other.code = f"{code[:10]}{uuid4().hex[:13].upper()}"
    other._state.adding = True
    other.save()
    shelf = Organisation.objects.get(slug=pharmacy)
    a_shelf(shelf, other, on_hand=100, price_fen=other.price_fen + 10)
    return other.code


def researcher(name: str) -> str:
    """With which one of a new institute logs in."""
    now = timezone.now()
    institute = an_organisation(OrganisationKind.RESEARCH)
    Organisation.objects.filter(id=institute.id).update(name=name)
    person = people.record(name="覃研究", id_number=an_id_number(), phone="13800138000")
    account = people.employ(
        Role.RESEARCHER, institute, at=now, person=person, license_number=uuid4().hex[:20]
    )
    return login.make_enrolment_code(account, at=now)


def payer(kind: str, name: str) -> str:
    """A payer of its own, with two officers, for one may not decide what he has reopened."""
    now = timezone.now()
    made = an_organisation(OrganisationKind(kind))
    made.name = name
    made.save(update_fields=["name"])
    codes = []
    for role in (Role.AGENT, Role.OFFICER, Role.OFFICER):
        person = people.record(name="试经办", id_number=an_id_number(), phone="13800138000")
        account = people.employ(role, made, at=now, person=None if role is Role.AGENT else person)
        codes.append(login.make_enrolment_code(account, at=now))
    return " ".join([made.slug, *codes])


def sampled(hospital: str, rx: str) -> str:
    """As if the month had ended, and the logs had drawn this one (处方点评)."""
    drawn = set(Draw.objects.values_list("month", flat=True))
    every = (Month(date(1900 + at // 12, 1 + at % 12, 1)) for at in range(99 * 12))
    month = next(one for one in every if one.first not in drawn)
    issued = Issued(Prescription(id=UUID(rx)).subject, month.begins_at)
    part = Part(TreeHead("log", 1, bytes(32)), {hospital: (issued,)})
    assert sampling.keep(month, [part], at=timezone.now())
    return str(month)


VERBS: dict[str, Callable[..., str]] = {
    "code": code,
    "maker": maker,
    "researcher": researcher,
    "payer": payer,
    "sampled": sampled,
}

if __name__ == "__main__":
    sys.stdout.write(VERBS[sys.argv[1]](*sys.argv[2:]))
