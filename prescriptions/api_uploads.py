"""Uploads over HTTP: a hospital's own system brings lines, gets statements, and signs them."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

from rest_framework import serializers

from hospital import batches, http
from hospital.roles import Role
from hospital.units import stamp
from ledger import queries as ledger
from ledger.entry import Statement
from prescriptions import lifecycle
from prescriptions.actions import judging, uploading
from prescriptions.api import changed, said_of_content
from prescriptions.models import Prescription
from prescriptions.reading import LINE_MAX_CHARS

LONGEST = 2 * LINE_MAX_CHARS
"""Characters of one item. A line that is too long is refused alone, up to here."""
_CODE = re.compile(r'"medListCodg"\s*:\s*"([^"\\]{1,40})"')


class Uploads(batches.Batch):
    """
    Bring lines in the shape of D001, each one a prescription of this hospital's.

    Each is answered with the statement to sign, or with what it made the first time, or with why
    it is refused.
    """

    roles = (Role.SYSTEM,)
    items = "lines"

    class Input(http.ToSign):
        lines = serializers.ListField(
            child=http.Text(max_length=LONGEST, allow_blank=True),
            min_length=1,
            max_length=batches.MOST,
            help_text="Each a JSON object of D001 as text.",
        )

    def act_on(self, call: http.Call, number: int, item: str) -> dict[str, Any]:
        catalogue = judging.catalogue(set(_CODE.findall(item)))
        brought = uploading.bring(item, number, catalogue, **call.doer)
        prescription = brought.prescription
        told = {
            "id": str(prescription.id),
            "status": prescription.status,
            "valid_until": stamp(prescription.valid_until),
            "findings": [asdict(finding) for finding in brought.findings],
        }
        if not uploading.is_waiting(prescription):
            return {**told, "entry": _first_entry(prescription)}
        statement = uploading.draw(lifecycle.find(prescription.id), **call.drawer)
        return {**told, "statement": statement.text().decode(), "shows": _shown(statement)}


class SignedUploads(batches.Batch):
    """Upload what was brought: each note signs the statement of one line."""

    roles = (Role.SYSTEM,)
    items = "notes"

    class Input(http.Strict):
        notes = serializers.ListField(
            child=http.Text(max_length=65_535, trim_whitespace=False),
            min_length=1,
            max_length=batches.MOST,
            help_text="C2SP signed notes: each a statement's exact bytes, and the signature.",
        )

    def act_on(self, call: http.Call, number: int, item: str) -> dict[str, Any]:
        return changed(*uploading.upload(item, **call.doer))


def _shown(statement: Statement) -> dict[str, str]:
    reviewed = statement.facts["move"] == lifecycle.UPLOAD_REVIEWED.name
    return {"zh": said_of_content("上传已审核处方" if reviewed else "上传处方", statement)}


def _first_entry(prescription: Prescription) -> dict[str, Any]:
    """What was entered when the line was uploaded, or voided before."""
    first = ledger.entries_about(prescription.subject)[0]
    return {"subject": first.subject, "version": first.version, "leaf": first.leaf.hex()}
