"""Who signs may date a statement; what validators would call back-dated is refused at once."""

import dataclasses
from datetime import timedelta

import pytest

from hospital.client import Client, Problem
from hospital.roles import Role
from ledger.entry import Statement
from tests.world import Patient, World, a_member


def dated(client: Client, path: str, by: timedelta, **says: str) -> None:
    """Draw the statement, date it earlier, sign and send it."""
    drawn = client.post(f"{path}/statement", {**says, "key": client.key_name})
    statement = Statement.parse(drawn["statement"].encode())
    earlier = dataclasses.replace(statement, at=statement.at - by)
    client.write(path, {**says, "note": client.sign(earlier.text().decode())})


def test_nobody_dates_a_statement_before_what_it_follows(world: World, patient: Patient):
    """K3: nine minutes are fresh enough, but then the prescription was not issued yet."""
    path = f"/api/prescriptions/{world.issued(patient)}/cancel"
    with pytest.raises(Problem, match=r"statement\.expired"):
        dated(world.doctor, path, timedelta(minutes=9), reason="clinical")
    dated(world.doctor, path, timedelta(seconds=30), reason="clinical")


def test_nobody_dates_a_statement_before_the_key(world: World, patient: Patient):
    """K1: a key signs nothing from before it was registered."""
    doctor = a_member(Role.DOCTOR, world.hospital)
    rx = doctor.write("/api/prescriptions", world.draft(patient))["id"]
    with pytest.raises(Problem, match=r"statement\.expired"):
        dated(doctor, f"/api/prescriptions/{rx}/issue", timedelta(minutes=9))
    dated(doctor, f"/api/prescriptions/{rx}/issue", timedelta(seconds=30))
