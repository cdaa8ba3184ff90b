"""个人信息保护法, art. 45: everything means every row; what is not in the copy says why not."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db.models import Model
from django.utils import timezone
from fhir.resources.R4B.bundle import Bundle

from config.demo import form
from hospital.consultations.models import Consultation, Message
from hospital.faces.models import FaceCheck
from hospital.fhir import Resource
from hospital.guardians.models import Guardianship
from hospital.models import Account, Address, Emergency, Grant, Key, Listed, Person, SealedRecord
from hospital.notices.models import Notice, Subscription
from insurance import bundle, fhirjson, sections
from insurance.actions import paying
from insurance.models import Bill, Claim, Insured, Payment, Refund
from pharmacy.models import Delivery, Dispensing, Substitution
from prescriptions.models import ChangeRequest, Prescription, Version
from tests.journeys import copying, looking, writes
from tests.journeys.copying import lived, of_kind, policy
from tests.journeys.guarding import registers, years_ago
from tests.openings import watched
from tests.watched import APPS
from tests.world import Patient, World

ASKED = "剂量偏大"
RX = "prescription__patient"


def is_stated(resource: Resource) -> bool:
    return bool(resource.get("meta", {}).get("tag") == [bundle.STATED])


class Copy:
    """All pages of a copy, and what is in them."""

    def __init__(self, pages: list[bytes]) -> None:
        self.pages = pages
        self.proven = bundle.verify(pages, policy())

    def kind(self, kind: str, *, stated: bool | None = None) -> list[Resource]:
        found = of_kind(self.pages, kind)
        return [one for one in found if stated is None or is_stated(one) == stated]

    @staticmethod
    def messages_with_pictures(pages: list[bytes]) -> list[Resource]:
        return [one for one in of_kind(pages, "Communication") if "image/png" in str(one)]

    def messages(self) -> list[Resource]:
        return [one for one in self.kind("Communication", stated=False) if "author" in str(one)]


def of_rx(copy: Copy) -> set[Any]:
    requests = copy.kind("MedicationRequest")
    return {one["groupIdentifier"]["value"] for one in requests}


def versions(copy: Copy) -> set[Any]:
    """Contents that a change replaced."""
    requests = copy.kind("MedicationRequest")
    numbers = {tuple(one["id"].split("-")[:2]) for one in requests}
    return {one for one in numbers if (one[0], str(int(one[1]) + 1)) in numbers}


def ids(kind: str, **which: Any) -> Callable[[Copy], Iterable[Any]]:
    return lambda copy: [one["id"] for one in copy.kind(kind, **which)]


def mine(column: str) -> Callable[[type[Model], UUID], int]:
    return lambda model, account: model._default_manager.filter(**{column: account}).count()


def drafts(copy: Copy) -> list[Resource]:
    return [one for one in copy.kind("Communication") if one["status"] == "preparation"]


def guardianships(model: type[Model], account: UUID) -> int:
    rows = model._default_manager
    return rows.filter(patient=account).count() + rows.filter(guardian=account).count()


COPIED: dict[type[Model], tuple[Callable[[Copy], Iterable[Any]], Callable[..., int]]] = {
    Account: (ids("Person"), lambda model, account: 1),
    Person: (ids("Person"), mine("account")),
    Address: (ids("Location"), mine("account")),
    Key: (ids("Device"), mine("account")),
    FaceCheck: (ids("VerificationResult"), mine("account")),
    Grant: (ids("Consent"), mine("patient")),
    Guardianship: (ids("RelatedPerson"), guardianships),
    Emergency: (
        lambda copy: [
            one for one in copy.kind("AuditEvent") if "昏迷" in one.get("outcomeDesc", "")
        ],
        mine("patient"),
    ),
    Consultation: (
        lambda copy: [*copy.kind("Encounter"), *drafts(copy)],
        mine("patient"),
    ),
    Message: (Copy.messages, mine("consultation__patient")),
    Prescription: (of_rx, mine("patient")),
    Version: (versions, mine(RX)),
    ChangeRequest: (
        lambda copy: [one for one in copy.kind("Communication") if ASKED in str(one)],
        mine(RX),
    ),
    Dispensing: (
        lambda copy: {one["id"].split("-")[0] for one in copy.kind("MedicationDispense")},
        mine(RX),
    ),
    Delivery: (ids("SupplyDelivery"), mine(RX)),
    Substitution: (
        lambda copy: [one for one in copy.kind("Basic") if "substitution-" in one["id"]],
        mine(RX),
    ),
    Bill: (ids("Claim"), mine(RX)),
    Claim: (ids("ExplanationOfBenefit"), mine("bill__prescription__patient")),
    Payment: (
        lambda copy: [one for one in copy.kind("PaymentNotice") if one["id"].startswith("P")],
        mine("bill__prescription__patient"),
    ),
    Refund: (
        lambda copy: [one for one in copy.kind("PaymentNotice") if one["id"][0] in "RDB"],
        mine("payment__bill__prescription__patient"),
    ),
    Insured: (ids("Coverage"), mine("patient")),
    Notice: (
        lambda copy: [one for one in copy.kind("Communication", stated=True) if "about" in one],
        mine("account"),
    ),
    Subscription: (
        lambda copy: [one for one in copy.kind("Basic") if "subscription-" in one["id"]],
        mine("account"),
    ),
    Listed: (ids("AuditEvent", stated=True), mine("patient")),
}
LEFT_OUT = {
    "Alarm": "the regulator's, by the names that the public log has",
    "Answer": "what this interface answered to a write, for some days, so that it can say it again",
    "BillLine": "the lines of the bill are the items of its Claim",
    "BillShare": "who pays what of the bill, which its Claim says",
    "LineShare": "who pays what of a line, which the items of the Claim say",
    "ReckoningShare": "who pays what after a return, which the return's entry states",
    "PolicyUse": "a share of a bill once more, as what the policy's year has used",
    "Box": "of stock, by staff",
    "BoxMove": "of stock, by the number of the prescription; GET …/given-out says which boxes",
    "Attempt": "its entry is in the copy",
    "Case": "what the hospital's appraisers say of a doctor's work; its entry is in the copy",
    "Collision": "of stock, by staff",
    "Consignment": "of stock, by staff",
    "Collected": "of stock, by staff",
    "Destruction": "of stock, by staff",
    "Return": "its entry is in the copy, with lines, reason and bill; its refund is, too",
    "Reckoning": "the bill after a return, which the return's entry states",
    "Reversal": "what a payer gives back of it; its entry is in the copy",
    "Pending": "that a claim waits for a person; GET …/explanation says so, and entries why",
    "Recall": "a public warning; its patient columns are staff",
    "Correction": "its entries are in the copy, a Communication each, with what was said",
    "CourierNews": "what a company has told of the parcel; GET …/parcel says it",
    "CourierOrder": "that a company was asked to fetch the parcel; GET …/parcel says it",
    "Difference": "of a statement with our books; its patient columns are staff",
    "Lot": "of stock; what came back lies in it, and the entry says that it did",
    "Count": "of stock; its patient columns are staff",
    "Endpoint": "an organisation's; its patient columns are staff",
    "EnrolmentCode": "lets staff in",
    "GuestKey": "where else a guardian's key is known; its entry says so",
    "LoginChallenge": "a random text, good for a minute",
    "LookCount": "how often somebody looked within an hour, kept for that hour",
    "OfflineSlip": "a pharmacist's; the entry that says what became of it is in the copy",
    "Offer": "an institute's public terms, which the opt-in's entry repeats",
    "OptIn": "its entries are in the copy, as a Consent",
    "PrivacyLoss": "a number that says nothing of the patient, only how often questions were asked",
    "Transfer": "how a reward was paid; GET /api/me/rewards says it",
    "ReadingKey": "an organisation's; its patient columns are staff",
    "Rekeying": "that records wait for other keys, for a moment",
    "Use": "each is a look, and its entry is in the copy; GET /api/me/rewards says the reward",
    "Movement": "of stock, by the number of the prescription; the Dispensing says what was given",
    "Placing": "of stock, by staff",
    "Printed": "which of the printed codes is in force",
    "PrintedCode": "a paper to fetch with; GET /api/me/printed-codes says what became of it",
    "Reservation": "what a shelf keeps free for the prescription; the bill in its entry says it",
    "Review": "the review's entry has all of it",
    "Scan": "each is a look, and its entry is in the copy",
    "ScanRefusals": "how often staff were refused a code, within ten minutes",
    "Serial": "the number in the hospital's register, which the prescription's entry has",
    "Sample": "the hospital's numbers",
}
"""And of those copied: a doctor's drafts, contents that wait for a key, and what was erased."""


def test_every_table_with_a_patients_row_is_in_it_or_says_why_not():
    """L15: whoever stores another kind of row decides here."""
    every = [model for name in APPS for model in apps.get_app_config(name).get_models()]
    about: set[Any] = {Account, Person}
    while more := {
        model
        for model in every
        if model not in about
        and any(each.related_model in about for each in model._meta.fields if each.is_relation)
    }:
        about |= more
    left = {model.__name__ for model in about} - {model.__name__ for model in COPIED}
    assert left - {"Sample"} <= set(LEFT_OUT)
    assert set(LEFT_OUT) - left <= {"Sample"}


@pytest.fixture(scope="module")
def everything_lived(request: pytest.FixtureRequest) -> list[bytes]:
    """One patient with a row of each kind, and all pages of the copy."""
    world: World = request.getfixturevalue("session_world")
    patient = world.a_patient()
    return [patient.account.encode(), *_pages_of_a_whole_life(world, patient)]


def _pages_of_a_whole_life(world: World, patient: Patient) -> list[bytes]:
    lived(world, patient)
    with_picture = {**world.question()["earlier"], "picture": form.PICTURE}
    talk = world.answered(patient, earlier=with_picture)
    patient.client.write(f"/api/consultations/{talk}/pictures", {"picture": form.PICTURE})
    world.doctor.command(f"/api/consultations/{talk}/close")
    world.written(patient)
    rx = world.asked_to_change(patient)
    world.change(rx, "1")
    world.doctor.command(writes.of(rx, "cancel"), {"reason": "clinical"})
    paying.refund_owed(at=timezone.now())
    world.shipped(patient)
    proposed = writes.propose_other(world, patient)
    proposed.by.write(proposed.path, proposed.body)
    world.doctor.get("/api/prescriptions")
    looking.breaks_glass(world.other_doctor, patient)
    patient.client.command("/api/guardianships", writes.appointing(world.a_patient()))
    registers(patient, world.a_patient(born=years_ago(9)))
    ready = writes.subscribe(world, patient)
    ready.by.write(ready.path, ready.body)
    return copying.pages(patient)


def test_a_row_of_each_kind_is_in_it(world, everything_lived):
    """L15, O9: as many resources as there are rows, and all of it is FHIR."""
    account, *pages = everything_lived
    copy, patient = Copy(pages), UUID(account.decode())
    for model, (found, rows) in COPIED.items():
        there = list(found(copy))
        assert len(there) == rows(model, patient) > 0, model.__name__
    for page in pages:
        Bundle.model_validate_json(page)


def altered(page: bytes, change: Callable[[list[Resource]], Any]) -> bytes:
    """The page after ``change`` of the list of its resources."""
    whole = json.loads(page, parse_float=Decimal)
    resources = [each["resource"] for each in whole["entry"]]
    change(resources)
    kept = {id(one) for one in resources}
    whole["entry"] = [each for each in whole["entry"] if id(each["resource"]) in kept]
    return fhirjson.encoded(whole).encode()


def dropped(found: Callable[[Resource], bool]) -> Callable[[list[Resource]], None]:
    def change(resources: list[Resource]) -> None:
        resources.remove(next(one for one in resources[::-1] if found(one)))

    return change


def said(text: str) -> Callable[[Resource], bool]:
    return lambda one: one["resourceType"] == "Communication" and text in str(one)


def with_words(resource: Resource, old: str, new: str) -> None:
    """Both where it is read and where it is proven."""
    opening, payload = resource["extension"][0], resource["payload"][0]
    opening["valueString"] = opening["valueString"].replace(old, new)
    payload["contentString"] = payload["contentString"].replace(old, new)


def another_word(resources: list[Resource]) -> None:
    with_words(next(filter(said("按时服药"), resources[::-1])), "按时服药", "不必服药")


def another_question(resources: list[Resource]) -> None:
    with_words(next(filter(said(ASKED), resources)), ASKED, "剂量偏小")


def of_pictures(resource: Resource) -> bool:
    return "image/png" in str(resource) and resource["resourceType"] == "Communication"


def another_picture(resources: list[Resource]) -> None:
    """One bit, at a place where the picture stays a PNG."""
    found = next(one for one in resources if one["resourceType"] == "Media")
    raw = bytearray(base64.b64decode(found["content"]["data"]))
    raw[20] ^= 1
    found["content"]["data"] = base64.b64encode(bytes(raw)).decode()


ALTERATIONS: dict[str, tuple[Callable[[list[Resource]], Any], str]] = {
    "words": (another_word, "not those that were said"),
    "a message is gone": (dropped(said("按时服药")), "are missing, or too many"),
    "a question is altered": (another_question, "Communication/.* is missing"),
    "a question is gone": (dropped(said(ASKED)), "a question about rx/.* is missing"),
    "a picture said is gone": (dropped(of_pictures), "are missing, or too many"),
    "a picture is altered": (another_picture, "a picture, .*, is not what an entry commits to"),
    "a picture is gone": (
        dropped(lambda one: one["resourceType"] == "Media"),
        "the picture of .* is missing",
    ),
}


@pytest.mark.parametrize("name", ALTERATIONS)
def test_what_was_said_and_shown_is_proven(world, everything_lived, name):
    """L1: a word, a picture, a whole message."""
    change, fault = ALTERATIONS[name]
    _, *pages = everything_lived
    spoilt, changed = [], 0
    for page in pages:
        try:
            spoilt.append(altered(page, change) if not changed else page)
            changed += spoilt[-1] != page
        except StopIteration:
            spoilt.append(page)
    assert changed == 1
    with pytest.raises(ValueError, match=fault):
        bundle.verify(spoilt, policy())


def test_what_is_read_is_what_is_proven(world, everything_lived):
    """L1: the words beside the proof are made of it, and are compared."""
    _, *pages = everything_lived

    def change(resources: list[Resource]) -> None:
        next(filter(said("按时服药"), resources))["payload"][0]["contentString"] = "不必服药"

    which = next(n for n, page in enumerate(pages) if "按时服药".encode() in page)
    with pytest.raises(bundle.Altered, match=r"Communication/.* is not what the entries say"):
        bundle.verify(
            [*pages[:which], altered(pages[which], change), *pages[which + 1 :]], policy()
        )


def test_the_servers_word_is_told_from_what_is_proven(world, everything_lived):
    """L1, L15: rows are stated; nothing that an entry proves is taken on the server's word."""
    _, *pages = everything_lived
    copy = Copy(pages)
    stated = {one.name.partition("/")[0] for one in copy.proven if one.stated}
    assert stated <= bundle.STATED_KINDS
    assert "Location" in stated
    names = {one.name for one in copy.proven if not one.stated}
    assert {
        f"Communication/{one['id']}" for one in copy.messages() if "按时服药" in str(one)
    } & names

    def change(resources: list[Resource]) -> None:
        next(one for one in resources if one["resourceType"] == "Claim")["meta"] = {
            "tag": [bundle.STATED]
        }

    which = next(n for n, page in enumerate(pages) if b'"Claim"' in page)
    with pytest.raises(bundle.Altered, match=r"Claim/.* needs a proof"):
        bundle.verify(
            [*pages[:which], altered(pages[which], change), *pages[which + 1 :]], policy()
        )


def test_messages_of_a_talk_that_goes_on_are_stated(world, patient):
    """No entry counts them yet; when it has ended they are proven."""
    talk = world.answered(patient)
    names = {one.name for one in Copy(copying.pages(patient)).proven if one.stated}
    hers = {f"Communication/{talk.replace('-', '')}-{number}" for number in (1, 2)}
    assert hers <= names
    world.doctor.command(f"/api/consultations/{talk}/close")
    proven = {one.name for one in Copy(copying.pages(patient)).proven if not one.stated}
    assert hers <= proven


def test_pictures_have_pages_of_their_own(world, patient):
    """A megabyte each: so few in a page, whatever size is asked for."""
    talk = world.answered(patient)
    for _ in range(sections.PICTURES + 2):
        patient.client.write(f"/api/consultations/{talk}/pictures", {"picture": form.PICTURE})
    world.doctor.command(f"/api/consultations/{talk}/close")
    pages = copying.pages(patient)
    counts = [len(Copy.messages_with_pictures([page])) for page in pages]
    assert max(counts) == sections.PICTURES
    assert sum(counts) == sections.PICTURES + 2
    bundle.verify(pages, policy())


def test_every_page_is_one_look_at_what_it_opens(world, patient):
    """L15: in each section."""
    world.answered(patient)
    world.shipped(patient)
    client = copying.ready(patient)
    path: str | None = f"{copying.EXPORT}?size=3"
    while path:
        with watched() as watch:
            answer = client.http.get(path, headers={"Authorization": f"Bearer {client.token}"})
        assert answer.status_code == 200, answer.text
        assert all(one.wrongs(client.account) == [] for one in watch.opened)
        assert len({one.look.subject for one in watch.opened if one.look}) <= 1
        path = next((one["url"] for one in answer.json().get("link", [])), None)


def test_a_message_that_was_erased_keeps_its_place(world, patient):
    """G6: its commitment is left, and the others are proven by it."""
    talk = world.answered(patient)
    world.doctor.command(f"/api/consultations/{talk}/close")
    gone = Message.objects.get(consultation_id=talk, number=1).record_id
    SealedRecord.objects.filter(id=gone).update(wrapped_key=b"", body=b"")
    copy = Copy(copying.pages(patient))
    assert [one["status"] for one in copy.kind("Communication", stated=False)] == [
        "unknown",
        "completed",
    ]
    assert not [one.name for one in copy.proven if one.stated and talk.replace("-", "") in one.name]
