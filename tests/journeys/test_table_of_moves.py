"""The table of moves is the law; here it is written a second time, by hand, and compared."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from hospital import http
from hospital.models import Account
from hospital.roles import SERVER, Actor, Role
from prescriptions import lifecycle, permissions
from prescriptions.lifecycle import Move
from prescriptions.models import Prescription, Status, Way

S, R = Status, Role
NOON = datetime(2026, 5, 6, 4, 0, tzinfo=UTC)
END = NOON + timedelta(hours=12)
BEFORE_DISPENSING = {
    *(S.PENDING, S.ISSUED, S.CHECKED, S.RETURNED, S.APPROVED, S.AUTHORIZED, S.PAID),
}
AT_PHARMACY = {S.AUTHORIZED, S.PAID}
AT_PATIENT = {S.DELIVERED, S.CLAIMED}
LAW: dict[str, tuple[set[Status], Status | None, set[Role], str]] = {
    "issue": ({S.DRAFT}, S.ISSUED, {R.DOCTOR}, "prescription.issue"),
    "submit": ({S.DRAFT}, S.PENDING, {R.DOCTOR}, "prescription.issue"),
    "countersign": ({S.PENDING}, S.ISSUED, {R.DOCTOR}, "prescription.countersign"),
    "refuse": ({S.PENDING}, S.RETURNED, {R.DOCTOR}, "prescription.countersign"),
    "upload": ({S.DRAFT}, S.ISSUED, {R.SYSTEM}, "prescription.upload"),
    "upload_reviewed": ({S.DRAFT}, S.APPROVED, {R.SYSTEM}, "prescription.upload"),
    "approve": ({S.ISSUED}, S.APPROVED, {R.REVIEWER}, "prescription.review"),
    "check": ({S.ISSUED}, S.CHECKED, {R.REVIEWER}, "prescription.review"),
    "confirm": ({S.CHECKED}, S.APPROVED, {R.REVIEWER}, "prescription.review"),
    "send_back": ({S.ISSUED, S.CHECKED}, S.RETURNED, {R.REVIEWER}, "prescription.review"),
    "authorize": ({S.APPROVED}, S.AUTHORIZED, {R.PATIENT}, "prescription.authorize"),
    "withdraw": ({S.AUTHORIZED, S.PAID}, S.APPROVED, {R.PATIENT}, "prescription.withdraw"),
    "pay": ({S.AUTHORIZED}, S.PAID, {R.CASHIER}, "insurance.pay"),
    "double_check": ({S.PAID}, None, {R.PHARMACIST}, "pharmacy.double_check"),
    "dispense": ({S.PAID}, S.DISPENSED, {R.PHARMACIST}, "pharmacy.dispense"),
    "dispense_part": ({S.PAID}, S.DISPENSED, {R.PHARMACIST}, "pharmacy.dispense"),
    "collide": (set(S) - {S.DRAFT}, None, {R.PHARMACIST}, "pharmacy.collide"),
    "owe": ({S.DRAFT}, S.APPROVED, {R.CASHIER}, "prescription.owe"),
    "decline": (AT_PHARMACY, S.APPROVED, {R.PHARMACIST}, "pharmacy.decline"),
    "substitute": (AT_PHARMACY, None, {R.PHARMACIST}, "pharmacy.substitute"),
    "agree": (AT_PHARMACY, S.AUTHORIZED, {R.PATIENT}, "prescription.agree"),
    "disagree": (AT_PHARMACY, None, {R.PATIENT}, "prescription.disagree"),
    "ship": ({S.DISPENSED}, S.IN_TRANSIT, {R.COURIER}, "pharmacy.ship"),
    "receive": ({S.DISPENSED, S.IN_TRANSIT}, S.DELIVERED, {R.PATIENT}, "pharmacy.deliver"),
    "hand_out": ({S.DISPENSED}, S.DELIVERED, {R.PHARMACIST}, "pharmacy.deliver"),
    "hand_over": ({S.IN_TRANSIT}, S.DELIVERED, {R.COURIER}, "pharmacy.deliver"),
    "fail": ({S.IN_TRANSIT}, None, {R.COURIER}, "pharmacy.attempt"),
    "turn_back": ({S.IN_TRANSIT}, S.RETURNING, {R.COURIER}, "pharmacy.attempt"),
    "take_back": ({S.RETURNING}, S.UNDELIVERED, {R.PHARMACIST}, "pharmacy.take_back"),
    "decide": ({S.DELIVERED}, S.DELIVERED, {R.AGENT, R.OFFICER}, "insurance.claim"),
    "claim": ({S.DELIVERED}, S.CLAIMED, {R.AGENT, R.OFFICER}, "insurance.claim"),
    "pend": ({S.DELIVERED}, None, {R.AGENT, R.OFFICER}, "insurance.pend"),
    "ask_field": ({S.DELIVERED}, None, {R.OFFICER}, "insurance.pend"),
    "withhold": ({S.DELIVERED}, None, {R.PATIENT}, "insurance.withhold"),
    "reopen": (AT_PATIENT, S.DELIVERED, {R.OFFICER}, "insurance.reopen"),
    "appeal": (AT_PATIENT, S.DELIVERED, {R.PATIENT}, "insurance.appeal"),
    "return_part": (AT_PATIENT, None, {R.PHARMACIST}, "pharmacy.return"),
    "return": (AT_PATIENT, S.TAKEN_BACK, {R.PHARMACIST}, "pharmacy.return"),
    "reverse": (AT_PATIENT | {S.TAKEN_BACK}, None, {R.AGENT}, "insurance.reverse"),
    "claw_back": (AT_PATIENT | {S.TAKEN_BACK}, None, {R.AGENT}, "insurance.reverse"),
    "cancel": (BEFORE_DISPENSING, S.CANCELLED, {R.DOCTOR}, "prescription.cancel"),
    "give_up": (BEFORE_DISPENSING - {S.PAID}, S.CANCELLED, {R.PATIENT}, "prescription.cancel"),
    "void": ({S.DRAFT}, S.CANCELLED, {R.DOCTOR, R.SYSTEM}, "prescription.cancel"),
    "undo": (BEFORE_DISPENSING, S.CANCELLED, {R.SYSTEM}, "prescription.cancel"),
    "ask_change": (AT_PHARMACY, None, {R.PHARMACIST}, "prescription.change_request"),
    "keep": (AT_PHARMACY, None, {R.DOCTOR}, "prescription.keep"),
    "change": (BEFORE_DISPENSING, S.ISSUED, {R.DOCTOR}, "prescription.change"),
    "resubmit": (BEFORE_DISPENSING, S.PENDING, {R.DOCTOR}, "prescription.change"),
    "extend": (BEFORE_DISPENSING, None, {R.DOCTOR}, "prescription.extend"),
    "expire": (BEFORE_DISPENSING, S.EXPIRED, {R.CLOCK}, "prescription.expire"),
}
COLLEAGUE = {"countersign", "refuse"}
FOUR_EYES = {"approve", "check", "confirm", "send_back", "ask_change", *COLLEAGUE}
FOUR_EYES |= {"double_check", "dispense", "dispense_part", "substitute"}
AT_ANY_TIME = {"void", "collide", "owe"}
AT_ANY_TIME |= {"ship", "receive", "hand_out", "hand_over", "decide", "claim"}
AT_ANY_TIME |= {"pend", "ask_field", "withhold", "reopen", "appeal"}
AT_ANY_TIME |= {"fail", "turn_back", "take_back"}
AT_ANY_TIME |= {"return_part", "return", "reverse", "claw_back"}
every_move = pytest.mark.parametrize("move", lifecycle.MOVES, ids=lambda move: move.name)


def a_prescription(status: Status) -> Prescription:
    """Not stored; each party has an id of its own. It was uploaded, so every role has a part."""
    people = {
        name: Account(id=uuid4(), person_id=n) for n, name in enumerate(("patient", "doctor"))
    }
    return Prescription(
        **people, status=status, hospital_id=10, pharmacy_id=20, courier_id=30, way=Way.COURIER,
        created_at=NOON, valid_until=END, upload_number=b"1",
    )  # fmt: skip


def a_party(prescription: Prescription, role: Role, **changes: Any) -> Actor:
    """The party to this prescription that has the role."""
    ids = {R.PATIENT: prescription.patient_id, R.DOCTOR: prescription.doctor_id}
    server = role in (R.CLOCK, R.CASHIER)
    of_hospital = dict.fromkeys((R.DOCTOR, R.REVIEWER, R.SYSTEM), 10)
    employer = {**of_hospital, R.PHARMACIST: 20, R.COURIER: 30}.get(role, 0)
    values = {
        "account": SERVER if server else ids.get(role, uuid4()),
        "role": role,
        "organisation_id": employer,
        "person": {R.PATIENT: 0, R.DOCTOR: 1}.get(role, 99),
    }
    return Actor(**{**values, **changes})


def who_may(prescription: Prescription, move: Move, role: Role, **changes: Any) -> Actor:
    """The party that makes the move: its own doctor, but a colleague where one countersigns."""
    if role is R.DOCTOR and move.name in COLLEAGUE:
        changes = {"account": uuid4(), "person": 98, **changes}
    return a_party(prescription, role, **changes)


def at(move: Move) -> datetime:
    return END if move is lifecycle.EXPIRE else NOON


def test_the_table_is_what_we_wrote_down():
    """R9"""
    table = {
        move.name: (set(move.sources), move.target, set(move.by), move.kind)
        for move in lifecycle.MOVES
    }
    assert table == LAW
    assert {move.name for move in lifecycle.MOVES if move.four_eyes} == FOUR_EYES
    assert {move.name for move in lifecycle.MOVES if move.colleague} == COLLEAGUE
    assert {move.name for move in lifecycle.MOVES if not move.in_time} == AT_ANY_TIME


@every_move
def test_every_state_and_role(move):
    """R7, R8, R9: every cell of (state, move, role), computed; nothing else is lawful."""
    sources, _, roles, _ = LAW[move.name]
    for status in Status:
        for role in Role:
            prescription = a_prescription(status)
            by = who_may(prescription, move, role)
            if role not in roles:
                with pytest.raises(http.WrongRole):
                    lifecycle.check(prescription, move, by=by, at=at(move))
            elif status not in sources:
                with pytest.raises(lifecycle.WrongState):
                    lifecycle.check(prescription, move, by=by, at=at(move))
            else:
                lifecycle.check(prescription, move, by=by, at=at(move))


STRANGERS = {
    R.PATIENT: permissions.WrongPatient,
    R.DOCTOR: permissions.WrongDoctor,
    R.REVIEWER: permissions.WrongHospital,
    R.SYSTEM: permissions.WrongHospital,
    R.PHARMACIST: permissions.WrongPharmacy,
    R.COURIER: permissions.WrongCourier,
}


FORMERLY = [move for move in lifecycle.MOVES if move.formerly]


def test_who_was_a_party_once_is_asked_by_who_offers_the_move():
    """Z1: ``test_offline`` has the pharmacy that never was one."""
    assert FORMERLY == [lifecycle.COLLIDE]


@pytest.mark.parametrize(
    "move", [m for m in lifecycle.MOVES if not m.formerly], ids=lambda m: m.name
)
def test_no_stranger_in_any_state(move):
    """Z1: whose it is comes before what state it is in, so a stranger learns no state."""
    for status in Status:
        prescription = a_prescription(status)
        for role in move.by:
            if role in STRANGERS:
                stranger = a_party(prescription, role, account=uuid4(), organisation_id=77)
                wrong = permissions.WrongHospital if move.colleague else STRANGERS[role]
                with pytest.raises(wrong):
                    lifecycle.check(prescription, move, by=stranger, at=at(move))


@pytest.mark.parametrize("move", [m for m in lifecycle.MOVES if m.four_eyes], ids=lambda m: m.name)
def test_not_by_who_prescribed_countersigned_or_will_receive_it(move):
    """K8"""
    prescription = a_prescription(move.sources[0])
    prescription.countersigner_id = 97
    for person in (0, 1, 97):
        own = a_party(prescription, move.by[0], person=person)
        with pytest.raises(permissions.OwnPrescription):
            lifecycle.check(prescription, move, by=own, at=NOON)


def test_nobody_reviews_twice():
    """K8: by person, whatever account; the first may still send it back."""
    prescription = a_prescription(S.CHECKED)
    prescription.checker_id = 99
    first, second = (a_party(prescription, R.REVIEWER, person=person) for person in (99, 98))
    with pytest.raises(permissions.SameReviewer):
        lifecycle.check(prescription, lifecycle.CONFIRM, by=first, at=NOON)
    lifecycle.check(prescription, lifecycle.CONFIRM, by=second, at=NOON)
    lifecycle.check(prescription, lifecycle.SEND_BACK, by=first, at=NOON)


def test_nobody_gives_out_what_he_or_she_checked():
    """K8: by person, whatever account; checking again is no harm."""
    prescription = a_prescription(S.PAID)
    prescription.double_checker_id = 99
    first, second = (a_party(prescription, R.PHARMACIST, person=person) for person in (99, 98))
    with pytest.raises(permissions.SamePharmacist):
        lifecycle.check(prescription, lifecycle.DISPENSE, by=first, at=NOON)
    lifecycle.check(prescription, lifecycle.DISPENSE, by=second, at=NOON)
    lifecycle.check(prescription, lifecycle.DOUBLE_CHECK, by=first, at=NOON)


@every_move
@pytest.mark.parametrize(
    ("offset", "early"), [(timedelta(microseconds=-1), True), (timedelta(0), False)]
)
def test_hands_over_to_expiry_at_exactly_valid_until(move, offset, early):
    """F11: to the microsecond; what was dispensed in time may be delivered later."""
    lawful = not move.in_time or early != (move is lifecycle.EXPIRE)
    for source in move.sources:
        prescription = a_prescription(source)
        by = who_may(prescription, move, move.by[0])
        if lawful:
            lifecycle.check(prescription, move, by=by, at=END + offset)
        else:
            with pytest.raises(lifecycle.OutOfTime):
                lifecycle.check(prescription, move, by=by, at=END + offset)


@every_move
@pytest.mark.parametrize(
    ("offset", "early"), [(timedelta(microseconds=-1), True), (timedelta(0), False)]
)
def test_only_the_choice_of_a_pharmacy_waits_until_an_issue_opens(move, offset, early):
    """F11: to the microsecond; it can be reviewed, stopped or given up before."""
    for source in move.sources:
        prescription = a_prescription(source)
        prescription.opens_at = at(move) - offset
        by = who_may(prescription, move, move.by[0])
        if early and move is lifecycle.AUTHORIZE:
            with pytest.raises(lifecycle.TooEarly):
                lifecycle.check(prescription, move, by=by, at=at(move))
        else:
            lifecycle.check(prescription, move, by=by, at=at(move))


def test_every_status_can_be_reached_and_none_is_a_trap():
    """R9: whatever is open can also expire; nothing is open for ever."""
    assert {move.target for move in lifecycle.MOVES} - {None} | {S.DRAFT} == set(Status)
    still_open = {source for m in lifecycle.MOVES if m.in_time for source in m.sources} - {S.DRAFT}
    assert still_open == set(lifecycle.EXPIRE.sources)


def test_nothing_leads_back_from_dispensed():
    """R8: no way from dispensed to anything that could be dispensed again."""
    reached, frontier = set(), {S.DISPENSED}
    while frontier:
        reached |= frontier
        frontier = {
            Status(move.leads_to(source))
            for move in lifecycle.MOVES
            for source in reached & set(move.sources)
        } - reached
    assert reached == {
        *(S.DISPENSED, S.IN_TRANSIT, S.RETURNING),
        *(S.DELIVERED, S.CLAIMED, S.UNDELIVERED, S.TAKEN_BACK),
    }


def test_status_is_not_editable():
    assert not Prescription._meta.get_field("status").editable


def test_the_servers_roles_own_nothing():
    """T11: an id that no row has."""
    assert UUID(int=0) == SERVER
