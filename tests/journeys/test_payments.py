"""WeChat Pay's notices, really signed: however often, in whatever order, from whomever."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from hospital import errors
from hospital.gateways.exchange import Unavailable
from insurance import queries
from insurance.actions import paying
from insurance.models import Bill, Payment, Refund
from prescriptions.models import Prescription
from tests.journeys import writes
from tests.journeys.letters import ADDRESS, letter, paid_on_the_phone, send
from tests.journeys.watching import at_once, everything, kinds
from tests.simulators.server import eventually
from tests.world import a_client


@pytest.fixture
def ordered(world, patient, bench):
    """An authorized prescription whose order the patient has paid; we do not know it yet."""
    rx = world.authorized(patient)
    return rx, paid_on_the_phone(world, bench, patient, rx)


def status(rx):
    return Prescription.objects.get(id=rx).status


def refunds(rx):
    return list(Refund.objects.filter(payment__bill__prescription=rx))


def sweep(rx):
    """What the task does, as often as needed until ours is asked for."""
    for _ in range(10):
        paying.refund_owed(at=timezone.now())
        if all(refund.state != Refund.State.DUE for refund in refunds(rx)):
            return


def test_one_notice_pays(bench, ordered):
    rx, number = ordered

    assert send(letter(bench, number)).status_code == 204

    assert (status(rx), kinds(rx)[3:]) == ("paid", ["insurance.pay"])
    assert Bill.objects.get(prescription=rx).state == Bill.State.PAID


@pytest.mark.parametrize("times", [2, 50])
def test_many_notices_pay_once(bench, ordered, times):
    """I12: all answered 204, one booking."""
    rx, number = ordered
    notice = letter(bench, number)

    assert {send(notice).status_code for _ in range(times)} == {204}
    before = everything()
    assert send(letter(bench, number)).status_code == 204

    assert kinds(rx).count("insurance.pay") == 1
    assert everything() == before


def test_eight_notices_at_once_pay_once(bench, ordered):
    """I12: on eight connections."""
    rx, number = ordered
    notices = [letter(bench, number) for _ in range(8)]

    answers = at_once(*[lambda one=one: send(one).status_code for one in notices])

    assert answers == [204] * 8
    assert kinds(rx).count("insurance.pay") == 1
    assert Payment.objects.get(out_trade_no=number).state == Payment.State.PAID


@pytest.mark.parametrize("forgery", ["probe", "signature", "serial", "body", "stale"])
def test_what_is_not_genuine_and_fresh_is_refused(bench, ordered, forgery):
    """I13, I14, I19: 401, and nothing changed."""
    rx, number = ordered
    forged = letter(bench, number, forgery=forgery)
    before = everything()

    assert send(forged).status_code == 401

    assert everything() == before
    assert send(letter(bench, number)).status_code == 204
    assert status(rx) == "paid"


WRONG = [
    {"amount": {"total": 1}},
    {"amount": {"currency": "USD"}},
    {"mchid": "1900009999"},
    {"appid": "wx0000000000000000"},
    {"payer": {"openid": "o-somebody-else"}},
    {"trade_state": "PAYERROR"},
    {"trade_state": "REFUND"},
    {"out_trade_no": "P" + "0" * 30},
]


@pytest.mark.parametrize("content", WRONG, ids=lambda content: next(iter(content)))
def test_a_genuine_notice_that_does_not_fit_the_order_is_refused(bench, ordered, content):
    """I15, I16: other amount, currency, merchant, app, payer, state, order: not paid."""
    rx, number = ordered
    other = letter(bench, number, content=content)
    before = everything()

    assert send(other).status_code in (401, 403)

    assert everything() == before
    assert status(rx) == "authorized"


def test_bad_news_after_the_good_changes_nothing(bench, ordered):
    """I16"""
    rx, number = ordered
    send(letter(bench, number))
    before = everything()

    for content in ({"trade_state": "PAYERROR"}, {"transaction_id": "4" * 28}):
        assert send(letter(bench, number, content=content)).status_code == 403

    assert (everything(), status(rx)) == (before, "paid")


def test_unsigned_and_broken_notices(world):
    """I13, D4: no signature, no body, no JSON, not POST."""
    client = a_client().http
    before = everything()
    for content in (b"", b"{}", b"\x00", b"x" * 1_000, b"[]"):
        assert client.post(ADDRESS, content=content).status_code == 401
    assert client.get(ADDRESS).status_code == 405
    assert everything() == before


def test_a_notice_that_never_comes_is_asked_for(world, bench, ordered, monkeypatch):
    """I18"""
    rx, number = ordered
    Payment.objects.filter(out_trade_no=number).update(
        created_at=timezone.now() - paying.PAY_WITHIN
    )

    for _ in range(10):
        paying.ask_about_payments(at=timezone.now())
        if status(rx) == "paid":
            break
        Payment.objects.exclude(out_trade_no=number).update(asked_at=timezone.now())

    assert kinds(rx).count("insurance.pay") == 1
    assert send(letter(bench, number)).status_code == 204
    assert kinds(rx).count("insurance.pay") == 1


def close_by_withdrawal(world, patient, rx):
    patient.client.command(writes.of(rx, "withdraw"))


def close_by_cancel(world, patient, rx):
    world.doctor.command(writes.of(rx, "cancel"), {"reason": "clinical"})


def close_by_expiry(world, patient, rx):
    from prescriptions.actions import issuing

    end = Prescription.objects.get(id=rx).valid_until
    assert issuing._expire(UUID(rx), end)


every_end = pytest.mark.parametrize(
    ("close", "ended"),
    [
        (close_by_withdrawal, "approved"),
        (close_by_cancel, "cancelled"),
        (close_by_expiry, "expired"),
    ],
    ids=["withdraw", "cancel", "expire"],
)


@every_end
def test_money_that_comes_too_late_is_given_back_once(world, patient, bench, ordered, close, ended):
    """I16, C2: booked, owed back, refunded in full, once; the prescription stays as it was."""
    rx, number = ordered
    close(world, patient, rx)
    notice = letter(bench, number)

    assert {send(notice).status_code for _ in range(3)} == {204}
    sweep(rx)
    sweep(rx)

    assert (status(rx), kinds(rx).count("insurance.pay")) == (ended, 0)
    (refund,) = refunds(rx)
    asked = bench.order(number)["refunds"]
    assert [one["amount"]["refund"] for one in asked] == [refund.amount_fen]
    assert refund.amount_fen == Payment.objects.get(out_trade_no=number).amount_fen
    assert Bill.objects.get(prescription=rx).state == Bill.State.VOID


@every_end
def test_money_that_came_in_time_is_given_back_once(world, patient, bench, ordered, close, ended):
    """C2: paid, then closed before anything was dispensed."""
    rx, number = ordered
    send(letter(bench, number))
    close(world, patient, rx)

    sweep(rx)
    sweep(rx)

    assert status(rx) == ended
    (refund,) = refunds(rx)
    assert len(bench.order(number)["refunds"]) == 1
    eventually(lambda: bench.order(number)["refunds"][0]["status"] == "SUCCESS")
    assert refund.state in (Refund.State.PROCESSING, Refund.State.DONE)


def test_a_refund_that_wechat_refuses_keeps_nobody_waiting(world, bench, monkeypatch):
    """C2: each has its turn, though no more than one is asked for at a time."""
    monkeypatch.setattr(paying, "BATCH", 1)
    owed = []
    for patient in (world.a_patient(), world.a_patient()):
        rx = world.authorized(patient)
        number = paid_on_the_phone(world, bench, patient, rx)
        close_by_cancel(world, patient, rx)
        send(letter(bench, number))
        owed += refunds(rx)
    refused, other = owed
    paid = Payment.objects.filter(id=refused.payment_id)
    paid.update(amount_fen=refused.amount_fen + 1)  # is not what WeChat has

    for _ in range(Refund.objects.exclude(state=Refund.State.DONE).count() + 1):
        paying.refund_owed(at=timezone.now())

    other.refresh_from_db()
    assert other.state in (Refund.State.PROCESSING, Refund.State.DONE)
    paid.update(amount_fen=refused.amount_fen)


def test_orders_of_which_nothing_can_be_heard_keep_nobody_waiting(world, bench, monkeypatch):
    """F9, C2: the two at the head get answers that nobody understands, a third one breaks."""
    monkeypatch.setattr(queries, "ASK_AGAIN", timedelta(0))
    ask, numbers = paying.ask_about, []
    for _ in range(4):
        patient = world.a_patient()
        numbers.append(paid_on_the_phone(world, bench, patient, world.authorized(patient)))
    ends = dict(zip(numbers, (Unavailable, Unavailable, RuntimeError), strict=False))

    def asked(payment, at):
        if end := ends.get(payment.out_trade_no):
            raise end
        ask(payment, at)

    monkeypatch.setattr(paying, "ask_about", asked)
    for _ in range(4):
        paying.ask_about_payments(at=timezone.now())

    paid = Payment.objects.filter(out_trade_no__in=numbers, state=Payment.State.PAID)
    assert list(paid.values_list("out_trade_no", flat=True)) == numbers[3:]
    monkeypatch.setattr(paying, "ask_about", ask)
    paying.ask_about_payments(at=timezone.now())
    assert paid.count() == 4


def test_a_bill_that_cannot_be_voided_keeps_nobody_waiting(world, bench, monkeypatch):
    """F9, C2: neither another bill nor what is owed back."""
    clear, closed = paying._clear, []
    for patient in (world.a_patient(), world.a_patient()):
        closed.append(world.authorized(patient))
        close_by_cancel(world, patient, closed[-1])
    stuck = UUID(closed[0])

    def cleared(prescription_id, at):
        if prescription_id == stuck:
            raise RuntimeError
        clear(prescription_id, at)

    monkeypatch.setattr(paying, "_clear", cleared)
    paying.refund_owed(at=timezone.now())

    bills = [Bill.objects.get(prescription__id=rx).state for rx in closed]
    assert bills == [Bill.State.OPEN, Bill.State.VOID]
    monkeypatch.setattr(paying, "_clear", clear)
    paying.refund_owed(at=timezone.now())
    assert Bill.objects.get(prescription__id=stuck).state == Bill.State.VOID


def test_an_expired_order_cannot_pay_an_expired_prescription(world, patient, bench, ordered):
    """I16, F11: paid in time at WeChat, told after the end and before the clock's tick."""
    rx, number = ordered
    from insurance.gateways import wechat_pay

    end = Prescription.objects.get(id=rx).valid_until
    paying.accept(wechat_pay.client().query(number), at=end)

    assert status(rx) == "authorized"
    assert len(refunds(rx)) == 1


def test_a_second_order_is_opened_after_the_first_was_taken_back(world, patient, bench, ordered):
    """I15: the first order's notice does not pay the second bill."""
    rx, first = ordered
    patient.client.command(writes.of(rx, "withdraw"))
    patient.client.command(writes.of(rx, "authorize"), world.choice(patient))

    assert send(letter(bench, first)).status_code == 204
    assert status(rx) == "authorized"
    second = paid_on_the_phone(world, bench, patient, rx)
    assert second != first
    assert send(letter(bench, second)).status_code == 204

    assert status(rx) == "paid"
    assert [one.payment.out_trade_no for one in refunds(rx)] == [first]


def test_a_refund_that_is_not_ours_is_refused(world):
    """I15"""
    from insurance.gateways import wechat_pay

    news = wechat_pay.RefundNotice.__new__(wechat_pay.RefundNotice)
    for name, value in {
        "out_refund_no": "R0",
        "refund_fen": 1,
        "status": "SUCCESS",
        "refund_id": "5",
    }.items():
        object.__setattr__(news, name, value)
    with pytest.raises(errors.Forbidden):
        paying.accept_refund(news, at=timezone.now())


def test_money_for_a_closed_order_is_not_lost(world, patient, bench, ordered):
    """I16, C2: we gave the first order up, the second pays, then WeChat tells of the first."""
    rx, first = ordered
    Payment.objects.filter(out_trade_no=first).update(state=Payment.State.CLOSED)
    second = paid_on_the_phone(world, bench, patient, rx)
    assert send(letter(bench, second)).status_code == 204

    assert send(letter(bench, first)).status_code == 204

    assert (status(rx), kinds(rx).count("insurance.pay")) == ("paid", 1)
    assert [one.payment.out_trade_no for one in refunds(rx)] == [first]
    close_by_cancel(world, patient, rx)
    sweep(rx)
    assert {one.payment.out_trade_no for one in refunds(rx)} == {first, second}


def test_money_for_a_closed_order_pays_if_it_is_first(world, patient, bench, ordered):
    """I16, C2: then it is the second order's money that goes back."""
    rx, first = ordered
    Payment.objects.filter(out_trade_no=first).update(state=Payment.State.CLOSED)
    second = paid_on_the_phone(world, bench, patient, rx)

    assert send(letter(bench, first)).status_code == 204
    assert send(letter(bench, second)).status_code == 204

    assert (status(rx), kinds(rx).count("insurance.pay")) == ("paid", 1)
    assert [one.payment.out_trade_no for one in refunds(rx)] == [second]
