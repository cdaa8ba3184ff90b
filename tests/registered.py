"""What holds of the register of narcotics at a quiet moment: every sheet has its number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from ledger import inspection, network
from ledger.entry import Statement
from prescriptions.actions import numbering
from prescriptions.registers import Register, Serial

BRING = {"prescription.issue", "prescription.change"}


def faults(ways: Mapping[str, Sequence[Statement]]) -> Iterator[str]:
    """Numbers have no gap, and are those of the entries; so are the sheets that have one."""
    stored: dict[int, list[Serial]] = defaultdict(list)
    for one in Serial.objects.select_related("prescription", "record").order_by("number"):
        stored[one.register_id].append(one)
    for register in Register.objects.select_related("hospital"):
        yield from _of(register, stored[register.id], ways)
    signed = {
        (subject, one.commitment)
        for subject, way in ways.items()
        for one in way
        if one.kind in BRING and one.facts["form"] == "narcotic"
    }
    sheets = [(one.prescription.subject, bytes(one.record.commitment)) for one in every(stored)]
    if sorted(sheets) != sorted(signed):
        yield f"{len(sheets)} numbered sheets, {len(signed)} signed ones"


def every(stored: Mapping[int, list[Serial]]) -> Iterator[Serial]:
    for serials in stored.values():
        yield from serials


def _of(
    register: Register, serials: list[Serial], ways: Mapping[str, Sequence[Statement]]
) -> Iterator[str]:
    named = f"volume {register.volume} of {register.hospital.slug} on {register.day}"
    if [one.number for one in serials] != list(range(1, register.last + 1)):
        yield f"{named}: numbers do not count from 1 to {register.last}"
    way = ways.get(numbering.subject(register.hospital, register.day), ())
    logs = inspection.logs_of(network.lines()[register.volume - 1])
    said = [
        (one.facts["number"], one.facts["prescription"], one.commitment)
        for one in way
        if one.log in logs
    ]
    if said != [
        (one.number, one.prescription.subject, bytes(one.record.commitment)) for one in serials
    ]:
        yield f"{named}: {len(serials)} numbers, which are not the {len(said)} entered ones"
