"""What a pharmacy still owes: to whom, which medicines, and how many units; of the own alone."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from hospital.models import Listed
from ledger import queries as ledger
from ledger.entry import Statement
from ledger.note import parse
from tests.journeys.parts import a_desk, three_and_two
from tests.journeys.writes import of


def owed(by):
    return {one["prescription"]: one for one in by.each("/api/owed", "owed", size=50)}


def parted(world, patient, desk):
    """Three and two were prescribed, one of the first given; the remainder's id."""
    rx = three_and_two(world, patient)
    desk.comes(patient, rx)
    return rx, desk.gives(rx, {"1": 1})


def test_it_is_listed_until_it_is_given_or_fetched_elsewhere(world):
    """The name, the medicines, the units: of the pharmacy that owes it, and to nobody else."""
    one, other, patient = a_desk(world), a_desk(world), world.a_patient()
    rx, rest = parted(world, patient, one)
    (told,) = owed(one.pharmacist).values()
    assert (told["prescription"], told["left_of"], told["status"]) == (rest, rx, "approved")
    content = patient.client.get(f"/api/prescriptions/{rx}")["fields"]
    assert told["patient"] == content["patient/name"]
    assert {line: one["units"] for line, one in told["lines"].items()} == {"1": 2, "2": 2}
    assert all(one["generic_name"] and one["unit"] for one in told["lines"].values())
    assert owed(other.pharmacist) == {}
    other.authorized(patient, rest)
    assert owed(one.pharmacist) == owed(other.pharmacist) == {}
    patient.client.command(of(rest, "withdraw"))
    assert list(owed(one.pharmacist)) == [rest]
    one.comes(patient, rest)
    assert owed(one.pharmacist)[rest]["status"] == "paid"
    one.gives_all(rest, {"1": 2, "2": 2})
    assert owed(one.pharmacist) == {}


def test_its_patient_finds_the_look_and_it_opens_no_more_than_it_shows(world):
    """D2: one entry for the page, which names nobody; the patient has it among the own looks."""
    desk, patient = a_desk(world), world.a_patient()
    parted(world, patient, desk)
    desk.pharmacist.get("/api/owed")
    leaf = Listed.objects.filter(patient_id=patient.account).latest("id").leaf
    entry = ledger.entry_by_leaf(bytes(leaf))
    facts = Statement.parse(parse(entry.note).text).facts
    said = (facts["basis"], facts["records"], facts["fields"], facts["organisation"])
    assert said == ("owed", 1, ["line/", "patient/name"], desk.pharmacy.slug)


def test_a_page_costs_the_same_however_much_is_owed(world):
    """One row or fifty, and pages follow one another without a gap."""
    desk = a_desk(world)
    rests = {parted(world, world.a_patient(), desk)[1] for _ in range(2)}
    costs = []
    for size in (1, 50):
        with CaptureQueriesContext(connection) as asked:
            assert desk.pharmacist.get("/api/owed", size=size)["owed"]
        costs.append(len(asked))
    assert costs[0] == costs[1]
    paged = list(desk.pharmacist.each("/api/owed", "owed", size=1))
    assert {one["prescription"] for one in paged} == rests
    assert len(paged) == len(rests)
