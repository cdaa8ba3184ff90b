"""Every fen that moves is posted twice: what the books say, who reads them, what they refuse."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, connections, transaction
from django.db.models import Q
from django.utils import timezone

from hospital.client import Problem
from hospital.roles import Role
from insurance.journal import accounts, folding, queries
from insurance.journal.models import Carrying, Entry, Posting
from insurance.models import Bill, Claim
from tests import moneybooks
from tests.journeys.returning import BOTH, FIRST, bring_back, claw_back, decide, delivered, settle
from tests.journeys.writes import owed
from tests.world import a_member

KINDS = ("bill.open", "payment.pay", "bill.deliver")
DETAILS = ("promised", "delivered", "owes", "reversing", "back")


def of(rx: str) -> Q:
    return Q(prescription__id=rx)


def at(rx: str, account: str) -> int:
    return moneybooks.posted(of(rx))[account]


def payer(rx: str, slug: str) -> tuple[int, ...]:
    """As ``DETAILS``."""
    posted = moneybooks.posted(of(rx))
    return tuple(posted[accounts.payer(slug, which)] for which in DETAILS)


@transaction.atomic
def an_entry(moves: dict[str, int]) -> None:
    cause, now = f"bill/{uuid4().hex}", timezone.now()
    postings(Entry.objects.create(kind="bill.open", cause=cause, at=now), moves)


@transaction.atomic
def postings(entry: Entry, moves: dict[str, int]) -> None:
    Posting.objects.bulk_create(
        Posting(entry=entry, account=account, fen=fen, at=entry.at)
        for account, fen in moves.items()
    )


@contextmanager
def carried_by_the_operator(slug: str) -> Iterator[None]:
    """What this payer refuses inside."""
    call_command("journal", "carries", "operator", slug, stdout=io.StringIO())
    try:
        yield
    finally:
        call_command("journal", "carries", "pharmacy", slug, stdout=io.StringIO())


@contextmanager
def undone() -> Iterator[None]:
    """What was tampered with inside is as before afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def tampered(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("journal_posting", "journal_entry"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(sql)


class TestAWholeLife:
    def test_is_posted_step_by_step(self, world, patient):
        """C1, C2: delivered, approved by one payer and refused by the other, settled, and back."""
        rx = delivered(world, patient)
        bill = Bill.objects.select_related("pharmacy").get(prescription__id=rx)
        fund, insurer, slug = world.fund.slug, world.insurer.slug, world.pharmacy.slug
        total, by_fund, by_insurer = bill.total_fen, bill.fund_fen, bill.insurer_fen
        assert at(rx, accounts.pharmacy(slug, "earned")) == -total
        assert at(rx, accounts.WECHAT) == bill.patient_fen
        assert payer(rx, fund) == (0, by_fund, 0, 0, 0)

        decide(world.fund_agent, rx)
        said = {"decision": "refuse", "approved_fen": 0, "reason": "not_covered"}
        world.insurer_agent.command(f"/api/claims/{rx}/decide", said)
        assert payer(rx, fund) == (0, 0, by_fund, 0, 0)
        assert payer(rx, insurer) == (0, 0, 0, 0, 0)
        assert at(rx, accounts.pharmacy(slug, "carries")) == by_insurer

        settle(world, world.fund_agent, rx)
        assert payer(rx, fund) == (0, 0, 0, 0, 0)
        assert at(rx, accounts.pharmacy(slug, "settled")) == by_fund

        bring_back(world.pharmacist, rx, BOTH)
        assert payer(rx, fund) == (0, 0, 0, -by_fund, 0)
        assert at(rx, accounts.pharmacy(slug, "earned")) == 0
        assert at(rx, accounts.pharmacy(slug, "carries")) == 0
        assert at(rx, accounts.REFUNDS_DUE) == -bill.patient_fen

        world.fund_agent.command(f"/api/claims/{rx}/reverse", {})
        assert payer(rx, fund) == (0, 0, 0, 0, -by_fund)
        claw_back(world, world.fund_agent, rx)
        assert payer(rx, fund) == (0, 0, 0, 0, 0)
        assert at(rx, accounts.pharmacy(slug, "settled")) == 0
        assert [*moneybooks.faults(of(rx))] == []

    def test_the_operator_carries_what_a_contract_says(self, world, patient):
        """What was refused is carried as the contract was then, and given back from there."""
        rx = delivered(world, patient)
        fund, pharmacy = world.fund.slug, world.pharmacy.slug
        half = owed(world.fund_agent, rx) // 2
        try:
            call_command("journal", "carries", "pharmacy", fund, stdout=io.StringIO())
            call_command("journal", "carries", "operator", fund, pharmacy, stdout=io.StringIO())
            said = {"decision": "part", "approved_fen": half, "reason": "above_ceiling"}
            world.fund_agent.command(f"/api/claims/{rx}/decide", said)
        finally:
            Carrying.objects.filter(payer=world.fund).delete()
        claim = Claim.objects.get(bill__prescription__id=rx, payer=world.fund)
        assert at(rx, accounts.OPERATOR_CARRIES) == claim.claimed_fen - half
        bring_back(world.pharmacist, rx, BOTH)
        assert at(rx, accounts.OPERATOR_CARRIES) == 0
        assert payer(rx, fund) == (0, 0, half, -half, 0)

    def test_what_is_reopened_is_undone_and_decided_otherwise(self, world, patient):
        """C1, C2: the operator carried what was refused, and carries it no more."""
        rx = delivered(world, patient)
        fund, slug = world.fund.slug, world.pharmacy.slug
        share = owed(world.fund_agent, rx)
        path = f"/api/claims/{rx}"
        said = {"decision": "part", "approved_fen": 300, "reason": "above_ceiling"}
        with carried_by_the_operator(fund):
            world.fund_agent.command(f"{path}/decide", said)
            assert at(rx, accounts.OPERATOR_CARRIES) == share - 300
        assert [*moneybooks.faults(of(rx))] == [], "by the contract of that day"
        world.fund_officer.command(f"{path}/reopen", {"reason": "mistake"})
        assert payer(rx, fund) == (0, share, 0, 0, 0)
        assert at(rx, accounts.OPERATOR_CARRIES) == 0
        assert [*moneybooks.faults(of(rx))] == []
        colleague = a_member(Role.OFFICER, world.fund)
        colleague.command(f"{path}/decide", {**said, "approved_fen": 100})
        assert payer(rx, fund) == (0, 0, 100, 0, 0)
        assert at(rx, accounts.pharmacy(slug, "carries")) == share - 100
        bring_back(world.pharmacist, rx, FIRST)
        assert [*moneybooks.faults(of(rx))] == []

    @pytest.mark.parametrize("first", [0, 100])
    def test_what_an_appeal_wins_is_owed_and_carried_by_nobody(self, world, patient, first):
        """C1, C2: after a refusal, and beside a part that was paid."""
        rx = delivered(world, patient)
        fund, slug = world.fund.slug, world.pharmacy.slug
        share = owed(world.fund_agent, rx)
        path = f"/api/claims/{rx}"
        said = {"decision": "part" if first else "refuse", "reason": "other"}
        world.fund_agent.command(f"{path}/decide", {**said, "approved_fen": first})
        if first:
            settle(world, world.fund_agent, rx)
        patient.client.command(f"{path}/appeal", {"payer": fund, "reason": "covered"})
        assert payer(rx, fund) == (0, share - first, 0, 0, 0)
        assert at(rx, accounts.pharmacy(slug, "carries")) == 0
        assert [*moneybooks.faults(of(rx))] == []
        rest = {"decision": "approve", "approved_fen": share - first}
        world.fund_officer.command(f"{path}/decide", rest)
        assert payer(rx, fund) == (0, 0, share - first, 0, 0)
        assert settle(world, world.fund_agent, rx) == share - first
        assert at(rx, accounts.pharmacy(slug, "settled")) == share
        bring_back(world.pharmacist, rx, FIRST)
        world.fund_agent.command(f"{path}/reverse", {})
        claw_back(world, world.fund_agent, rx)
        assert payer(rx, fund) == (0, 0, 0, 0, 0)
        assert [*moneybooks.faults(of(rx))] == []


class TestTheDatabase:
    def test_refuses_what_does_not_balance(self, world):
        """C1, C3: at commit; alone, empty, and behind an entry that does."""
        bad: tuple[dict[str, int], ...] = ({"wechat": 5}, {}, {"wechat": 5, "refunds:due": -4})
        for moves in bad:
            with pytest.raises(IntegrityError, match="does not balance"):
                an_entry(moves)

    def test_refuses_to_add_to_an_entry_or_to_change_it(self, world, patient):
        """C1, L1: though it would balance."""
        world.authorized(patient)
        entry = Entry.objects.filter(kind="bill.open").latest("at")
        with pytest.raises(IntegrityError, match="does not balance"):
            postings(entry, {"operator:carries": 7, "refunds:failed": -7})
        for table in ("journal_entry", "journal_posting"):
            for sql in ("UPDATE {} SET at = now()", "DELETE FROM {}", "TRUNCATE {} CASCADE"):
                with (
                    pytest.raises(IntegrityError, match="append-only"),
                    transaction.atomic(),
                    connection.cursor() as cursor,
                ):
                    cursor.execute(sql.format(table))


class TestBalances:
    def test_are_right_beside_who_has_not_committed(self, world):
        """C1, F5: whoever is slow is neither waited for, nor lost, nor counted twice."""
        name, posted, go_on = f"pharmacy:{uuid4().hex}:earned", threading.Event(), threading.Event()

        def slowly() -> None:
            with transaction.atomic():
                self.post(name, 5)
                posted.set()
                assert go_on.wait(30)
            connections.close_all()

        self.post(name, 100)
        slow = threading.Thread(target=slowly)
        slow.start()
        assert posted.wait(30)
        self.post(name, 20)
        folding.fold()
        assert queries.balances([name]) == {name: 120}
        self.post(name, 3)
        go_on.set()
        slow.join()
        assert queries.balances([name]) == {name: 128}
        folding.fold()
        assert queries.balances([name]) == {name: 128}
        folding.fold()
        folding.anew()
        assert queries.balances([name]) == {name: 128}

    @staticmethod
    def post(name: str, fen: int) -> None:
        an_entry({name: fen, f"{name}-other": -fen})


class TestReaders:
    def test_each_sees_its_own_accounts_alone(self, world, patient):
        """M1: pages of postings that add up to the balance; another's account is none."""
        rx = delivered(world, patient)
        by = (
            (world.pharmacist, accounts.pharmacy(world.pharmacy.slug, "earned"), "bill.deliver"),
            (world.fund_agent, accounts.payer(world.fund.slug, "delivered"), "bill.deliver"),
        )
        for reader, account, kind in by:
            listed = reader.get("/api/journal/accounts")["accounts"]
            balances = {one["account"]: one["balance_fen"] for one in listed}
            assert set(balances) <= set(accounts.of_organisation(account.split(":")[1]))
            fen, kinds = 0, []
            cursor: dict[str, str] = {}
            while True:
                page = reader.get("/api/journal/postings", account=account, size=50, **cursor)
                fen += sum(one["fen"] for one in page["postings"])
                kinds += [one["kind"] for one in page["postings"]]
                if page["next"] is None:
                    break
                cursor = {"cursor": page["next"]}
            assert fen == balances[account]
            assert kinds[0] == kind
        for stranger in (world.other_pharmacist, world.insurer_agent):
            for _, account, _ in by:
                with pytest.raises(Problem) as refused:
                    stranger.get("/api/journal/postings", account=account)
                assert refused.value.code == "journal.unknown_account"
        assert rx

    def test_the_regulator_sees_all_but_patients_one_by_one(self, world, patient):
        world.paid(patient)
        found: dict[str, int] = {}
        after: dict[str, str] = {}
        while True:
            page = world.regulator.get("/api/journal/trial-balance", size=50, **after)
            found |= {one["account"]: one["balance_fen"] for one in page["accounts"]}
            if page["next"] is None:
                break
            after = {"after": page["next"]}
        assert list(found) == sorted(found)
        assert not [name for name in found if name.startswith("patient:")]
        assert sum(found.values()) + queries.of_patients().fen == 0
        assert found[accounts.WECHAT] == queries.balances([accounts.WECHAT])[accounts.WECHAT]
        for bad in ("\0", "x" * 99, "a b"):
            with pytest.raises(Problem, match=r"page\.bad_cursor"):
                world.regulator.get("/api/journal/trial-balance", after=bad)

    def test_the_command_prints_it(self, world, patient):
        world.paid(patient)
        out = io.StringIO()
        call_command("journal", stdout=out)
        assert out.getvalue().endswith("OK       the journal balances\n")
        with undone():
            tampered("UPDATE journal_posting SET fen = fen + 1 WHERE account = 'wechat'")
            folding.anew()
            with pytest.raises(Exception, match="out of balance"):
                call_command("journal", stdout=io.StringIO())


def test_the_invariant_names_what_was_tampered_with(world, patient):
    """C1, L3: an amount of the journal, and one of the tables."""
    rx = delivered(world, patient)
    with undone():
        tampered("UPDATE journal_posting SET fen = fen + 1 WHERE account = 'wechat'")
        found = [*moneybooks.faults(of(rx))]
        assert any("at wechat" in one for one in found)
        assert any("out of balance" in one for one in found)
    with undone():
        Bill.objects.filter(of(rx)).update(patient_fen=0, total_fen=1)
        assert len([*moneybooks.faults(of(rx))]) == 2
    assert [*moneybooks.faults(of(rx))] == []
