"""
Prescriptions are paid for while worker, web and WeChat itself are killed; then the day is closed.

Runs in a process of its own (``tests.crashes.runs``). ``RX_MONEY`` holds the plan as JSON.
Of every second patient who uses it the fund pays at payment, by medical-insurance orders of which
WeChat tells in two letters. Everybody has come in before the storm: what dies is what has to do
with money. WeChat is killed as the others are, but what it has booked it has kept, as the original
would.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from itertools import count as counted
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

import httpx
from django.utils import timezone
from rich.console import Console
from stdnum.cn import ric

from config.demo.cast import Cast
from config.management.commands import demo
from config.sample import loader
from config.servers import processes, programs, services
from hospital import calendar
from insurance import queries
from insurance.models import Payment, Refund
from insurance.reconciliation.models import Difference, Statement
from prescriptions.uploaded import Uploaded
from tests import invariants
from tests.crashes import storm

ENDINGS = ("self_paid", "withdrawn_and_reauthorized", "cancelled_by_doctor", "claimed")
GIVE_BACK = ("withdrawn_and_reauthorized", "cancelled_by_doctor")
"""Those in which money comes, and those of them in which it goes back."""
CITY = "450200"
FUND_PAYS = {"most": 7_000, "all": 10_000}
"""Basis points of every line, by the product's code."""
SETTLES_WITHIN_S = 180.0
PATIENCE_S = 60.0
EVERY = 10
"""Steps from kill to kill: two of them to a prescription's fourteen or so, to the last one."""
Script = tuple[int, Uploaded]


@dataclass
class Plan:
    """``count`` prescriptions; one of ``faults`` at a drawn moment, ``most`` times."""

    report: str
    count: int
    faults: list[str]
    seed: int
    most: int
    at_once: int = 4


@dataclass
class Report(storm.Report):
    """
    And what the bills of WeChat Pay say afterwards. ``insured``: payments of which a fund has paid
    a part, or all; those with cash alone stand in a bill, as their refunds do. ``given_back`` are
    refunds of either, of ``to_give_back`` prescriptions.
    """

    to_give_back: int = 0
    given_back: int = 0
    paid: int = 0
    refunded: int = 0
    insured: int = 0
    insured_back: int = 0
    lines: int = 0
    owed: int = 0
    differences: int = 0


class Stubborn(httpx.BaseTransport):
    """The phones' way to WeChat: whoever finds it dead tries again, and pays once."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                answer = self._inner.handle_request(request)
            except httpx.TransportError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
                continue
            if answer.status_code == 400 and b"ORDERPAID" in answer.read():
                return httpx.Response(200, json={"trade_state": "SUCCESS"})
            return answer


def run(plan: Plan) -> Report:
    """Play, let it calm down, close the day, and look at what is left."""
    demo.PLAYED_AT_ONCE, processes.LONGEST_PAUSE_S = plan.at_once, storm.LONGEST_PAUSE_S
    console, began = Console(width=160), time.monotonic()
    scripts = chosen(plan.count)
    with services.running(say=console.print) as stack, stubborn_phones():
        everybody(stack, scripts)
        blown = storm.Plan("", plan.report, plan.faults, plan.seed, plan.most, every=EVERY)
        with storm.blowing(stack, blown) as blowing:
            outcomes = demo.play(stack, scripts, console)
        report = Report(
            failed=[f"line {one.number}: {one.failed}" for one in outcomes if one.failed],
            ends=[one.states[-1][0] if one.states else "nothing" for one in outcomes],
            killed=blowing.killed,
            to_give_back=sum(one.extras.ending in GIVE_BACK for _, one in scripts),
        )
        programs.wait_until(lambda: not _owed(), SETTLES_WITHIN_S, pause_s=0.5)
        report.owed = _owed()
        _close_the_day(stack, report)
        report.faults = invariants.faults(everything_is_ours=True)
    report.seconds = time.monotonic() - began
    return report


def chosen(count: int) -> list[Script]:
    """Prescriptions of the sample in which money moves, for others again until there are enough."""
    scripts, _ = demo.read(loader.PRESCRIPTIONS)
    groups = [[one for _, one in scripts if one.extras.ending == ending] for ending in ENDINGS]
    known = [one for turn in zip_longest(*groups) for one in turn if one is not None]
    again = (another(one, turn) for turn in counted() for one in known)
    return list(enumerate(islice(again, count), 1))


def another(script: Uploaded, turn: int) -> Uploaded:
    """
    The same for somebody else: one patient's face is looked at only so often in a day.

    Born on the same day and of the same sex, which the 17th digit says.
    """
    number = script.patient.id_number
    body = number[:14] + f"{(int(number[14:17]) + 2 * turn) % 1000:03d}"
    theirs = body + str(ric.calc_check_digit(f"{body}0"))
    return replace(script, patient=replace(script.patient, id_number=theirs))


def everybody(stack: services.Stack, scripts: list[Script]) -> None:
    """Patients and staff come in while nobody dies, and are known to the play that follows."""
    cast = Cast.gather(stack.web_url, stack.simulator_url, stack.home / "demo")
    cast.everybody()
    some = [one.patient.id_number for _, one in scripts if one.extras.ending != "self_paid"]
    pays_with(cast, some[::2])
    for _, script in scripts:
        cast.patient(script.patient)
        cast.doctor(script)
    gathered = cast
    Cast.gather = classmethod(lambda *_: gathered)  # type: ignore[method-assign, assignment]


def pays_with(cast: Cast, numbers: Sequence[str]) -> None:
    """Have the fund insure these patients so that it pays at payment, of every fourth one all."""
    slug = next(one.slug for one in loader.network() if one.kind == "social_fund")
    fund, insure, now = cast.member(slug, "agent"), cast._insure, timezone.now()
    since = {"valid_from": (now - timedelta(days=1)).isoformat()}
    for code, bp in FUND_PAYS.items():
        terms = {"rates_bp": dict.fromkeys("甲乙丙", bp), "at_payment": CITY}
        fund.write("/api/products", {"code": code, "name": code, "terms": terms, **since})

    def insured(number: str) -> None:
        insure(number)
        if number in numbers:
            code = "all" if numbers.index(number) % 4 == 3 else "most"
            until = (now + timedelta(days=365)).isoformat()
            named = {
                "number": f"n{numbers.index(number)}",
                "product": code,
                "insured": [number],
                "rank": 1,
            }
            fund.write("/api/policies", {**named, **since, "valid_until": until})

    cast._insure = insured  # type: ignore[method-assign, assignment]


@contextmanager
def stubborn_phones() -> Iterator[None]:
    """Every client of WeChat's own that the cast gets is a stubborn one."""
    gather = Cast.gather.__func__  # type: ignore[attr-defined]

    def stubborn(cls: type[Cast], web_url: str, wechat_url: str, folder: Path) -> Cast:
        cast: Cast = gather(cls, web_url, wechat_url, folder)
        cast.wechat = httpx.Client(base_url=wechat_url, transport=Stubborn(), timeout=20)
        return cast

    before = Cast.__dict__["gather"]
    Cast.gather = classmethod(stubborn)  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        Cast.gather = before  # type: ignore[method-assign]


def _owed() -> int:
    """Money that is still on its way: paid and not known, or owed and not gone back."""
    unknown = Payment.objects.filter(state=Payment.State.OPEN).exclude(prepay_id="", city="")
    return queries.owed_back().count() + unknown.count() + len(list(queries.billed_in_vain()))


def _close_the_day(stack: services.Stack, report: Report) -> None:
    """Read WeChat Pay's bills of today, as the task does the next morning."""
    with httpx.Client(base_url=stack.simulator_url, transport=Stubborn()) as wechat:
        wechat.post("/simulator/bills", json={"ready": True}).raise_for_status()
    day = calendar.legal_day(timezone.now()).isoformat()
    sys.stdout.write(services.manage(stack, "reconcile", "read", day))
    paid = Payment.objects.filter(state=Payment.State.PAID)
    refunded = Refund.objects.filter(state=Refund.State.DONE)
    report.paid = paid.filter(amount_fen__gt=0).count()
    report.given_back = refunded.count()
    report.refunded = refunded.filter(amount_fen__gt=0).count()
    report.insured = paid.filter(insured_fen__gt=0).count()
    report.insured_back = refunded.filter(insured_fen__gt=0).count()
    report.lines = sum(Statement.objects.values_list("lines", flat=True))
    report.differences = Difference.objects.filter(ending="").count()


def main() -> None:
    """Run the plan in RX_MONEY."""
    plan: dict[str, Any] = json.loads(os.environ["RX_MONEY"])
    report = run(Plan(**plan))
    Path(plan["report"]).write_text(json.dumps(asdict(report), ensure_ascii=False, indent=1))
