"""What the tests of patients' codes share: making them, scanning them, being refused."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from ledger import network, note
from ledger.entry import Statement
from ledger.models import Event
from pharmacy import codes
from pharmacy.codes import Code, Kind
from pharmacy.models import ScanRefusals
from tests.journeys import writes
from tests.journeys.watching import raw

SCANS, PRINTED = "/api/scans", "/api/me/printed-codes"
BORN = "1960-05-17"


def scan(by, code, **more):
    return by.write(SCANS, {"code": code, **more})["scans"]


def signed(client, code):
    return client.sign(code.text().decode())


def a_code(world, *prescriptions, kind=Kind.SCREEN, **changes):
    said = {
        "origin": network.lines()[0],
        "pharmacy": world.pharmacy.slug,
        "nonce": uuid4().hex,
        "ends_at": datetime.now(UTC) + codes.LIVES[kind],
        "subjects": tuple(sorted(f"rx/{UUID(one).hex}" for one in prescriptions)),
        **changes,
    }
    return Code(kind, **said)


def elsewhere(world, patient, rx, pharmacy):
    """The patient takes the authorization back and gives it to another pharmacy, or again."""
    patient.client.command(writes.of(rx, "withdraw"))
    choice = {"pharmacy": pharmacy.slug, "way": "collect"}
    patient.client.command(writes.of(rx, "authorize"), choice)
    world.pay(patient, rx)


def refused_as(by, body):
    answer = raw(by, "POST", SCANS, body=body)
    return answer.status_code, answer.json()["code"]


def refusals_of(by):
    found = ScanRefusals.objects.filter(pharmacist=by.account).first()
    return found.refused if found else 0


def last_look():
    """The facts of the newest look that was entered."""
    event = Event.objects.filter(kind="record.view").latest("id")
    return Statement.parse(note.parse(bytes(event.note)).text).facts
