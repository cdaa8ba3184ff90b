"""
Money agrees with what others say of it (对账): WeChat Pay's bills, and payers' statements.

The simulator's bills hold the orders of every other test too, so each test looks at its own.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from hospital import calendar
from hospital.client import Client, Problem
from hospital.models import Account
from insurance.actions import paying
from insurance.gateways import wechat_pay_bills
from insurance.models import Payment, Refund, Settlement
from insurance.reconciliation import actions, queries, statements
from insurance.reconciliation.models import Difference, Source, Statement
from ledger import note
from prescriptions.models import Prescription
from tests.journeys import returning, writes
from tests.journeys.letters import letter, paid_on_the_phone, send
from tests.journeys.watching import everything

STATEMENTS, DIFFERENCES = "/api/reconciliation/statements", "/api/reconciliation/differences"


def today() -> date:
    return calendar.legal_day(timezone.now())


@pytest.fixture
def bills(bench):
    """What is wrong with WeChat Pay's bills, which are there while the day lasts."""

    def spoil(**how: Any) -> None:
        bench.tell("bills", ready=True, **how)

    spoil()
    yield spoil
    bench.tell("bills")


def differences(number: str) -> list[tuple[str, str, str]]:
    """What is open about a number: where, what, how."""
    rows = Difference.objects.filter(number=number, ending="").order_by("statement__source")
    return [(one.statement.source, one.about, one.kind) for one in rows]


def read_all() -> None:
    for source in (Source.TRADE, Source.FLOW):
        actions.read(source, today(), at=timezone.now())


def endings(number: str) -> list[str]:
    rows = Difference.objects.filter(number=number).order_by("created_at")
    return [one.ending for one in rows]


@pytest.fixture
def ordered(world, patient, bench):
    """An order that the patient has paid; we do not know it yet."""
    rx = world.authorized(patient)
    return rx, paid_on_the_phone(world, bench, patient, rx)


@pytest.fixture
def paid(bench, ordered):
    rx, number = ordered
    assert send(letter(bench, number)).status_code == 204
    return rx, number


@pytest.fixture
def refunded(world, bench, paid):
    rx, number = paid
    world.doctor.command(writes.of(rx, "cancel"), {"reason": "clinical"})
    done = Refund.objects.filter(payment__out_trade_no=number, state=Refund.State.DONE)
    for _ in range(12):
        paying.refund_owed(at=timezone.now())
        if done.exists():
            break
    return number, done.get().out_refund_no


class TestWeChatsBills:
    def test_agree_with_what_was_paid_and_given_back(self, bills, refunded):
        number, back = refunded

        read_all()

        assert differences(number) == differences(back) == []
        known = {"source": Source.TRADE, "day": today()}
        before = Statement.objects.get(**known)
        assert before.lines >= 2
        rows = everything()["reconciliation_difference"]
        read_all()
        assert everything()["reconciliation_difference"] == rows
        assert Statement.objects.get(**known).digest == before.digest

    def test_change_nothing_when_they_tell_again_of_what_is_open(self, bills, ordered):
        _, number = ordered
        read_all()
        assert len(differences(number)) == 2
        rows = everything()["reconciliation_difference"]

        read_all()

        assert everything()["reconciliation_difference"] == rows

    def test_tell_of_money_whose_notice_was_lost_and_it_is_booked(self, bills, ordered):
        """I18: found by the bill, asked about, booked, and the difference has ended by itself."""
        rx, number = ordered
        read_all()
        assert differences(number) == [
            ("flow", "payment", "state"),
            ("trade", "payment", "state"),
        ]

        for _ in range(30):
            statement = queries.to_be_worked_off(before=timezone.now())
            if statement is None or not differences(number):
                break
            actions.work_off(statement, at=timezone.now())

        assert differences(number) == []
        assert endings(number) == ["agrees", "agrees"]
        assert Payment.objects.get(out_trade_no=number).state == Payment.State.PAID
        assert Prescription.objects.get(id=rx).status == "paid"

    def test_tell_of_a_refund_that_arrived_without_our_knowing(self, bills, refunded):
        _, back = refunded
        Refund.objects.filter(out_refund_no=back).update(state="processing", done_at=None)
        read_all()
        assert ("flow", "refund", "state") in differences(back)

        for source in (Source.TRADE, Source.FLOW):
            statement = Statement.objects.get(source=source, day=today())
            for one in statement.differences.filter(number=back):
                actions._ask(one, timezone.now())
        read_all()

        assert differences(back) == []
        assert Refund.objects.get(out_refund_no=back).done_at is not None

    @pytest.mark.parametrize(
        ("how", "kinds"),
        [
            ("left_out", {"missing_there"}),
            ("doubled", {"twice"}),
            ("changed", {"amount"}),
            ("renamed", {"missing_there", "missing_here"}),
        ],
    )
    def test_that_differ_are_named_and_end_when_they_are_mended(self, bills, paid, how, kinds):
        """The bill's fault stays open until a later bill agrees."""
        _, number = paid
        other = f"X{uuid4().hex[:20]}"
        wrong = {"changed": {number: 7}, "renamed": {number: other}}
        bills(**{how: wrong.get(how, [number])})

        read_all()

        found = Difference.objects.filter(number__in=[number, other], ending="")
        assert {one.kind for one in found} == kinds
        assert {one.statement.source for one in found} == {"trade", "flow"}
        bills()
        read_all()
        assert differences(number) == differences(other) == []

    def test_a_refund_that_never_left_is_missing_there(self, bills, refunded):
        _, back = refunded
        bills(left_out=[back])

        read_all()

        assert differences(back) == [("flow", "refund", "missing_there")]

    def test_of_another_hash_are_none(self, bills, paid):
        """I13: what was altered on the way is not compared."""
        bills(hash="0" * 40)
        before = everything()

        with pytest.raises(wechat_pay_bills.Unavailable, match="hash"):
            read_all()

        assert everything() == before

    def test_are_not_there_before_the_next_morning(self, bench, bills):
        bench.tell("bills")

        with pytest.raises(wechat_pay_bills.NotYet):
            read_all()

    def test_of_a_day_without_money_are_empty(self, bills):
        day = date(2020, 1, 1)

        made = actions.read(Source.TRADE, day, at=timezone.now())

        assert (made.lines, made.total_fen) == (0, 0)

    def test_of_days_that_are_due_are_read_once(self, paid, monkeypatch):
        """F3: lost, doubled or late, the task reads what is due and no more."""
        tomorrow = calendar.begins(today() + timedelta(days=1)) + actions.READY
        asked: list[Any] = []

        def tried(*one: Any) -> bool:
            asked.append(one)
            return True

        monkeypatch.setattr(actions, "_tried", tried)

        soon = {day for _, day in actions._due(tomorrow - timedelta(seconds=1))}
        known = {one.source for one in Statement.objects.filter(day=today(), payer=None)}
        later = {source for source, day in actions._due(tomorrow) if day == today()}
        actions.reconcile(at=tomorrow)

        assert today() not in soon
        assert later == {Source.TRADE, Source.FLOW} - known
        assert len(asked) <= actions.AT_ONCE + 1


class TestAnOperator:
    def test_closes_what_was_settled_otherwise_and_it_stays_closed(self, bills, paid):
        _, number = paid
        bills(changed={number: 9})
        read_all()
        one, other = Difference.objects.filter(number=number, ending="").order_by("id")

        with pytest.raises(CommandError, match="differences"):
            call_command("reconcile")
        for bad in ("", " ", "x" * 201):
            with pytest.raises(CommandError, match="a reason"):
                call_command("reconcile", "close", str(one.id), bad)
        call_command("reconcile", "close", str(one.id), "微信支付已更正")
        with pytest.raises(CommandError, match="ended"):
            call_command("reconcile", "close", str(one.id), "again")

        read_all()
        assert [row[0] for row in differences(number)] == [other.statement.source]
        bills(changed={number: 10})  # differs in another way than when it was closed
        read_all()
        assert len(differences(number)) == 2


@pytest.fixture
def settled(world, patient):
    """A settlement of yesterday's."""
    rx = returning.delivered(world, patient, insurer_bp=0)
    returning.decide(world.fund_agent, rx)
    fen = returning.settle(world, world.fund_agent, rx)
    made = Settlement.objects.filter(payer=world.fund).latest("settled_at")
    yesterday = timezone.now() - timedelta(days=1)
    Settlement.objects.filter(id=made.id).update(settled_at=yesterday)
    return made.id.hex, fen


def rows_of(payer: int, day: date, **changed: str) -> str:
    """The statement that agrees, but for the lines of ``changed``; empty ones are left out."""
    begins = calendar.begins(day)
    found = Settlement.objects.filter(
        payer_id=payer, settled_at__gte=begins, settled_at__lt=begins + timedelta(days=1)
    )
    lines = {one.id.hex: f"settlement,{one.id.hex},{one.total_fen},paid" for one in found}
    lines |= changed
    return "\n".join(["about,number,total_fen,state", *filter(None, lines.values())]) + "\n"


def signed(by: Client, payer: str, day: date, csv: str) -> dict[str, Any]:
    text = statements.signed_text(payer, day, csv)
    assert by.signer is not None
    return {"day": day.isoformat(), "csv": csv, "note": note.sign(text, by.signer).decode()}


def brought(world, day: date, csv: str) -> dict[str, Any]:
    by = world.fund_agent
    return dict(by.write(STATEMENTS, signed(by, world.fund.slug, day, csv)))


class TestAPayersStatement:
    def test_agrees_or_differs_by_line_and_ends_with_a_better_one(self, world, settled):
        number, fen = settled
        day = today() - timedelta(days=1)
        agreeing = rows_of(world.fund.id, day)

        assert brought(world, day, agreeing)["differences"] == 0
        for line, kind in (
            (f"settlement,{number},{fen + 1},paid", "amount"),
            (f"settlement,{number},{fen},returned", "state"),
            ("", "missing_there"),
            (f"settlement,{number},{fen},paid\nsettlement,{number},{fen},paid", "twice"),
        ):
            brought(world, day, rows_of(world.fund.id, day, **{number: line}))
            assert differences(number) == [("payer", "settlement", kind)]
        other = uuid4().hex
        line = f"settlement,{other},5,paid"
        brought(world, day, rows_of(world.fund.id, day, **{number: "", other: line}))
        assert differences(other) == [("payer", "settlement", "missing_here")]
        assert brought(world, day, agreeing)["differences"] == 0
        assert set(endings(number) + endings(other)) == {"agrees"}

    def test_differs_until_an_officer_closes_it_for_a_reason(self, world, settled):
        number, fen = settled
        day = today() - timedelta(days=1)
        brought(world, day, rows_of(world.fund.id, day, **{number: ""}))
        (shown,) = [
            one
            for one in world.fund_officer.get(DIFFERENCES)["differences"]
            if one["number"] == number
        ]
        path = f"{DIFFERENCES}/{shown['id']}/close"

        assert (shown["kind"], shown["zh"], shown["ours_fen"]) == (
            *("missing_there", "本方有，对方无", fen),
        )
        with pytest.raises(Problem) as foreign:
            world.officer.write(path, {"reason": "not mine"})
        assert foreign.value.code == "reconciliation.unknown"
        closed = world.fund_officer.write(path, {"reason": "次日入账"})
        assert closed["ending"] == "closed"
        with pytest.raises(Problem) as again:
            world.fund_officer.write(path, {"reason": "次日入账"})
        assert again.value.code == "reconciliation.ended"
        brought(world, day, rows_of(world.fund.id, day, **{number: ""}))
        assert differences(number) == []

    def test_of_another_payer_s_settlement_tells_nothing_of_it(self, world, settled):
        """F10: for the other payer it is not there."""
        number, fen = settled
        day = today() - timedelta(days=1)
        csv = f"about,number,total_fen,state\nsettlement,{number},{fen},paid\n"

        by = world.other_agent
        by.write(STATEMENTS, signed(by, _slug(by), day, csv))

        (found,) = Difference.objects.filter(number=number, ending="")
        assert (found.kind, found.ours_fen) == ("missing_here", None)

    @pytest.mark.parametrize(
        "csv",
        [
            "",
            "x\n",
            "about,number,total_fen,state\npayment,{id},1,paid\n",
            "about,number,total_fen,state\nsettlement,1,1,paid\n",
            "about,number,total_fen,state\nsettlement,{id},-1,paid\n",
            "about,number,total_fen,state\nsettlement,{id},1.0,paid\n",
            "about,number,total_fen,state\nsettlement,{id},99999999999999999,paid\n",
            "about,number,total_fen,state\nsettlement,{id},1,lost\n",
            "about,number,total_fen,state\nsettlement,{id},1,paid,more\n",
            'about,number,total_fen,state\nsettlement,"{id},1,paid\n',
        ],
    )
    def test_that_cannot_be_read_changes_nothing(self, world, csv):
        day, by = today() - timedelta(days=3), world.fund_agent
        body = signed(by, world.fund.slug, day, csv.replace("{id}", uuid4().hex))
        before = everything()

        with pytest.raises(Problem) as problem:
            by.write(STATEMENTS, body)

        assert problem.value.code in ("reconciliation.bad_statement", "body.invalid")
        assert everything() == before

    def test_that_nobody_of_the_payer_signed_changes_nothing(self, world):
        """I13: each part of what is signed counts, and the key is the caller's."""
        day, by, csv = (
            today() - timedelta(days=3),
            world.fund_agent,
            "about,number,total_fen,state\n",
        )
        good = signed(by, world.fund.slug, day, csv)
        wrong = {
            "statement.altered": [
                {**good, "csv": csv + f"settlement,{uuid4().hex},1,paid\n"},
                {**good, "day": (day - timedelta(days=1)).isoformat()},
                signed(by, _slug(world.other_agent), day, csv),
            ],
            "key.unknown": [signed(world.other_agent, world.fund.slug, day, csv)],
            "signature.invalid": [{**good, "note": good["note"][:-9] + "AAAAAAA=\n"}],
            "note.malformed": [{**good, "note": "x"}],
            "reconciliation.day_not_over": [signed(by, world.fund.slug, today(), csv)],
        }
        before = everything()

        for code, bodies in wrong.items():
            for body in bodies:
                with pytest.raises(Problem) as problem:
                    by.write(STATEMENTS, body)
                assert problem.value.code == code

        assert everything() == before


def _slug(by: Client) -> str:
    account = Account.objects.select_related("organisation").get(id=by.account)
    return str(account.actor.organisation)
