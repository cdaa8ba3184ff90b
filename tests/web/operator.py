"""
What the operator does in a running stack: ``python -m tests.web.operator code NAME``.

    code NAME     a new enrolment code for one of the sample's staff: liuzhou-hospital/doctor/1

Prints the answer.
"""

import sys

import django

django.setup()

from django.utils import timezone  # noqa: E402

from config.sample import load  # noqa: E402
from hospital.actions import login  # noqa: E402


def code(name: str) -> str:
    """The code with which this person logs in once, to register a key."""
    now = timezone.now()
    return login.make_enrolment_code(load.load(at=now)[name], at=now)


VERBS = {"code": code}

if __name__ == "__main__":
    sys.stdout.write(VERBS[sys.argv[1]](*sys.argv[2:]))
