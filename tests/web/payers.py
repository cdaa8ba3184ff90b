"""A payer of a test's own: its officers at their desks decide, and its program when it is told to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from hospital.calendar import legal_day
from hospital.client import Client
from insurance.agent import Agent
from insurance.reconciliation.statements import HEAD, signed_text
from ledger.policy import Policy
from prescriptions.uploaded import Patient
from tests.web.stacks import Stack

MARKUP = "<img src=x onerror=\"document.title='taken'\">"


@dataclass(frozen=True, slots=True)
class Payer:
    """``program`` does its work at ``settles`` alone, so that what is open stays open."""

    stack: Stack
    slug: str
    program: Client
    codes: tuple[str, str]

    def promises(self, somebody: Patient, rate_bp: int = 8_000) -> None:
        now = datetime.now(UTC)
        promise = {
            "patient": somebody.id_number,
            "valid_from": (now - timedelta(days=1)).isoformat(),
            "valid_until": (now + timedelta(days=365)).isoformat(),
            "rates_bp": dict.fromkeys("甲乙丙", rate_bp),
        }
        self.program.write("/api/coverages", promise)

    def settles(self) -> None:
        """As the program does when it wakes: it decides what is open, and pays what is approved."""
        shown = Policy.parse(self.program.text("/log/policy"))
        Agent(self.program, self.slug, lambda: shown, ceiling_fen=1_000_000).step()

    def brings(self, *rows: str) -> None:
        """The statement of yesterday, as the payer's bank wrote it."""
        day = legal_day(datetime.now(UTC)) - timedelta(days=1)
        text = "".join(f"{row}\r\n" for row in (",".join(HEAD), *rows))
        note = self.program.sign(signed_text(self.slug, day, text).decode())
        body = {"day": day.isoformat(), "csv": text, "note": note}
        self.program.write("/api/reconciliation/statements", body)

    def officer(self, page: Page, number: int) -> Page:
        """The first or the second, who comes with the code that the personnel office gave."""
        page.goto("/enter#payer//")
        page.get_by_label("登记码").fill(self.codes[number])
        page.get_by_role("button", name="登记这台设备").click()
        expect(page.locator("body[data-area='payer']")).to_be_attached()
        return page


def a_payer(stack: Stack, kind: str, name: str) -> Payer:
    slug, code, *codes = stack.operator("payer", kind, name).split()
    program = Client(stack.cast.http, patience_s=60)
    program.enrol(code)
    program.register_key(os.urandom(32))
    program.enter_with_key()
    return Payer(stack, slug, program, (codes[0], codes[1]))
