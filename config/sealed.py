"""All sealed columns of the network: what a rotation of the keys has to seal anew."""

from __future__ import annotations

from hospital import idempotency, records
from hospital.actions import keys, login, people
from hospital.faces import actions as faces

COLUMNS = (
    records.SEALED,
    people.SEALED,
    login.SEALED,
    keys.SEALED,
    idempotency.SEALED,
    faces.SEALED,
)
