"""个人信息保护法, art. 45: the patient takes a copy of everything, checked offline."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from fhir.resources.R4B.bundle import Bundle

from hospital.fhir import Resource
from hospital.models import SealedRecord
from insurance import bundle, fhirjson
from prescriptions.models import Prescription
from tests.journeys import copying, series
from tests.journeys.copying import lived, of_kind, policy


def test_it_holds_everything_and_all_of_it_is_proven(world, patient):
    """P6, L15, O9"""
    lived(world, patient)
    (page,) = copying.pages(patient)

    proven = bundle.verify([page], policy())

    kinds = {one.name.partition("/")[0] for one in proven}
    assert kinds >= {
        *("Patient", "MedicationRequest", "MedicationDispense", "Claim", "Encounter"),
        "ExplanationOfBenefit",
        *("Consent", "AuditEvent", "Provenance", "DocumentReference"),
    }
    assert len(proven) == len(json.loads(page)["entry"])
    (who,) = of_kind([page], "Patient")
    assert who["name"] == [{"text": "测试患者"}]
    assert [one["status"] for one in of_kind([page], "Consent")] == ["inactive"]
    (claim,) = of_kind([page], "Claim")
    assert claim["total"] == {"currency": "CNY", "value": Decimal("39.98")}
    parts = [each["net"]["value"] for item in claim["item"] for each in item["detail"]]
    assert sum(parts) == Decimal("39.98")
    looks = [one["outcomeDesc"] for one in of_kind([page], "AuditEvent") if one["action"] == "R"]
    assert any("依据：您签署的查看授权" in one for one in looks)


def test_it_is_fhir(world, patient):
    """By a library that knows the standard; the resources used are the same in R4 and R4B."""
    lived(world, patient)
    (page,) = copying.pages(patient)
    Bundle.model_validate_json(page)
    spoilt = page.replace(b'"intent": "order"', b'"intention": "order"', 1)
    assert spoilt != page
    with pytest.raises(ValueError, match="inten"):
        Bundle.model_validate_json(spoilt)


def test_small_pages_hold_the_same(world, patient):
    """The copy ends where the first page says, though each page is a look of its own."""
    lived(world, patient)
    whole = copying.pages(patient)
    small = copying.pages(patient, size=2)
    assert len(small) >= 3
    bundle.verify(small, policy())
    for kind in ("MedicationRequest", "MedicationDispense", "Claim", "Encounter", "Consent"):
        assert of_kind(small, kind) == of_kind(whole, kind)


def test_a_changed_prescription_shows_both_contents(world, patient):
    rx = world.authorized(patient)
    world.change(rx, "0.25", "0.25")
    pages = copying.pages(patient)
    bundle.verify(pages, policy())
    requests = of_kind(pages, "MedicationRequest")
    assert [one["status"] for one in requests] == ["stopped", "stopped", "active", "active"]
    dose = requests[2]["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"]
    assert dose == Decimal("0.25")
    assert [one["status"] for one in of_kind(pages, "Claim")] == ["cancelled"]


ALTERATIONS = [
    ("Patient", lambda one: one["name"][0].update(text="别人")),
    ("MedicationRequest", lambda one: one["note"][0].update(text="x")),
    ("MedicationRequest", lambda one: one.update(status="active")),
    ("MedicationDispense", lambda one: one["quantity"].update(value=2)),
    ("Claim", lambda one: one["total"].update(value=1)),
    ("Encounter", lambda one: one["reasonCode"][0].update(text="x")),
    ("Consent", lambda one: one.update(status="active")),
    ("AuditEvent", lambda one: one.update(action="U")),
    ("Provenance", lambda one: one["target"].pop()),
    ("Provenance", lambda one: one["entity"][0]["what"]["identifier"].update(value="0")),
    ("DocumentReference", lambda one: one.update(description="x")),
]


def _read(page: bytes) -> Resource:
    return dict(json.loads(page, parse_float=Decimal))


def _again(value: Resource) -> bytes:
    return fhirjson.encoded(value).encode()


def _without(page: bytes, dropped) -> bytes:
    whole = _read(page)
    whole["entry"] = [one for one in whole["entry"] if not dropped(one["resource"])]
    return _again(whole)


def test_whatever_is_altered_is_named(world, patient):
    """L1: in every kind of resource."""
    lived(world, patient)
    (page,) = copying.pages(patient)
    assert _again(_read(page)) == page
    for kind, change in ALTERATIONS:
        spoilt = _read(page)
        resources = [each["resource"] for each in spoilt["entry"]]
        altered = next(one for one in resources if one["resourceType"] == kind)
        change(altered)
        with pytest.raises(bundle.Altered, match=f"{kind}/{altered['id']} is not what"):
            bundle.verify([_again(spoilt)], policy())


def test_a_dropped_resource_is_missed(world, patient):
    """L1, L15: alone, with what proves it, with all of its page."""
    rx = lived(world, patient).replace("-", "")
    (page,) = copying.pages(patient)
    request = f"{rx}-1-1"
    with pytest.raises(bundle.Altered, match=f"MedicationRequest/{request} is missing"):
        bundle.verify([_without(page, lambda one: one["id"] == request)], policy())

    looked = next(one for one in of_kind([page], "AuditEvent") if one["action"] == "R")
    alone = _without(page, lambda one: one["id"] == looked["id"])
    with pytest.raises(ValueError, match="entries are about this patient"):
        bundle.verify([alone], policy())

    small = copying.pages(patient, size=2)
    with pytest.raises(ValueError, match="entries are about this patient"):
        bundle.verify(small[:1] + small[2:], policy())
    with pytest.raises(bundle.NotWhole, match="the first page is missing"):
        bundle.verify(small[1:], policy())


def test_a_foreign_receipt_is_found(world, patient):
    """L1: another patient's, one's own of another entry, and one of which a bit is changed."""
    lived(world, patient)
    (page,) = copying.pages(patient)
    world.issued(world.other_patient)
    (other,) = copying.pages(world.other_patient)
    mine, theirs = of_kind([page], "Provenance"), of_kind([other], "Provenance")

    def put(data: str) -> bytes:
        old = mine[0]["signature"][0]["data"]
        assert page.count(old.encode()) == 1
        return page.replace(old.encode(), data.encode())

    with pytest.raises(bundle.Altered, match="about somebody else"):
        bundle.verify([put(theirs[0]["signature"][0]["data"])], policy())
    with pytest.raises(bundle.Altered, match="/"):
        bundle.verify([put(mine[1]["signature"][0]["data"])], policy())
    data = mine[0]["signature"][0]["data"]
    with pytest.raises(bundle.Altered, match=f"Provenance/{mine[0]['id']} is not proven"):
        bundle.verify([put(data[:400] + ("A" if data[400] != "A" else "B") + data[401:])], policy())
    with pytest.raises(bundle.Altered, match="not all about one patient"):
        bundle.verify([page, other], policy())


def test_a_resource_that_rests_on_no_entry_is_named(world, patient):
    (page,) = copying.pages(patient)
    whole = _read(page)
    made_up = {"resourceType": "Basic", "id": "x"}
    whole["entry"].append({"fullUrl": "urn:x", "resource": made_up})
    with pytest.raises(bundle.Altered, match="Basic/x rests on no entry"):
        bundle.verify([_again(whole)], policy())


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b"[]",
        b'{"a": 1, "a": 1}',
        b"[" * 100_000,
        b'{"entry": 7}',
        b"\xff",
        b"1e999999999",
    ],
)
def test_what_is_no_copy_is_said_to_be_none(world, text):
    with pytest.raises(ValueError, match="not a bundle"):
        bundle.verify([text], policy())


def test_the_command_needs_the_policy_alone(world, patient, tmp_path: Path):
    """It names each resource; an altered copy ends it with a failure."""
    world.issued(patient)
    (page,) = copying.pages(patient)
    file, trusted, out = tmp_path / "copy.json", tmp_path / "policy", io.StringIO()
    file.write_bytes(page)
    trusted.write_bytes(policy().text)
    call_command("export", "verify", file, policy=trusted, stdout=out)
    assert "proven   MedicationRequest/" in out.getvalue()
    assert out.getvalue().endswith("and no entry is missing\n")
    file.write_bytes(page.replace("测试患者".encode(), "别人".encode(), 1))
    with pytest.raises(CommandError, match="is not what the entries say"):
        call_command("export", "verify", file, policy=trusted, stdout=out)


def test_what_was_erased_leaves_its_entries(world, patient):
    rx = world.issued(patient)
    record = Prescription.objects.get(id=rx).record
    SealedRecord.objects.filter(id=record.id).update(wrapped_key=b"", body=b"")
    pages = copying.pages(patient)
    bundle.verify(pages, policy())
    assert of_kind(pages, "MedicationRequest") == []
    codes = [one["type"]["code"] for one in of_kind(pages, "AuditEvent")]
    assert "prescription.issue" in codes


def test_a_series_is_in_it_issue_by_issue(world, patient):
    series.issued(world, patient)
    pages = copying.pages(patient)
    bundle.verify(pages, policy())
    assert (
        len({one["groupIdentifier"]["value"] for one in of_kind(pages, "MedicationRequest")}) == 3
    )


def test_a_resource_that_stands_there_twice_is_none(world, patient):
    """Under one name, whatever the two say: a reader might take the other one."""
    (page,) = copying.pages(patient)
    whole = _read(page)
    whole["entry"].insert(0, {**whole["entry"][0], "resource": {"resourceType": "Basic"}})
    with pytest.raises(ValueError, match="not a bundle of this kind"):
        bundle.verify([_again(whole)], policy())


def test_nobody_elses_is_in_it(world, patient):
    """Z7"""
    rx = world.issued(world.other_patient)
    pages = copying.pages(patient)
    assert rx.replace("-", "").encode() not in pages[0]
