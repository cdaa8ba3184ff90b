"""
The demo's persons, to log in as from the shop window. Only with RX_DEMO=1, and never in production.

    GET  /demo/people          → {people: [{id, area, name, organisation, about}]}
    POST /demo/enter  {id}     → {enrolment} for staff, {wechat, claim} for patients

A patient gets what WeChat would give the phone, and the (invented) identity to be shown to the
camera; a member of staff gets a new enrolment code. Keys are made in the browser, as by everybody.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from typing import Any

import httpx
from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from config.demo.cast import PHONE, openid_of
from config.sample import load, loader
from hospital.actions import login
from prescriptions import national, uploaded

PATIENTS, KNOWN = 6, 4
"""How many can be played, and how many of them have been to the hospital before."""
AREAS = {
    "doctor": "doctor",
    "reviewer": "reviewer",
    "pharmacist": "pharmacy",
    "courier": "courier",
    "officer": "payer",
    "regulator": "board",
}
"""Whose screens there are: role → area of ``web``."""


@functools.cache
def patients() -> dict[str, uploaded.Patient]:
    """The first patients of the sample's prescriptions, by a number of ours."""
    found: dict[str, uploaded.Patient] = {}
    for _, script in national.read_file(loader.PRESCRIPTIONS, loader.medicines()):
        if isinstance(script, uploaded.Uploaded):
            found.setdefault(script.patient.id_number, script.patient)
        if len(found) == PATIENTS:
            break
    return {f"patient/{number}": one for number, one in enumerate(found.values(), 1)}


def known_patients() -> list[uploaded.Patient]:
    """Those whom the hospital and the payers know when the demo begins."""
    return list(patients().values())[:KNOWN]


@require_safe
def people(request: HttpRequest) -> JsonResponse:
    """Who can be played."""
    return JsonResponse({"people": [*_patients(), *_staff()]})


@require_POST
def enter(request: HttpRequest) -> JsonResponse:
    """What lets one of them in, once."""
    try:
        named = str(json.loads(request.body)["id"])
    except (ValueError, KeyError, TypeError):
        return JsonResponse({"code": "body.invalid"}, status=422)
    if named in patients():
        return _as_patient(patients()[named])
    account = load.member(named, at=timezone.now())
    if account is None:
        return JsonResponse({"code": "demo.unknown"}, status=404)
    return JsonResponse({"enrolment": login.make_enrolment_code(account, at=timezone.now())})


def _as_patient(person: uploaded.Patient) -> JsonResponse:
    asked = {"openid": openid_of(person)}
    answer = httpx.post(f"{settings.WECHAT_PHONE}/simulator/code", json=asked, trust_env=False)
    claim = {"name": person.name, "id_number": person.id_number, "phone": person.phone or PHONE}
    return JsonResponse(
        {"wechat": answer.raise_for_status().json()["code"], "claim": claim, **asked}
    )


def _patients() -> Iterator[dict[str, Any]]:
    for number, (named, one) in enumerate(patients().items()):
        about = f"{one.born.year} 年生" + ("" if number < KNOWN else "，首次使用")
        yield {"id": named, "area": "patient", "name": one.name, "organisation": "", "about": about}


def _staff() -> Iterator[dict[str, Any]]:
    for organisation in loader.network():
        for number, member in enumerate(organisation.staff, 1):
            if member.role in AREAS:
                yield {
                    "id": f"{organisation.slug}/{member.role}/{number}",
                    "area": AREAS[member.role],
                    "name": member.name,
                    "organisation": organisation.name,
                    "about": member.department,
                }
