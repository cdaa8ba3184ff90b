"""
What the operator does in a running stack: ``python -m tests.web.operator code NAME``.

    code NAME     a new enrolment code for one of the sample's staff: liuzhou-hospital/doctor/1
    payer KIND NAME    a payer that no program decides for: its slug, and the enrolment codes of an
                       agent and of two officers

Prints the answer.
"""

import sys
from collections.abc import Callable

import django

django.setup()

from django.utils import timezone  # noqa: E402

from config.sample import load  # noqa: E402
from hospital.actions import login, people  # noqa: E402
from hospital.roles import OrganisationKind, Role  # noqa: E402
from tests.world import an_id_number, an_organisation  # noqa: E402


def code(name: str) -> str:
    """The code with which this person logs in once, to register a key."""
    now = timezone.now()
    return login.make_enrolment_code(load.load(at=now)[name], at=now)


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


VERBS: dict[str, Callable[..., str]] = {"code": code, "payer": payer}

if __name__ == "__main__":
    sys.stdout.write(VERBS[sys.argv[1]](*sys.argv[2:]))
