"""
Property: whatever is changed, extended, reviewed, chosen, taken back and cancelled in whatever
order, what is dispensed is the content that a reviewer approved last.

A small model, written here, says of each call whether it is lawful, and what is in force.
"""

from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hospital.client import Problem
from pharmacy.models import Dispensing, ScanRefusals
from prescriptions import rules
from prescriptions.models import Prescription
from tests.journeys import writes
from tests.world import Patient, World, boxes

DOSES = ("0.5", "1", "1.5", "2", "2.5", "3", "3.5", "4")
"""Each another number of boxes, so that what was dispensed tells which content it was."""
OPEN = {"issued", "returned", "approved", "authorized", "paid"}
CALLS = (
    *("change", "approve", "approve", "authorize", "pay", "ask", "keep", "extend"),
    *("return", "withdraw", "dispense"),
)


@dataclass
class Model:
    """What is in force by the story alone."""

    state: str = "issued"
    content: int = 0
    approved: int | None = None
    asked: bool = False
    extended: bool = False

    def lawful(self, call: str) -> bool:
        return {
            "change": self.state in OPEN and self.content + 1 < len(DOSES),
            "approve": self.state == "issued",
            "return": self.state == "issued",
            "authorize": self.state == "approved",
            "pay": self.state == "authorized",
            "ask": self.state in {"authorized", "paid"} and not self.asked,
            "keep": self.state in {"authorized", "paid"} and self.asked,
            "extend": self.state in OPEN and not self.extended,
            "withdraw": self.state in {"authorized", "paid"},
            "dispense": self.state == "paid",
            "cancel": self.state in OPEN,
        }[call]

    def do(self, call: str) -> None:
        target = {"return": "returned", "withdraw": "approved", "change": "issued"}
        target |= {"approve": "approved", "authorize": "authorized", "pay": "paid"}
        target |= {"dispense": "dispensed", "cancel": "cancelled"}
        self.state = target.get(call, self.state)
        self.content += call == "change"
        self.approved = self.content if call == "approve" else self.approved
        self.asked = call == "ask" or (self.asked and call in {"extend", "pay"})
        self.extended = self.extended or call == "extend"


def make(world: World, patient: Patient, rx: str, call: str, model: Model) -> None:
    """The call through the API. Raises ``Problem``."""
    if call == "change":
        world.change(rx, DOSES[model.content + 1])
    elif call in ("approve", "return"):
        reason = {"reason": "dose"} if call == "return" else {}
        world.reviewer.command(writes.of(rx, "review"), {"decision": call, **reason})
    elif call == "authorize":
        patient.client.command(writes.of(rx, "authorize"), world.choice(patient))
    elif call == "pay":
        world.pay(patient, rx)
    elif call == "ask":
        empty = writes.asking(reason="out_of_stock")
        world.pharmacist.command(writes.of(rx, "change-request"), empty)
    elif call == "keep":
        world.doctor.command(writes.of(rx, "keep"), {"reason": "intended"})
    elif call == "extend":
        end = rules.valid_until(Prescription.objects.get(id=rx).created_at, 3)
        world.doctor.command(writes.of(rx, "extend"), {"valid_until": end.isoformat()})
    elif call == "withdraw":
        patient.client.command(writes.of(rx, "withdraw"))
    elif call == "cancel":
        world.doctor.command(writes.of(rx, "cancel"), {"reason": "clinical"})
    else:
        dispense(world, patient, rx)


def dispense(world: World, patient: Patient, rx: str) -> None:
    """What the pharmacist reads under the patient's code is what is given out."""
    made = world.pharmacist.write("/api/scans", {"code": world.code(patient, rx)})
    (scan,) = made["scans"]
    read = world.pharmacist.get(f"/api/scans/{scan['id']}")["lines"]
    lines = {number: line["quantity"] for number, line in read.items()}
    world.pharmacist.command(writes.of(rx, "dispense"), {"lines": lines})


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.sampled_from([*CALLS, "cancel"]), min_size=4, max_size=14))
def test_the_content_approved_last_is_the_one_dispensed(world, calls):
    """R7, R15, C1: the database agrees with the model after every call, lawful or refused."""
    ScanRefusals.objects.all().delete()  # the pharmacist of this example was refused nothing yet
    patient = world.a_patient()
    rx, model = world.issued(patient, valid_days=1, lines=world.content(DOSES[0])["lines"]), Model()
    for call in [*calls, "approve", "authorize", "pay", "dispense"]:
        if model.lawful(call):
            make(world, patient, rx, call, model)
            model.do(call)
        elif call != "change" or model.state not in OPEN:
            assert refused(world, patient, rx, call, model)
        assert Prescription.objects.get(id=rx).status == model.state

    given_out = Dispensing.objects.filter(prescription=rx).values_list("lines", flat=True)
    if model.state == "dispensed":
        assert model.approved is not None
        assert model.approved == model.content
        assert list(given_out) == [{"1": boxes(DOSES[model.approved])}]
    else:
        assert not given_out


def refused(world: World, patient: Patient, rx: str, call: str, model: Model) -> bool:
    model = Model(content=0) if call == "change" else model
    try:
        make(world, patient, rx, call, model)
    except Problem as problem:
        return problem.status in (403, 409, 422)
    return False
