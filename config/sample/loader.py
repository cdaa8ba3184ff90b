"""
The sample data: medicines, the network of organisations, and where the prescriptions lie.

Everything in this folder is invented. Medicines have real names and realistic packages, but their
codes, makers, approval numbers, prices, insurance classes and antimicrobial grades (each province
lists its own) are examples. Organisations are called 示范; members of staff have 范 and patients 例
in the middle of their names; all of their identity numbers end in the order codes 996 to 999, which
were kept for people over a hundred, and the bearers are younger.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from hospital.rights import Antimicrobials, Rights, Title
from prescriptions.catalogue import files, reading
from prescriptions.facts import InsuranceClass, MedicineFacts

FOLDER = Path(__file__).parent
CATALOGUE = FOLDER / "medicines.csv"
PRESCRIPTIONS = FOLDER / "prescriptions.jsonl"


@dataclass(frozen=True, slots=True)
class Member:
    """
    One member of staff. Agents and hospitals' systems are programs: no identity number, no phone.

    ``rights``: a doctor's.
    """

    role: str
    name: str
    department: str
    license_number: str
    rights: Rights
    id_number: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class Stock:
    """A pharmacy stocks every medicine: price = list price x factor, ``quantity`` of each."""

    price_factor_bp: int
    quantity: int


@dataclass(frozen=True, slots=True)
class FundCoverage:
    """The social fund's share of a line, in basis points, by the medicine's class."""

    rate_bp_by_class: Mapping[InsuranceClass, int]


@dataclass(frozen=True, slots=True)
class InsurerCoverage:
    """An insurer's share of what the fund leaves, in basis points, to a ceiling per bill."""

    rate_bp: int
    ceiling_fen: int


@dataclass(frozen=True, slots=True)
class Organisation:
    """
    ``slug`` is also what a prescription's ``fixmedinsCode`` says; a place has both degrees.

    ``hospital``: the slug of the hospital whose own pharmacy it is, which stands before it.
    """

    slug: str
    kind: str
    name: str
    uscc: str
    hospital: str | None
    longitude: str | None
    latitude: str | None
    departments: tuple[str, ...]
    staff: tuple[Member, ...]
    stock: Stock | None
    coverage: FundCoverage | InsurerCoverage | None


def medicines() -> dict[str, MedicineFacts]:
    """The catalogue: ``medListCodg`` to what is known of the medicine."""
    found = (reading.read(*row) for row in files.rows(CATALOGUE))
    return {one.facts.code: one.facts for one in found if isinstance(one, reading.Listed)}


def network() -> tuple[Organisation, ...]:
    """All organisations, with their staff."""
    text = (FOLDER / "network.json").read_text(encoding="utf-8")
    return tuple(_organisation(fields) for fields in json.loads(text))


def _organisation(fields: dict[str, Any]) -> Organisation:
    stock = fields.get("stock")
    return Organisation(
        slug=fields["slug"],
        kind=fields["kind"],
        name=fields["name"],
        uscc=fields["uscc"],
        hospital=fields.get("hospital"),
        longitude=fields.get("longitude"),
        latitude=fields.get("latitude"),
        departments=tuple(fields.get("departments", ())),
        staff=tuple(_member(member) for member in fields["staff"]),
        stock=Stock(**stock) if stock else None,
        coverage=_coverage(fields.get("coverage")),
    )


def _member(fields: dict[str, Any]) -> Member:
    return Member(
        role=fields["role"],
        name=fields["name"],
        department=fields.get("department", ""),
        license_number=fields.get("license_number", ""),
        rights=_rights(fields.get("rights", {})),
        id_number=fields["id_number"],
        phone=fields["phone"],
    )


def _rights(fields: dict[str, Any]) -> Rights:
    since = fields.get("practising_since")
    return Rights(
        title=Title(fields.get("title", Title.ATTENDING)),
        controlled=fields.get("controlled", False),
        antimicrobials=Antimicrobials(fields.get("antimicrobials", Antimicrobials.UNRESTRICTED)),
        practising_since=date.fromisoformat(since) if since else None,
    )


def _coverage(fields: dict[str, Any] | None) -> FundCoverage | InsurerCoverage | None:
    if fields is None:
        return None
    if "rate_bp_by_class" in fields:
        rates = {InsuranceClass(name): rate for name, rate in fields["rate_bp_by_class"].items()}
        return FundCoverage(rates)
    return InsurerCoverage(**fields)
