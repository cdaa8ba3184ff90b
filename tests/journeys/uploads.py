"""A hospital's own system in tests: lines in the shape of D001, brought, signed and sent."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from hospital import identity
from hospital.client import Client
from hospital.models import Account
from hospital.units import SHANGHAI
from prescriptions import rules
from tests.world import Patient, World

Json = dict[str, Any]


def licence(client: Client) -> str:
    return Account.objects.get(id=client.account).license_number


def written(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def content(world: World, patient: Patient, number: str, **changes: Any) -> Json:
    """
    A lawful prescription of two medicines, prescribed just now. ``changes`` are of the head;
    ``mdtrtinfo`` is merged.
    """
    _ = world.pharmacy
    at = changes.pop("prescribed", timezone.now()).replace(microsecond=0)
    born = identity.born(patient.id_number)
    visit = {
        "fixmedinsCode": world.hospital.slug,
        "drCode": licence(world.doctor),
        "prscDrName": "测试员工",
        "prscDeptName": "内科",
        "patnName": "测试患者",
        "certno": patient.id_number,
        "patnAge": rules.age(born, rules.legal_day(at)),
        "gend": "1" if identity.sex(patient.id_number) == "male" else "2",
        "nwbFlag": "0",
        **changes.pop("mdtrtinfo", {}),
    }
    return {
        "mdtrtCertType": "02",
        "mdtrtCertNo": patient.id_number,
        "bizTypeCode": "01",
        "hospRxno": number,
        "rxTypeCode": "1",
        "prscTime": written(at),
        "rxDrugCnt": 2,
        "valiDays": 3,
        "valiEndTime": written(at + timedelta(days=3)),
        "rxCotnFlag": "0",
        "reptFlag": "0",
        "longRxFlag": "0",
        "rxdrugdetail": [_medicine(one) for one in world.medicines[:2]],
        "mdtrtinfo": visit,
        "diseinfo": [
            {
                "diagType": "1",
                "maindiagFlag": "1",
                "diagSrtNo": 1,
                "diagCode": "J06.900",
                "diagName": "急性上呼吸道感染",
                "diagTime": written(at),
            }
        ],
        **changes,
    }


def reviewed(world: World, patient: Patient, number: str, **changes: Any) -> Json:
    """The same, reviewed at the hospital."""
    made = content(world, patient, number)
    review = {"pharCode": licence(world.reviewer), "pharName": "测试员工"}
    return {**made, **review, "pharChkTime": made["prscTime"], **changes}


def _medicine(medicine: Any) -> Json:
    return {
        "rxItemTypeCode": "11",
        "medListCodg": medicine.code,
        "drugGenname": medicine.generic_name,
        "drugDosform": medicine.form,
        "drugSpec": medicine.specification,
        "medcWayCodg": medicine.route,
        "medcWayDscr": medicine.route_name,
        "usedFrquCodg": "tid",
        "usedFrquName": "每天三次",
        "sinDoscnt": "0.5",
        "sinDosunt": "g",
        "medcDays": 7,
        "drugCnt": 1,
        "drugDosunt": medicine.unit,
        "hospApprFlag": "1",
        "otcFlag": "0",
    }


def text(line: Json) -> str:
    return json.dumps(line, ensure_ascii=False)


def bringing(system: Client, *lines: Json | str) -> Json:
    """The body that brings these lines."""
    texts = [line if isinstance(line, str) else text(line) for line in lines]
    return {"lines": texts, "key": system.key_name}


def bring(system: Client, *lines: Json | str) -> list[Json]:
    """What each of the lines is answered."""
    found: list[Json] = system.write("/api/uploads", bringing(system, *lines))["results"]
    return found


def signing(system: Client, *brought: Json) -> Json:
    """The body that signs what was brought."""
    return {"notes": [system.sign(one["statement"]) for one in brought]}


def send(system: Client, *brought: Json) -> list[Json]:
    found: list[Json] = system.write("/api/uploads/sign", signing(system, *brought))["results"]
    return found


def upload(system: Client, *lines: Json | str) -> list[Json]:
    """Bring and send; all of them are in."""
    return send(system, *bring(system, *lines))
