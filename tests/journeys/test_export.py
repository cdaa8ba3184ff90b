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
from insurance import bundle
from ledger import finality, network, receiptsets
from ledger import queries as ledger
from ledger.models import Log
from ledger.policy import Policy
from prescriptions.models import Prescription
from tests.journeys import copying, looking, series, writes
from tests.journeys.test_query_counts import queries_of
from tests.journeys.watching import count_entries, raw
from tests.openings import watched


def policy() -> Policy:
    """What says which logs there are and who makes them final: of all lines, in one file."""
    texts = [finality.agreed(log).text for log in Log.objects.filter(line__in=network.lines())]
    lines = [line for text in texts for line in text.splitlines(keepends=True)]
    logs = [line for line in lines if line.startswith(b"log ")]
    rest = [line for line in texts[0].splitlines(keepends=True) if not line.startswith(b"log ")]
    return Policy.parse(b"".join([*dict.fromkeys(logs), *rest]))


def lived(world, patient) -> str:
    """A patient with something of everything; gives the prescription that was paid for."""
    ready = writes.decide(world, patient)
    assert raw(ready.by, "POST", ready.path, body=ready.body).status_code == 200
    rx = str(ready.rx)
    world.answered(patient)
    grant = looking.grants(patient, world.foreign_hospital.slug)
    looking.asks(world.foreign_doctor, patient)
    looking.withdraws(patient, grant)
    return rx


def of_kind(pages: list[bytes], kind: str) -> list[Resource]:
    bundles = [json.loads(one, parse_float=Decimal) for one in pages]
    every = [each["resource"] for one in bundles for each in one["entry"]]
    return [one for one in every if one["resourceType"] == kind]


def test_it_holds_everything_and_all_of_it_is_proven(world, patient):
    """L15, O9"""
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
    return bundle.encoded(value).encode()


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
    "text", [b"", b"{}", b"[]", b'{"a": 1, "a": 1}', b"[" * 100_000, b'{"entry": 7}', b"\xff"]
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


def test_it_takes_a_session_that_a_key_has_just_opened(world, patient):
    """Z7: whoever holds a stolen WeChat session takes nothing away."""
    copying.caught_up()
    before = count_entries(kind="record.view")
    with watched() as watch:
        answer = raw(patient.client, "GET", copying.EXPORT)
    assert (answer.status_code, answer.json()["code"]) == (403, "key.key_needed")
    assert watch.opened == []
    assert count_entries(kind="record.view") == before


def test_a_page_is_one_look_with_the_number_of_records(world, patient):
    """L15"""
    world.issued(patient)
    world.answered(patient)
    client = copying.ready(patient)
    with watched() as watch:
        assert raw(client, "GET", copying.EXPORT).status_code == 200
    looks = {one.look.subject for one in watch.opened if one.look}
    assert (len(watch.opened), len(looks)) == (2, 1)
    assert all(one.wrongs(client.account) == [] for one in watch.opened)
    assert {one.look.facts["records"] for one in watch.opened if one.look} == {2}


def test_many_records_cost_the_queries_of_few(world, patient):
    lived(world, patient)
    client = copying.ready(patient)
    few = len(queries_of(lambda: raw(client, "GET", copying.EXPORT)))
    for _ in range(4):
        world.issued(patient)
    world.answered(patient)
    client = copying.ready(patient)
    assert len(queries_of(lambda: raw(client, "GET", copying.EXPORT))) == few


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


def test_nobody_elses_is_in_it(world, patient):
    """Z7"""
    rx = world.issued(world.other_patient)
    pages = copying.pages(patient)
    assert rx.replace("-", "").encode() not in pages[0]


def test_many_receipts_are_those_of_each_alone(world, patient):
    rx = world.delivered(patient)
    copying.caught_up()
    entries = ledger.entries_about(f"rx/{rx.replace('-', '')}")
    keys = ledger.entries_about(f"key/{patient.client.key_name}")
    made = receiptsets.files([*entries, *keys])
    assert len(made) == len(entries) + len(keys)
    for one in (*entries, *keys):
        assert made[one.leaf] == ledger.receipt_file_for(one.leaf)


@pytest.mark.parametrize(
    "cursor", ["x", "0.1", "1.0.0.5", "0.-1.0.5", "0.1.7.5", "0.1.0.５", "0.1.0.9" + "9" * 20]
)
def test_a_cursor_that_no_page_gave_is_refused(world, patient, cursor):
    answer = raw(copying.ready(patient), "GET", f"{copying.EXPORT}?cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (422, "export.bad_cursor")
