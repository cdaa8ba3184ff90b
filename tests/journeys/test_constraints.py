"""The database itself refuses what must not be: every constraint is tried."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from hospital import calendar, records
from hospital.consultations.models import Consultation, Message
from hospital.corrections.models import Correction
from hospital.faces.models import FaceCheck
from hospital.feeds import models as feeds
from hospital.guardians.models import Guardianship, GuestKey
from hospital.models import (
    Account,
    Answer,
    Department,
    Emergency,
    Grant,
    Key,
    Listed,
    Organisation,
    Person,
    SealedRecord,
)
from hospital.notices.models import Notice, Subscription
from hospital.readingkeys.models import ReadingKey
from hospital.roles import Role
from insurance.board.models import Alarm, Cell, Rolled, Tally
from insurance.journal.models import Carrying, Entry, Fold, Posting
from insurance.models import (
    Batch,
    Bill,
    BillLine,
    BillShare,
    Claim,
    Clawback,
    Edition,
    Insured,
    LineShare,
    Payment,
    Pending,
    Policy,
    Product,
    Reckoning,
    ReckoningShare,
    Refund,
    Remittance,
    Reversal,
    Settlement,
    Terms,
    Transfer,
)
from insurance.reconciliation import models as reconciled
from pharmacy.models import (
    Attempt,
    Box,
    BoxMove,
    Carriage,
    ClosedDay,
    Collected,
    Collision,
    Consignment,
    Count,
    CourierNews,
    CourierOrder,
    Destruction,
    Lot,
    Movement,
    OfflineSlip,
    Opening,
    Placing,
    Printed,
    PrintedCode,
    Recall,
    Reservation,
    Return,
    Scan,
    StockItem,
    Substitution,
)
from prescriptions.appraisal.models import Case, Draw, Sample
from prescriptions.models import ChangeRequest, Prescription, Status, Version
from prescriptions.registers import Register, Serial
from prescriptions.reviews import Review
from prescriptions.sharing.models import Delivery, Offer, OptIn, PrivacyLoss, Use
from tests import feeding
from tests.journeys import sharers, writes
from tests.watched import APPS
from tests.world import Patient, World, a_department

Rows = dict[type[models.Model], Any]


@pytest.fixture(scope="session")
def rows(session_world) -> Rows:
    """One lawful row of each kind, made by a prescription that went the whole way."""
    world = session_world
    patient = world.a_patient()
    ready = writes.settle(world, patient)
    ready.by.write(ready.path, ready.body)
    world.approved(patient)
    open_rx = world.authorized(patient)
    subscribed = writes.subscribe(world, patient)
    subscribed.by.write(subscribed.path, subscribed.body)
    patient.client.write(writes.of(open_rx, "pay"), {})
    consents = [
        writes.grant(world, patient),
        writes.appoint(world, patient),
        writes.enter_key(world, patient),
        writes.review_emergency(world, patient),
    ]
    for consent in consents:
        consent.by.write(consent.path, consent.body)
    asked = world.asked_to_change(patient)
    world.doctor.write(writes.of(asked, "versions"), world.content())
    judged = writes.judge(world, patient)
    judged.by.write(judged.path, judged.body)
    case = Case.objects.select_related("sample__draw").get(prescription__id=judged.rx)
    numbered = writes.issue_narcotic(world, patient)
    numbered.by.write(numbered.path, numbered.body)
    serial = Serial.objects.select_related("register").get(prescription_id=numbered.rx)
    count = writes.count_lot(world, patient)
    counted = count.by.write(count.path, count.body)
    consignment = writes.sent_goods(world, patient).rpartition("/")[2]
    box = Box.objects.get(consignment__id=consignment)
    offer = sharers.approved(world, **sharers.counting())
    sharing = sharers.sharers(world, offer)[0]
    sharers.counts(world.researcher, offer)
    use = Use.objects.select_related("opt_in", "delivery__offer").get(patient__id=sharing.account)
    Use.objects.filter(id=use.id).update(due_at=None)  # as whoever makes the transfer does
    reward = Transfer.objects.create(
        use=use,
        out_bill_no=f"R{uuid4().hex[:30]}",
        amount_fen=use.reward_fen,
        created_at=timezone.now(),
    )
    posting = Posting.objects.select_related("entry").latest("at")
    covered = Insured.objects.select_related("policy__product")
    insured = covered.filter(patient_id=patient.account)[0]
    back = writes.claw_back(world, world.a_patient())
    clawed = Clawback.objects.get(id=back.by.write(back.path, back.body)["id"])
    remit = writes.remit(world, world.a_patient())
    remitted = Remittance.objects.get(id=remit.by.write(remit.path, remit.body)["id"])
    terms = writes.pay_daily(world, patient)
    terms.by.write(terms.path, terms.body)
    destroy = writes.destroy(world, patient)
    destroying = destroy.by.write(destroy.path, destroy.body)["id"]
    collect = writes.collect(world, patient)
    collect.by.write(collect.path, {})
    collected = Collected.objects.select_related("recall").latest("id")
    slip = writes.bring_offline(world, patient)
    slip.by.write(slip.path, slip.body)
    proposed = writes.propose_other(world, patient)
    proposed.by.write(proposed.path, proposed.body)
    _, printed = world.printed(patient, world.paid(patient))
    paper = PrintedCode.objects.get(id=printed["id"])
    talk = Consultation.objects.get(id=world.answered(patient))
    appealed = writes.appealed(world, patient)
    rx = Prescription.objects.get(id=ready.rx)
    officer, _ = writes.keyed()
    brought = world.turned_back(patient)
    ordered = CourierOrder.objects.create(
        prescription_id=brought, number=f"C{uuid4().hex[:30]}", cold=False, made_at=timezone.now()
    )
    reading_key = ReadingKey.objects.get(organisation__account__id=UUID(officer.account))
    for ready_to_serve in (writes.set_hours(world, patient), writes.set_carriage(world, patient)):
        ready_to_serve.by.write(ready_to_serve.path, ready_to_serve.body)
    world.doctor.get("/api/prescriptions")  # a list, in which the patient stands
    waits = a_webhook_that_waits(world, patient)
    said = reconciled.Statement.objects.create(
        source="payer",
        payer=world.fund,
        day=calendar.legal_day(long_ago),
        read_at=timezone.now(),
    )
    return {
        Organisation: world.hospital,
        Department: a_department(world.hospital),
        Consultation: talk,
        Message: talk.messages.first(),
        Account: Account.objects.get(id=patient.account),
        SealedRecord: rx.record,
        Listed: Listed.objects.filter(patient_id=patient.account).first(),
        Grant: Grant.objects.get(patient_id=patient.account),
        Emergency: Emergency.objects.get(patient_id=patient.account),
        Correction: Correction.objects.get(id=appealed.rpartition("/")[2]),
        Guardianship: Guardianship.objects.get(patient_id=patient.account),
        GuestKey: GuestKey.objects.get(key__account_id=patient.account),
        Key: Key.objects.get(account_id=patient.account),
        ReadingKey: reading_key,
        FaceCheck: FaceCheck.objects.get(account_id=patient.account),
        feeds.Feed: waits.endpoint.organisation.feed,
        feeds.Item: waits.item,
        feeds.Endpoint: waits.endpoint,
        feeds.Delivery: waits,
        Notice: Notice.objects.filter(account_id=patient.account).first(),
        Subscription: Subscription.objects.get(account_id=patient.account),
        Answer: Answer.objects.filter(account_id=patient.account).first(),
        Prescription: rx,
        Review: Review.objects.filter(prescription=rx).first(),
        Register: serial.register,
        Serial: serial,
        Version: Version.objects.get(prescription=asked),
        ChangeRequest: ChangeRequest.objects.get(prescription=asked),
        Draw: case.sample.draw,
        Sample: case.sample,
        Case: case,
        Opening: Opening.objects.filter(pharmacy=world.pharmacy).first(),
        ClosedDay: ClosedDay.objects.get(pharmacy=world.pharmacy),
        Carriage: Carriage.objects.filter(pharmacy=world.pharmacy).first(),
        StockItem: StockItem.objects.filter(pharmacy=world.pharmacy).first(),
        Reservation: Reservation.objects.filter(prescription=open_rx).first(),
        Lot: Lot.objects.filter(
            item__pharmacy=world.pharmacy, state="open", back_from=None, coded=0
        ).first(),
        Movement: Movement.objects.filter(prescription=rx).first(),
        OfflineSlip: OfflineSlip.objects.get(prescription__id=slip.rx),
        Attempt: Attempt.objects.get(prescription__id=brought),
        CourierOrder: ordered,
        CourierNews: CourierNews.objects.create(
            order=ordered,
            number=1,
            state="moving",
            happened_at=timezone.now(),
            heard_at=timezone.now(),
        ),
        Count: Count.objects.get(id=counted["id"]),
        Scan: Scan.objects.get(prescription=rx),
        PrintedCode: paper,
        Printed: Printed.objects.get(code=paper),
        Box: box,
        BoxMove: BoxMove.objects.get(box=box, movement=None),
        Consignment: Consignment.objects.get(id=consignment),
        Collision: Collision.objects.create(
            box=box, pharmacy=world.pharmacy, by_id=world.pharmacist.account, at=timezone.now()
        ),
        Substitution: Substitution.objects.get(prescription__id=proposed.rx),
        Destruction: Destruction.objects.get(id=destroying),
        Return: clawed.reversals.get().returned,
        Refund: Refund.objects.get(returned=clawed.reversals.get().returned),
        Reckoning: Reckoning.objects.get(returned=clawed.reversals.get().returned),
        Reversal: clawed.reversals.get(),
        Clawback: clawed,
        Remittance: remitted,
        Settlement: remitted.settlements.get(),
        Terms: Terms.objects.get(payer__account__id=terms.by.account),
        Batch: Batch.objects.create(
            payer=world.fund,
            pharmacy=world.pharmacy,
            upto=1,
            claims_count=1,
            total_fen=1,
            left=0,
            prepared_at=timezone.now(),
        ),
        Recall: collected.recall,
        Collected: collected,
        Insured: insured,
        Policy: insured.policy,
        Product: insured.policy.product,
        Edition: insured.policy.product.editions.get(),
        BillShare: Bill.objects.get(prescription=rx).in_order[0],
        LineShare: LineShare.objects.filter(share__bill__prescription=rx).first(),
        ReckoningShare: clawed.reversals.get().returned.reckoning.shares.first(),
        Bill: Bill.objects.get(prescription=rx),
        BillLine: BillLine.objects.filter(bill__prescription=rx).first(),
        Payment: Payment.objects.get(bill__prescription=rx),
        Claim: Claim.objects.get(bill__prescription=rx),
        Pending: put_aside(world),
        Offer: use.delivery.offer,
        OptIn: use.opt_in,
        Delivery: use.delivery,
        Use: use,
        PrivacyLoss: PrivacyLoss.objects.get(patient__id=sharing.account),
        Transfer: reward,
        reconciled.Statement: said,
        reconciled.Difference: reconciled.Difference.objects.create(
            statement=said,
            about="settlement",
            number=uuid4().hex,
            kind="amount",
            ours_fen=2,
            theirs_fen=1,
            ours_state="done",
            theirs_state="done",
            created_at=timezone.now(),
        ),
        Entry: posting.entry,
        Posting: posting,
        Cell: Cell.objects.create(
            span_s=300, begins=timezone.now(), organisation="", what=uuid4().hex, number=1
        ),
        Tally: Tally.objects.create(
            rule="refused_access", who=uuid4().hex, day=timezone.now().date(), among="", number=1
        ),
        Alarm: Alarm.objects.create(
            rule="refused_access",
            who=uuid4().hex,
            number=1,
            threshold=1,
            created_at=timezone.now(),
            seen_at=timezone.now(),
        ),
        Carrying: Carrying.objects.create(
            payer=world.insurer, carrier="pharmacy", since=timezone.now()
        ),
    }


def put_aside(world: World) -> Pending:
    """A claim that waits for a person."""
    ready = writes.pend(world, world.a_patient())
    ready.by.write(ready.path, ready.body)
    return Pending.objects.get(bill__prescription__id=ready.rx)


def a_webhook_that_waits(world: World, patient: Patient) -> feeds.Delivery:
    """The second of a prescription; the first has not arrived yet."""
    ready = writes.register_endpoint(world, patient)
    made = ready.by.write(ready.path, {"url": ready.body["url"]})
    endpoint = feeds.Endpoint.objects.select_related("organisation__feed").get(id=made["id"])
    feeding.told(endpoint.organisation, feeding.a_subject(), 1, 2)
    rows = feeds.Delivery.objects.select_related("item", "endpoint__organisation__feed")
    return rows.get(endpoint=endpoint, due_at=None)


def sets(model: type[models.Model], **changes: Any) -> Callable[[Rows], Any]:
    """Try to change a lawful row, past all code of ours."""
    return lambda rows: model._default_manager.filter(pk=rows[model].pk).update(**changes)


def twice(model: type[models.Model], **changes: Any) -> Callable[[Rows], Any]:
    """Try to store a lawful row a second time."""

    def copy(rows: Rows) -> None:
        row = model._default_manager.get(pk=rows[model].pk)
        row.pk = uuid4() if isinstance(row.pk, type(uuid4())) else None
        row._state.adding = True
        for name, value in changes.items():
            setattr(row, name, value)
        row.save(force_insert=True)

    return copy


def second_doctor(rows: Rows) -> None:
    doctor = rows[Prescription].doctor
    Account.objects.create(
        role=Role.DOCTOR,
        organisation=doctor.organisation,
        license_number=doctor.license_number,
        created_at=timezone.now(),
    )


def second_open_payment(rows: Rows) -> None:
    one = Payment.objects.filter(state=Payment.State.OPEN).first()
    assert one is not None
    one.pk, one.out_trade_no = None, f"P{uuid4().hex[:30]}"
    one.save(force_insert=True)


def two_pay_with_the_patient(rows: Rows) -> None:
    share = rows[BillShare]
    BillShare.objects.filter(pk=share.pk).update(city="450200")
    share.pk, share.number, share.city = None, 9, "450200"
    share.payer_id = rows[Bill].pharmacy_id
    share.save(force_insert=True)


def a_refund(rows: Rows, **says: Any) -> None:
    owed = {"amount_fen": 1, "out_refund_no": f"R{uuid4().hex[:30]}", "created_at": timezone.now()}
    Refund.objects.create(payment=rows[Payment], **owed, **says)


def again_with_a_record(rows: Rows) -> None:
    one = rows[Message]
    Message.objects.create(
        consultation_id=one.consultation_id,
        number=one.number,
        author_id=one.author_id,
        kind=one.kind,
        record=records.seal({"text": "x"}),
        created_at=timezone.now(),
    )


def copied(model: type[models.Model], **changes: Any) -> Callable[[Rows], Any]:
    """Store a lawful row a second time, with a sealed record of its own."""

    def copy(rows: Rows) -> None:
        record = records.seal({"text": "x"})
        twice(model, record=record, **changes)(rows)

    return copy


def disputed_again(rows: Rows) -> None:
    sealed = {name: records.seal({"text": "x"}) for name in ("request", "answer", "appeal")}
    twice(Correction, **sealed)(rows)


def a_hospital_of_a_hospital(rows: Rows) -> None:
    hospital = rows[Organisation]
    Organisation.objects.filter(id=hospital.id).update(hospital=hospital)


def approved_by_two(**changes: Any) -> Callable[[Rows], None]:
    """What the forms of two reviewers, or of two pharmacists, ask for, and these changes."""

    def change(rows: Rows) -> None:
        rx = Prescription.objects.filter(id=rows[Prescription].id)
        checker, confirmer = Person.objects.values_list("id", flat=True)[:2]
        named = {name: rows.get(value, value) for name, value in changes.items()}
        rx.update(checker_id=checker, confirmer_id=confirmer)
        rx.update(double_checker_id=checker, double_checked_scan=uuid4(), dispensed_by_id=confirmer)
        rx.update(**named)

    return change


def at_the_counter_by_one(rows: Rows) -> None:
    """Lawful in all else: the pharmacist who gave it out is the one who checked it."""
    person = models.F("double_checker")
    approved_by_two()(rows)
    rx = Prescription.objects.filter(id=rows[Prescription].id)
    rx.update(form="narcotic", dispenser=models.F("pharmacy"), dispensed_by=person)


def an_offline_one_from_a_consultation(rows: Rows) -> None:
    rx = Prescription.objects.filter(id=rows[Prescription].id)
    rx.update(online=False, consultation=rows[Consultation])


long_ago = timezone.now() - timedelta(days=10**4)
AN_ISSUE = {"series": uuid4(), "issue_number": 1, "issues": 2, "interval_days": 7}


def another_of_this_number(rows: Rows) -> None:
    twice(Case, prescription_id=rows[Prescription].pk)(rows)


def the_same_issue_twice(rows: Rows) -> None:
    both = [rows[Prescription].pk, rows[Reservation].prescription_id]
    opens_at = models.F("created_at")
    Prescription.objects.filter(pk__in=both).update(**AN_ISSUE, opens_at=opens_at)


NOWHERE = {"pharmacy": None, "way": ""}


def leased_for_ever(rows: Rows) -> None:
    rx = Prescription.objects.filter(id=rows[Prescription].id)
    rx.update(lease_holder=models.F("doctor"), lease_until=long_ago)


RECEIVED = {
    "kind": "received",
    "quantity": 1,
    **dict.fromkeys(("prescription", "entry", "count")),
}
AN_UPLOAD = {"upload_number": b"1", "upload_digest": b"2"}


def two_refunds(*amounts: int) -> Callable[[Rows], None]:
    """For one cause, of one payment."""

    def refund(rows: Rows) -> None:
        for fen in amounts:
            Refund.objects.create(
                payment=rows[Payment],
                cause="part",
                amount_fen=fen,
                out_refund_no=f"D{uuid4().hex[:30]}",
                created_at=timezone.now(),
            )

    return refund


def another_return(rows: Rows) -> Return:
    one = Return.objects.get(pk=rows[Return].pk)
    one.pk, one._state.adding = uuid4(), True
    one.save(force_insert=True)
    return one


def the_same_number_twice(rows: Rows) -> None:
    both = [rows[Prescription].pk, rows[Reservation].prescription_id]
    Prescription.objects.filter(pk__in=both).update(**AN_UPLOAD)


ANOTHER_BOX: dict[str, Any] = {"on_hand": 0, "commitment": "0" * 64, "consignment": None}


def moved(box: Box, units: int, movement: Movement | None = None) -> None:
    movement = movement or box.lot.movements.earliest("id")
    BoxMove.objects.create(box=box, lot_id=box.lot_id, quantity=units, movement=movement)


def sent_again(one: Consignment) -> None:
    sent = {"kind": "sent", "quantity": -1, "consignment": one, "by_id": one.sent_by_id}
    Movement.objects.create(lot_id=one.lot_id, at=timezone.now(), **sent)


TRIES: dict[str, Callable[[Rows], Any]] = {
    "accepted_by_a_doctor_who_said_so": sets(Consultation, doctor=None),
    "nobody_accepts_beforehand": sets(Consultation, state="asked"),
    "follow_up_has_evidence": sets(Consultation, earlier=[]),
    "accepted_before_it_is_closed": sets(Consultation, close_until=long_ago),
    "message_numbered_once": again_with_a_record,
    "messages_count_from_one": sets(Message, number=0),
    "only_online_from_a_consultation": an_offline_one_from_a_consultation,
    "only_a_pharmacy_is_a_hospitals_own": a_hospital_of_a_hospital,
    "a_place_is_on_earth": sets(Organisation, latitude=24.3),
    "department_once": twice(Department),
    "patients_have_no_employer": sets(Account, role=Role.DOCTOR),
    "one_patient_account_per_person": twice(Account, wechat_index=None),
    "license_once_per_role_and_organisation": second_doctor,
    "one_answer_per_key": twice(Answer),
    "a_face_passes_once_begun": sets(FaceCheck, spent_at=None, verify_id=""),
    "a_face_is_spent_in_time": sets(FaceCheck, spent_at=timezone.now() + timedelta(days=10**4)),
    "a_spent_face_forgets": sets(FaceCheck, phone=b"13900139000"),
    "a_refund_fails_at_a_time_for_a_reason": lambda rows: a_refund(rows, state="failed"),
    "forgotten_was_numbered": sets(feeds.Feed, forgotten=10**9),
    "fed_in_one_place": twice(feeds.Item, version=9),
    "fed_once": twice(feeds.Item, sequence=None),
    "disabled_for_a_reason": sets(feeds.Endpoint, state="disabled"),
    "a_former_key_has_a_former_generation": sets(feeds.Endpoint, former_until=timezone.now()),
    "delivered_as_one": twice(feeds.Delivery),
    "one_of_a_subject_under_way": sets(feeds.Delivery, due_at=timezone.now()),
    "not_due_after_its_outcome": sets(
        feeds.Delivery, due_at=timezone.now(), outcome="stopped", subject="another"
    ),
    "acknowledged_by_an_answer": sets(feeds.Delivery, outcome="acknowledged", answered=500),
    "told_once": twice(Notice),
    "due_until_there_is_an_outcome": sets(Notice, due_at=None, outcome=""),
    "sent_under_a_grant": sets(Notice, due_at=None, outcome="sent", granted_at=None),
    "subscribed_once": twice(Subscription),
    "listed_once_a_look": twice(Listed),
    "grant_ends_after_it_begins": sets(Grant, until=long_ago),
    "grant_opens_fields_of_its_purpose": sets(Grant, purpose="research"),
    "nobody_is_the_own_guardian": sets(Guardianship, guardian=models.F("patient")),
    "guardianship_ends_after_it_begins": sets(Guardianship, ended_at=long_ago),
    "registered_with_evidence": sets(Guardianship, kind="registered"),
    "one_open_correction": disputed_again,
    "correction_asked_before_its_term": sets(Correction, answer_until=long_ago),
    "correction_answered_by_somebody": sets(Correction, answerer=None),
    "correction_refused_for_a_reason": sets(Correction, reason=""),
    "correction_appealed_in_words": sets(Correction, appeal=None),
    "correction_decided_by_somebody": sets(Correction, state="upheld"),
    "a_code_is_used_once": twice(Scan),
    "a_code_names_so_many": sets(Scan, number=9),
    "a_printed_code_ends_somehow": sets(PrintedCode, ending="lost"),
    "so_many_birth_dates_and_no_more": sets(PrintedCode, failures=5),
    "a_key_where_answers_are_sealed": sets(ReadingKey, state="revoked"),
    "what_is_proposed_has_a_proposer": sets(ReadingKey, proposed=b""),
    "entered_once_in_each_line": twice(GuestKey),
    "emergency_ends_after_it_begins": sets(Emergency, until=long_ago, opened_at=None),
    "who_has_left_is_out": sets(Account, left_at=timezone.now()),
    "what_is_gone_is_not_kept": sets(SealedRecord, wrapped_key=b"", kept_until=timezone.now()),
    "opened_by_two_in_time": sets(Emergency, seconder=models.F("doctor")),
    "only_what_was_opened_is_judged": sets(Emergency, opened_at=None, seconder=None),
    "verdict_has_reviewer_and_time": sets(Emergency, reviewer=None),
    "chosen_pharmacy_and_way_go_together": sets(Prescription, pharmacy=None),
    "courier_exactly_when_couriered": sets(Prescription, way="courier"),
    "valid_after_creation": sets(Prescription, valid_until=long_ago),
    "alone_or_an_issue_of_a_series": sets(Prescription, issues=2),
    "opens_before_it_ends": sets(
        Prescription, **AN_ISSUE, opens_at=timezone.now() + timedelta(days=10**4)
    ),
    "issue_numbered_once": the_same_issue_twice,
    "uploaded_once": the_same_number_twice,
    "uploaded_with_its_content": sets(Prescription, upload_number=b"1"),
    "uploaded_is_met_and_alone": sets(Prescription, **AN_UPLOAD, online=True),
    "written_on_a_form_of_the_law": sets(Prescription, form=""),
    "narcotics_name_their_dispenser": approved_by_two(form="narcotic"),
    "narcotics_are_fetched_at_their_dispenser": approved_by_two(
        form="narcotic", dispenser=Organisation
    ),
    "version_of_narcotics_names_its_dispenser": sets(Version, form="narcotic"),
    "one_volume_a_day": twice(Register),
    "numbered_once_a_day": copied(Serial),
    "numbers_count_from_one": sets(Serial, number=0),
    "countersigned_before_it_counts": sets(Prescription, warnings=["rx.countersignature"]),
    "checked_by_somebody": sets(Prescription, status="checked", pharmacy=None, way=""),
    "controlled_approved_by_two": sets(Prescription, form="toxic"),
    "a_double_check_is_of_a_scan": sets(Prescription, double_checked_scan=uuid4()),
    "narcotics_given_out_by_two": at_the_counter_by_one,
    "awaits_review_since_a_moment": sets(
        Prescription, **NOWHERE, status="issued", awaits_since=None
    ),
    "leased_to_somebody_for_a_time": sets(
        Prescription, **NOWHERE, status="issued", lease_until=long_ago
    ),
    "only_what_awaits_review_is_leased": leased_for_ever,
    "sent_back_for_a_reason": sets(Review, move="send_back"),
    "reviewed_after_it_waited": sets(Review, reviewed_at=long_ago),
    "version_numbered_once": copied(Version, replaced_at=long_ago),
    "one_version_waits": copied(Version, number=9),
    "version_on_a_form_of_the_law": sets(Version, form=""),
    "one_open_request": copied(ChangeRequest),
    "answered_when": sets(ChangeRequest, answered_at=long_ago),
    "kept_for_a_reason": sets(ChangeRequest, keep_reason="other"),
    "drawn_once": twice(Draw),
    "a_month_is_its_first_day": sets(Draw, month=date(2001, 1, 2)),
    "one_sample_of_a_month": twice(Sample),
    "drawn_of_something": sets(Sample, population=0),
    "case_numbered_once": another_of_this_number,
    "judged_by_somebody_at_a_time": sets(Case, reviewer=None),
    "unreasonable_for_a_problem": sets(Case, problems=[]),
    "units_are_chosen_with_the_pharmacy": sets(Prescription, chosen=None),
    "what_is_left_is_owed_by_somebody": sets(Prescription, owed_by=models.F("hospital")),
    "no_remainder_of_itself": sets(Prescription, remainder_of=models.F("id")),
    "bills_something": sets(BillLine, units=0),
    "priced_by_the_unit": sets(BillLine, units=2),
    "refunds_something": two_refunds(0),
    "one_open_substitution": twice(Substitution),
    "collides_for_a_reason": sets(OfflineSlip, outcome="collided"),
    "given_offline_once": twice(OfflineSlip, digest="f" * 64),
    "a_substitution_is_answered_when": sets(Substitution, answered_at=long_ago),
    "stocked_once": twice(StockItem, on_hand=0, reserved=0),
    "reserved_at_most_on_hand": sets(StockItem, reserved=10**8),
    "a_lot_once_on_a_shelf": twice(Lot, on_hand=0, commitment="0" * 64),
    "attempted_once": twice(Attempt),
    "attempted_twice_at_most": twice(Attempt, number=3),
    "state_by_news": sets(CourierOrder, state="moving"),
    "told_once_by_the_company": twice(CourierNews),
    "told_by_the_company": twice(CourierNews, number=2, state="due"),
    "a_lot_has_a_number": twice(Lot, on_hand=0, commitment="0" * 64, number=""),
    "what_came_back_stays_aside": twice(
        Lot, on_hand=0, coded=0, commitment="0" * 64, number="7", by_patient=True
    ),
    "destroyed_by_a_destruction": twice(
        Movement, **{**RECEIVED, "kind": "destroyed", "quantity": -1}
    ),
    "destroys_something": twice(Destruction, state="done", two=False, units=0),
    "destroyed_under_a_document": sets(Destruction, document=""),
    "one_destruction_of_a_lot_waits": twice(Destruction),
    "narcotics_are_destroyed_by_two": sets(Destruction, state="done"),
    "refunded_once_for_each_cause": two_refunds(1, 1),
    "a_refund_names_its_return": sets(Refund, returned=None),
    "reversed_at_most_approved": sets(Claim, reversed_fen=10**9, settlement=None),
    "reckoned_one_by_one": lambda rows: twice(Reckoning, returned=another_return(rows))(rows),
    "reckoned_once_a_share": twice(ReckoningShare),
    "one_batch_of_a_pharmacy": twice(Batch),
    "a_batch_holds_some": sets(Batch, claims_count=0),
    "referred_to_once": twice(Remittance),
    "a_reference_is_a_number": sets(Remittance, reference="给张三的钱"),
    "a_settlement_has_its_file": sets(Settlement, digest=None),
    "settled_under_one_name": twice(Settlement),
    "a_day_that_every_period_has": sets(Terms, every="month", day=31),
    "claws_something_back": sets(Clawback, total_fen=0),
    "reverses_something": sets(Reversal, fen=0),
    "reversed_once_by_a_return": twice(Reversal),
    "accepted_at_a_time": sets(Reversal, accepted_at=None),
    "taken_by_a_clawback": sets(Reversal, clawback=None),
    "recalled_once": twice(Recall),
    "recalled_in_a_grade": twice(Recall, number="另一批", grade=4),
    "lifted_for_a_reason": sets(Recall, state="lifted"),
    "collected_once": twice(Collected),
    "put_for_a_reason": lambda rows: Placing.objects.create(
        lot=rows[Lot], state="open", by=rows[Account], at=timezone.now()
    ),
    "quarantined_for_a_reason": sets(Lot, state="quarantined"),
    "one_count_of_a_lot_waits": twice(Count),
    "a_difference_has_a_reason": sets(Count, reason=""),
    "a_difference_of_narcotics_takes_two": sets(Count, state="settled"),
    "moves_as_its_kind_says": twice(Movement, quantity=1),
    "dispensed_for_a_prescription": twice(Movement, entry=None),
    "corrected_after_a_count": twice(Movement, **{**RECEIVED, "kind": "corrected"}),
    "moved_by_somebody": twice(Movement, **{**RECEIVED, "by": None}),
    "sent_in_a_consignment": twice(Movement, **{**RECEIVED, "kind": "arrived"}),
    "sent_once_and_arrived_once": lambda rows: sent_again(rows[Consignment]),
    "sends_something": twice(Consignment, units=0),
    "sent_to_another_pharmacy": lambda rows: twice(
        Consignment, receiver_id=rows[Consignment].sender_id
    )(rows),
    "arrived_somewhere_by_somebody": sets(Consignment, state="accepted"),
    "not_taken_for_a_reason": sets(
        Consignment,
        state="refused",
        answered_by=models.F("sent_by"),
        answered_at=timezone.now(),
    ),
    "a_code_has_20_digits": twice(Box, **ANOTHER_BOX, code="x" * 20),
    "a_box_holds_something": twice(Box, **ANOTHER_BOX, code="9" * 20, holds=0),
    "no_box_overflows": lambda rows: moved(rows[Box], 10**6),
    "nothing_is_taken_on_the_way": lambda rows: moved(rows[Box], 1),
    "a_code_is_scanned_in_once": twice(BoxMove),
    "a_box_moves_once_at_a_time": lambda rows: moved(
        rows[Box], -1, rows[Consignment].movements.get()
    ),
    "a_box_moves_by_something": twice(BoxMove, quantity=-1),
    "collided_once_at_a_pharmacy": twice(Collision),
    "opens_once_at_a_time": twice(Opening),
    "opens_on_a_weekday": sets(Opening, weekday=7),
    "open_for_a_day_at_most": sets(Opening, closes=9 * 60),
    "closed_once_on_a_day": twice(ClosedDay),
    "one_fee_for_a_distance": twice(Carriage),
    "carried_some_way_in_some_time": sets(Carriage, minutes=0),
    "held_once": twice(Reservation),
    "reserves_something": sets(Reservation, quantity=0),
    "one_product_of_a_code": twice(Product),
    "edited_once": twice(Edition),
    "edition_lasts": twice(Edition, number=2, valid_from=timezone.now(), valid_until=long_ago),
    "one_policy_of_a_number": twice(Policy),
    "policy_lasts": sets(Policy, valid_until=long_ago),
    "insured_once_by_a_policy": twice(Insured),
    "one_share_of_a_payer": twice(BillShare, number=9),
    "asked_one_after_the_other": lambda rows: twice(BillShare, payer_id=rows[Bill].pharmacy_id)(
        rows
    ),
    "one_share_of_a_line": twice(LineShare),
    "at_most_all_of_a_line_counts": sets(LineShare, counts_bp=10_001),
    "patient_pays_at_most_all": sets(Bill, total_fen=1),
    "one_live_bill": twice(Bill),
    "billed_once": twice(BillLine),
    "a_key_waits_after_its_registration": sets(Key, active_from=long_ago),
    "a_key_is_replaced_by_another_from_a_time": sets(Key, replaced_from=long_ago),
    "one_open_payment": second_open_payment,
    "pays_something": sets(
        Payment, amount_fen=0, state="closed", transaction_id=None, paid_at=None
    ),
    "one_payer_at_payment": two_pay_with_the_patient,
    "a_fund_pays_in_its_city": sets(Payment, insured_fen=1),
    "the_fund_refuses_what_it_was_to_pay": sets(Payment, fund_refused=True),
    "the_fund_has_its_part_first": lambda rows: a_refund(rows, state="processing", insured_fen=1),
    "told_of_something": lambda rows: a_refund(rows, told_at=timezone.now()),
    "paid_at_if_paid": sets(Payment, state="closed", transaction_id=None),
    "done_at_if_done": sets(Refund, state="due", done_at=timezone.now()),
    "one_statement_of_a_day": twice(reconciled.Statement),
    "a_payers_statement_has_a_payer": sets(reconciled.Statement, payer=None),
    "differs_once_in_a_way": twice(reconciled.Difference),
    "missing_is_what_one_side_lacks": sets(reconciled.Difference, theirs_fen=None),
    "another_amount_is_another": sets(reconciled.Difference, theirs_fen=models.F("ours_fen")),
    "a_difference_ends_at_a_time": sets(reconciled.Difference, ended_at=timezone.now()),
    "closed_for_a_reason": sets(reconciled.Difference, reason="因故"),
    "paid_has_a_transaction": sets(Payment, transaction_id=None),
    "rewards_within_the_budget": sets(Offer, spent_fen=models.F("budget_fen") + 1),
    "noise_within_the_budget": sets(Offer, epsilon_spent_milli=10**6),
    "offer_ends_after_it_begins": sets(Offer, until=long_ago),
    "open_offers_are_approved": sets(Offer, approval=None),
    "opted_in_once": twice(OptIn),
    "a_pseudonym_dies_with_its_opt_in": sets(OptIn, withdrawn_at=timezone.now()),
    "asked_once": twice(Delivery),
    "used_once_a_delivery": twice(Use),
    "a_use_has_a_reward": sets(Use, reward_fen=0),
    "a_patients_privacy_is_not_used_up": sets(PrivacyLoss, epsilon_milli=10**6),
    "rewarded_once": twice(Transfer, out_bill_no="R1"),
    "transfers_something": sets(Transfer, amount_fen=0),
    "transferred_under_a_number": sets(Transfer, state="done", transfer_bill_no=""),
    "decided_once_by_a_payer": twice(Claim),
    "the_rest_was_claimed": sets(Claim, rest_fen=10**9),
    "one_open_pending": twice(Pending),
    "a_field_is_asked_with_an_end": sets(Pending, field="line/"),
    "an_appeal_is_answered_by_an_end": sets(Pending, cause="appealed"),
    "approved_at_most_claimed": sets(Claim, approved_fen=10**9),
    "only_approved_is_settled": sets(Claim, approved_fen=0),
    "posted_once": twice(Entry),
    "one_posting_an_account": twice(Posting),
    "posts_something": twice(Posting, account="wechat", fen=0),
    "an_account_has_a_name": twice(Posting, account="nobody's account"),
    "one_fold": lambda rows: Fold.objects.create(id=2, through="1"),
    "carried_by_one": twice(Carrying),
    "one_position": lambda rows: Rolled.objects.create(id=2, position=""),
    "counted_in_one_cell": twice(Cell),
    "tallied_once": twice(Tally),
    "one_open_alarm": twice(Alarm),
    "acknowledged_by_somebody_for_a_reason": sets(Alarm, reason="inquiry"),
    "an_alarm_is_an_alarm": sets(Alarm, number=0),
}


def test_every_constraint_is_tried():
    """C1, R13: a new constraint without a row fails here."""
    declared = {
        constraint.name
        for name in APPS
        for model in apps.get_app_config(name).get_models()
        for constraint in model._meta.constraints
    }
    assert declared == set(TRIES)


@pytest.mark.parametrize("name", TRIES)
def test_the_database_refuses(world, rows, name):
    """C1, I12, R2: even to code that forgot to look."""
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        TRIES[name](rows)
    assert refused.value.__cause__.diag.constraint_name == name  # type: ignore[union-attr]


NEGATIVE = [
    (model, field.name)
    for name in APPS
    for model in apps.get_app_config(name).get_models()
    for field in model._meta.get_fields()
    if isinstance(field, models.PositiveIntegerField | models.PositiveBigIntegerField)
]


@pytest.mark.parametrize(
    ("model", "field"), NEGATIVE, ids=lambda value: getattr(value, "__name__", value)
)
def test_no_amount_and_no_count_is_negative(world, model, field):
    """C3: not in any table; tried on a row that would otherwise be lawful, or on none."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = %s::regclass AND contype = 'c'",
            [model._meta.db_table],
        )
        checks = [text for (text,) in cursor.fetchall()]
    assert f"CHECK (({field} >= 0))" in checks


def test_money_is_whole_fen():
    """C3: no float and no decimal holds money."""
    for name in APPS:
        for model in apps.get_app_config(name).get_models():
            for field in model._meta.get_fields():
                if field.name.endswith("_fen"):
                    assert isinstance(
                        field, models.PositiveIntegerField | models.PositiveBigIntegerField
                    ), f"{model.__name__}.{field.name}"
                assert not isinstance(field, models.FloatField)


def test_a_draft_is_no_choice(world, patient):
    rx = Prescription.objects.get(id=world.approved(patient))
    with pytest.raises(IntegrityError), transaction.atomic():
        Prescription.objects.filter(id=rx.id).update(status=Status.AUTHORIZED)
