"""A hospital's own system uploads what was prescribed there: each once, and never what is void."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone
from rich.console import Console

from config.demo.cast import Cast
from config.sample import loader
from hospital import identity
from hospital.units import SHANGHAI
from prescriptions import national, rules, uploader
from prescriptions.uploaded import Uploaded

TAKEN = (2, 4, 5)
"""Lines of the sample: prescribed in person at one hospital, and nothing that a rule forbids."""

Line = dict[str, Any]


def made(cast: Cast, console: Console) -> Iterator[bool]:
    """Upload two lines and a broken one, upload them again, void a third while it is uploaded."""
    plain, reviewed, void = (_prescribed_now(line) for line in _sample())
    script = _enter(cast, plain, reviewed, void)
    system = cast.member(script.hospital, "system")
    reviewed |= _review(script.hospital, reviewed["prscTime"])
    file = [uploader.Line(number, _text(one)) for number, one in enumerate((plain, reviewed), 1)]
    file.append(uploader.Line(3, "{"))
    for became in ({"issued": 1, "approved": 1}, {"issued before": 1, "approved before": 1}):
        report = uploader.upload(system, file, lambda done: None)
        refused = {one.number: one.code for one in report.refused}
        told = ", ".join(f"{number} {state}" for state, number in report.became.items())
        console.print(f"A hospital's system uploads 3 lines: {told}; refused: {refused}.")
        yield report.became == became and refused == {3: "upload.bad_line"}
    yield _void_meanwhile(cast, void, console)


def _void_meanwhile(cast: Cast, line: Line, console: Console) -> bool:
    """The defect of the national centre: the doctor voids, the upload runs on. Is it noticed?"""
    script = _read(line)
    system = cast.member(script.hospital, "system")
    body = {"lines": [_text(line)], "key": system.key_name}
    (brought,) = system.write("/api/uploads", body)["results"]
    about = f"/api/prescriptions/{brought['id']}/cancel"
    cast.doctor(script).command(about, {"reason": "prescribing_error"})
    notes = [system.sign(brought["statement"])]
    (late,) = system.write("/api/uploads/sign", {"notes": notes})["results"]
    refused = late.get("refused", {})
    said = f"{refused.get('code')}, it is {refused.get('status')}"
    console.print(f"The doctor voids a line while it is uploaded: the upload is refused ({said}).")
    return (refused.get("code"), refused.get("status")) == ("prescription.wrong_state", "cancelled")


def _sample() -> Iterator[Line]:
    lines = loader.PRESCRIPTIONS.read_text(encoding="utf-8").split("\n")
    return (json.loads(lines[number - 1]) for number in TAKEN)


def _prescribed_now(line: Line) -> Line:
    """The line as if the doctor had written it just now, under a number of its own."""
    at = timezone.now()
    visit = line["mdtrtinfo"]
    age = rules.age(identity.born(visit["certno"]), rules.legal_day(at))
    return {
        **line,
        "hospRxno": f"LZ{uuid4().hex}",
        "prscTime": _written(at),
        "valiEndTime": _written(at + timedelta(days=line["valiDays"])),
        "mdtrtinfo": {**visit, "patnAge": age},
    }


def _review(hospital: str, at: str) -> Line:
    """That a reviewing pharmacist of the hospital has looked at it."""
    staff = next(one.staff for one in loader.network() if one.slug == hospital)
    reviewer = next(one for one in staff if one.role == "reviewer")
    return {"pharCode": reviewer.license_number, "pharName": reviewer.name, "pharChkTime": at}


def _enter(cast: Cast, *lines: Line) -> Uploaded:
    """Patients are known here by their own log-in, before anybody uploads; one of the lines."""
    scripts = [_read(line) for line in lines]
    for script in scripts:
        cast.patient(script.patient)
    return scripts[0]


def _read(line: Line) -> Uploaded:
    read = national.read(_text(line), 1, loader.medicines())
    assert isinstance(read, Uploaded), read
    return read


def _text(line: Line) -> str:
    return json.dumps(line, ensure_ascii=False)


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
