"""
The network is away, the medicine is needed: given out on receipts, entered when the server answers.

What comes in afterwards either counts or is shown for what it is; nothing that was given is lost.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine

from hospital.notices.models import Notice
from hospital.roles import Role
from ledger import note
from pharmacy.brought import OfflineSlip
from pharmacy.models import Dispensing, Reservation, Scan, StockItem
from pharmacy.slips import Slip
from prescriptions.models import Prescription
from tests import invariants, lawfulness
from tests.journeys import unplugged
from tests.journeys.series import refused
from tests.journeys.unplugged import CHECKS, GIVEN
from tests.journeys.watching import at_once, everything, kinds
from tests.world import a_member

PATH = "/api/offline"
SLIPS = f"{PATH}/slips"


@pytest.fixture
def rx(world, patient):
    return world.paid(patient)


@pytest.fixture
def held(patient, rx):
    """The phone fetched its receipts while it could."""
    return unplugged.wallet(patient, rx)


def bring(pharmacist, given, **changes):
    return pharmacist.command(PATH, {**given, "checks": CHECKS, **changes})


def status(rx):
    return Prescription.objects.get(id=rx).status


def seen(world, rx):
    """The newest slip of this prescription as the regulator reads it."""
    slips = world.regulator.get(SLIPS, size=50)["slips"]
    return next(one for one in slips if one["prescription"] == rx)


def on_hand(world):
    items = StockItem.objects.filter(pharmacy=world.pharmacy)
    return dict(items.values_list("medicine_id", "on_hand"))


def sound():
    assert not invariants.come_to_rest()
    assert lawfulness.faults() == []


class TestWhenItStillStands:
    def test_it_counts_like_any_other(self, world, patient, rx, held):
        """The night's sale is entered in the morning: stock, book and state follow."""
        before = on_hand(world)
        given = unplugged.gives(world, patient, held)
        drawn = world.pharmacist.post(
            f"{PATH}/statement", {**given, "checks": CHECKS, "key": world.pharmacist.key_name}
        )
        assert (drawn["shows"]["outcome"], drawn["shows"]["beyond"]) == ("dispensed", [])

        done = bring(world.pharmacist, given)

        assert done["status"] == status(rx) == "dispensed"
        assert done["slip"]["outcome"] == "dispensed"
        assert sum(before.values()) - sum(on_hand(world).values()) == sum(GIVEN.values())
        assert Dispensing.objects.get(prescription=rx).lines == GIVEN
        assert not Reservation.objects.filter(prescription=rx, state="held").exists()
        facts = unplugged.last_facts(rx)
        slip = Slip.parse(note.parse(given["slip"].encode()).text)
        assert facts["offline"]["slip"] == slip.digest
        assert facts["scan"] == slip.scan == Scan.objects.get(prescription=rx).id.hex
        patient.client.command(f"/api/prescriptions/{rx}/deliver")
        assert status(rx) == "delivered"
        sound()

    def test_a_day_later_it_says_so(self, world, patient, rx, held):
        """The law takes it only as late."""
        given = unplugged.gives(world, patient, held)
        with time_machine.travel(datetime.now(UTC) + timedelta(hours=24, minutes=5), tick=True):
            world.pharmacist.enter_with_key()
            done = bring(world.pharmacist, given)
        assert (done["slip"]["outcome"], done["slip"]["beyond"]) == ("dispensed", ["late"])

    def test_who_goes_beyond_a_limit_is_seen(self, world, patient, rx, held, settings):
        """The device's limits were loose, or old; the regulator reads it from the list."""
        given = unplugged.gives(world, patient, held)
        settings.OFFLINE_TO_FEN = 1
        done = bring(world.pharmacist, given)
        assert (done["slip"]["outcome"], done["slip"]["beyond"]) == ("dispensed", ["amount"])
        assert seen(world, rx)["beyond"] == ["amount"]

    def test_without_the_checks_it_is_not_entered(self, world, patient, rx, held):
        given = unplugged.gives(world, patient, held)
        with refused("dispensing.unchecked"):
            bring(world.pharmacist, given, checks=CHECKS[:3])
        assert status(rx) == "paid"


class TestWhenItCollides:
    def collides(self, world, given, rx, reason):
        before, told = status(rx), Notice.objects.filter(kind="prescription.collided").count()
        done = bring(world.pharmacist, given)
        assert (done["slip"]["outcome"], done["slip"]["reason"]) == ("collided", reason)
        assert done["status"] == status(rx) == before
        assert kinds(rx)[-1] == "pharmacy.collide"
        assert Notice.objects.filter(kind="prescription.collided").count() == told + 1
        assert seen(world, rx)["reason"] == reason
        sound()
        return done

    def test_the_patient_had_it_given_out_elsewhere_meanwhile(self, world, patient, rx, held):
        """
        R3: taken back on the bus, authorized at the next pharmacy, given out online; in the
        evening the first one comes back to the net.
        """
        given = unplugged.gives(world, patient, held)
        patient.client.command(f"/api/prescriptions/{rx}/withdraw")
        choice = {**world.choice(patient), "pharmacy": world.other_pharmacy.slug}
        patient.client.command(f"/api/prescriptions/{rx}/authorize", choice)
        world.pay(patient, rx)
        code = world.code(patient, rx, pharmacy=world.other_pharmacy.slug)
        world.other_pharmacist.write("/api/scans", {"code": code})
        out = {"lines": GIVEN, "checks": CHECKS}
        world.other_pharmacist.command(f"/api/prescriptions/{rx}/dispense", out)
        stock = on_hand(world)

        done = self.collides(world, given, rx, "given_already")

        assert Dispensing.objects.filter(prescription=rx).count() == 1
        assert on_hand(world) == stock, "what is missing on the shelf is found by a count"
        facts = unplugged.last_facts(rx)
        assert (facts["pharmacy"], facts["lines"]) == (world.pharmacy.slug, GIVEN)
        assert facts["slip"] == done["slip"]["digest"]

    def test_the_same_counter_gave_it_out_online(self, world, patient, rx, held):
        """R2: one device had no network, the next one had."""
        given = unplugged.gives(world, patient, held)
        world.pharmacist.write("/api/scans", {"code": world.code(patient, rx)})
        out = {"lines": GIVEN, "checks": CHECKS}
        world.pharmacist.command(f"/api/prescriptions/{rx}/dispense", out)
        self.collides(world, given, rx, "given_already")

    def test_two_devices_gave_it_out_offline(self, world, patient, rx, held):
        """R2: the first that is brought in counts, the second is seen."""
        first = unplugged.gives(world, patient, held)
        second = unplugged.gives(world, patient, held)
        bring(world.pharmacist, first)
        self.collides(world, second, rx, "given_already")

    def test_it_was_taken_back(self, world, patient, rx, held):
        given = unplugged.gives(world, patient, held)
        patient.client.command(f"/api/prescriptions/{rx}/withdraw")
        self.collides(world, given, rx, "taken_back")

    def test_the_doctor_cancelled_it(self, world, patient, rx, held):
        """R4"""
        given = unplugged.gives(world, patient, held)
        world.doctor.command(f"/api/prescriptions/{rx}/cancel", {"reason": "clinical"})
        self.collides(world, given, rx, "cancelled")

    def test_the_doctor_changed_it(self, world, patient, rx, held):
        given = unplugged.gives(world, patient, held)
        world.change(rx, "0.5")
        self.collides(world, given, rx, "changed")

    def test_it_was_changed_and_paid_here_again(self, world, patient, rx, held):
        """K3: paid, at this pharmacy, and yet not what was given out."""
        given = unplugged.gives(world, patient, held)
        world.change(rx, "0.5", "0.5")
        review = {"decision": "approve"}
        world.reviewer.command(f"/api/prescriptions/{rx}/review", review)
        patient.client.command(f"/api/prescriptions/{rx}/authorize", world.choice(patient))
        world.pay(patient, rx)
        self.collides(world, given, rx, "changed")

    def test_the_phone_had_been_revoked(self, world, patient, rx, held):
        """K1, K6: of which the pharmacy's device could not know."""
        unplugged.phone_revoked(patient)
        given = unplugged.gives(world, patient, held)
        self.collides(world, given, rx, "key")


class TestWhatProvesNothing:
    def nothing_happens(self, code, by, given, **changes):
        before = everything()
        with refused(code):
            bring(by, given, **changes)
        assert everything() == before

    def test_somebody_elses_slip(self, world, patient, rx, held):
        """K1: neither a colleague's nor one of another pharmacy."""
        given = unplugged.gives(world, patient, held)
        self.nothing_happens("slip.not_yours", world.second_pharmacist, given)
        self.nothing_happens("slip.not_yours", world.other_pharmacist, given)

    def test_a_pharmacy_that_was_never_authorized(self, world, patient, rx, held):
        """Z1: it writes a slip of its own on copied receipts."""
        given = unplugged.gives(world, patient, held)
        elsewhere = world.other_pharmacy.slug
        code = world.code(patient, rx, pharmacy=elsewhere)
        slip = unplugged.rewritten(given, pharmacy=elsewhere, code=code)
        forged = {"slip": unplugged.signed(world.other_pharmacist, slip), "code": code}
        self.nothing_happens("slip.invalid", world.other_pharmacist, forged)

    def test_another_signature_another_byte(self, world, patient, rx, held):
        """K2"""
        given = unplugged.gives(world, patient, held)
        for old, new in (('{"1":1', '{"1":2'), ("offline/v1", "offline/v2")):
            changed = {**given, "slip": given["slip"].replace(old, new, 1)}
            code = "signature.invalid" if "v1" not in old else "slip.invalid"
            self.nothing_happens(code, world.pharmacist, changed)

    def test_another_code_than_was_scanned(self, world, patient, rx, held):
        """K3: a code of somebody else's, and a fresh one of the same phone."""
        given = unplugged.gives(world, patient, held)
        for code in (world.code(patient, rx), world.code(world.a_patient(), rx)):
            self.nothing_happens("code.invalid", world.pharmacist, {**given, "code": code})
        stranger = world.code(world.a_patient(), rx)
        slip = unplugged.rewritten(given, code=stranger)
        forged = {"slip": unplugged.signed(world.pharmacist, slip), "code": stranger}
        self.nothing_happens("access.wrong_patient", world.pharmacist, forged)

    @pytest.mark.parametrize(
        ("moved", "code"),
        [(timedelta(hours=1), "code.invalid"), (timedelta(minutes=-5), "code.invalid")],
    )
    def test_a_time_at_which_the_code_did_not_live(self, world, patient, rx, held, moved, code):
        """F10: who signs the slip chooses its time, and the patient's code bounds the choice."""
        given = unplugged.gives(world, patient, held)
        slip = Slip.parse(note.parse(given["slip"].encode()).text)
        other = replace(slip, given_at=slip.given_at + moved)
        signed = unplugged.signed(world.pharmacist, other)
        self.nothing_happens(code, world.pharmacist, {**given, "slip": signed})

    def test_an_entry_that_is_none_or_left_it_unpaid(self, world, patient, rx, held):
        given = unplugged.gives(world, patient, held)
        leaf = unplugged.leaves(rx)[-2]
        for after in (uuid4().hex * 2, leaf):
            slip = unplugged.rewritten(given, after=after)
            signed = unplugged.signed(world.pharmacist, slip)
            self.nothing_happens("slip.invalid", world.pharmacist, {**given, "slip": signed})

    def test_a_prescription_that_is_none(self, world, patient, rx, held):
        given = unplugged.gives(world, patient, held)
        slip = unplugged.rewritten(given, subject=f"rx/{uuid4().hex}")
        signed = unplugged.signed(world.pharmacist, slip)
        self.nothing_happens("code.invalid", world.pharmacist, {**given, "slip": signed})


def test_a_slip_is_brought_in_once(world, patient, rx, held):
    """I2, I7: the same call again has the same answer, another is told that it is there."""
    given = unplugged.gives(world, patient, held)
    bring(world.pharmacist, given)
    before = everything()
    with refused("slip.brought"):
        bring(world.pharmacist, given)
    assert everything() == before


def test_eight_devices_and_a_counter_at_once(world, patient, rx, held):
    """R1, R2: one gave it out; every other slip is there as what it is."""
    slips = [unplugged.gives(world, patient, held) for _ in range(4)]
    world.pharmacist.write("/api/scans", {"code": world.code(patient, rx)})
    out = {"lines": GIVEN, "checks": CHECKS}
    online = lambda: world.pharmacist.command(f"/api/prescriptions/{rx}/dispense", out)  # noqa: E731
    done = at_once(online, *[lambda one=one: bring(world.pharmacist, one) for one in slips])

    assert status(rx) == "dispensed"
    assert Dispensing.objects.filter(prescription=rx).count() == 1
    for one, outcome in zip(slips, done[1:], strict=True):
        if isinstance(outcome, Exception):
            bring(world.pharmacist, one)
    found = OfflineSlip.objects.filter(prescription=rx).values_list("outcome", flat=True)
    assert len(found) == 4
    assert list(found).count("dispensed") <= 1
    sound()


def test_limits_are_told_to_devices(world, settings):
    settings.OFFLINE_TO_FEN = 12_345
    told = world.pharmacist.get(f"{PATH}/limits")
    assert told["total_fen"] == 12_345
    assert "narcotic" not in told["forms"]
    assert told["reconcile_s"] == 24 * 3600


def test_a_pharmacy_lists_its_own(world, patient, rx, held):
    """Z1"""
    bring(world.pharmacist, unplugged.gives(world, patient, held))
    mine = world.pharmacist.get(SLIPS, size=50)["slips"]
    assert rx in [one["prescription"] for one in mine]
    assert {one["pharmacy"] for one in mine} == {world.pharmacy.slug}
    colleague = a_member(Role.PHARMACIST, world.other_pharmacy)
    assert colleague.get(SLIPS)["slips"] == []
