"""One prescription, played end to end through the public API by the people whose keys it takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from config.demo import form, issues, phone, second, talk
from config.demo.cast import Cast
from hospital.client import Client, Problem
from ledger import entry, note, receipt
from ledger.policy import Policy
from prescriptions.uploaded import Uploaded

EXPIRES_IN = timedelta(seconds=8)
LAPSED = {"prescription.out_of_time", "prescription.wrong_state"}
WAIT_S = 120.0
CLOSED = {
    "cancelled_by_doctor": "cancelled",
    "cancelled_by_patient": "cancelled",
    "expired": "expired",
    "returned_by_review": "returned",
}


class Unexpected(Exception):
    """Something happened that the plan of this prescription does not foresee."""


@dataclass(slots=True)
class Outcome:
    """What became of one prescription of the file."""

    number: int
    hospital: str = ""
    ending: str = ""
    subject: str = ""
    states: list[tuple[str, float]] = field(default_factory=list)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    started: float = field(default_factory=time.monotonic)
    total_fen: int | None = None
    patient_fen: int | None = None
    with_patient_fen: int = 0
    index: int | None = None
    verified: bool = False
    remark: str = ""
    failed: str = ""

    @property
    def claimed_fen(self) -> int:
        """What payers decide on after delivery: not what a fund pays with the patient."""
        return (self.total_fen or 0) - (self.patient_fen or 0) - self.with_patient_fen

    def reached(self, status: str) -> None:
        """Note a state and how many seconds after the beginning it was reached."""
        self.states.append((status, time.monotonic() - self.started))


@dataclass(slots=True)
class Stage:
    """What all plays share: the cast, the organisations, the log's key."""

    cast: Cast
    fund: str
    pharmacies: list[str]
    couriers: list[str]
    origin: str
    policy: Callable[[], Policy]
    tell: Callable[[Outcome, str], None]


class Play:
    """Plays one prescription; ``run`` never raises."""

    def __init__(self, stage: Stage, number: int, script: Uploaded) -> None:
        self.stage, self.script = stage, script
        self.ending = script.extras.ending
        self.outcome = Outcome(number, script.hospital, self.ending)
        self.rx = ""
        self.consultation = ""
        self.series = ""

    def run(self) -> Outcome:
        try:
            self._play()
            if self.rx:
                self._prove()
        except Exception as fault:  # whatever it is, the others go on
            self.outcome.failed = f"{type(fault).__name__}: {fault}"[:300]
        self.stage.tell(self.outcome, "failed" if self.outcome.failed else "done")
        return self.outcome

    # --- the acts ------------------------------------------------------------------------------

    def _play(self) -> None:
        doctor = self.stage.cast.doctor(self.script)
        patient = self.stage.cast.patient(self.script.patient)
        if self.script.online and not self._consult(patient, doctor):
            return
        drafted = self._draft(doctor)
        if drafted:
            self._issue(doctor)
        if self.consultation:
            talk.close(self.consultation, doctor)
        if not drafted:
            return
        if self._review(patient, doctor):
            return
        self._authorize(patient, self._pharmacy(0))
        if self.ending == "withdrawn_and_reauthorized":
            self._pay(patient)
            self._step(patient, "withdraw", status="approved")
            self._authorize(patient, self._pharmacy(1))
        if self.ending == "cancelled_by_patient":
            self._step(patient, "cancel", {"reason": "patient_request"}, status="cancelled")
            return
        if self.ending == "cancelled_by_doctor":
            self._pay(patient)
            self._step(doctor, "cancel", {"reason": "clinical"}, status="cancelled")
            return
        self._pay(patient)
        self._dispense(patient)
        self._deliver(patient)
        if self.outcome.claimed_fen:
            self._wait_for("insurance.claim", "claimed")

    def _consult(self, patient: Client, doctor: Client) -> bool:
        """Whether the doctor may see this patient online at all."""
        try:
            self.consultation = talk.consult(self.script, patient, doctor)
        except Problem as problem:
            if problem.code not in talk.REFUSED_EARLIER:
                raise
            self._refused([talk.REFUSED_EARLIER[problem.code]])
        return bool(self.consultation)

    def _refused(self, broken: list[str]) -> None:
        """A refusal that the script foresees, or does not exclude, is a good end."""
        self.outcome.reached("refused")
        self.outcome.remark = ", ".join(broken)
        foreseen = self.script.extras.expect_rule
        if self.ending not in ("", "refused_by_rule") or (foreseen and foreseen not in broken):
            raise Unexpected(f"refused by {broken}")

    def _draft(self, doctor: Client) -> bool:
        """Whether the rules let it pass; a refusal that the script foresees is a good end."""
        try:
            made = doctor.write("/api/prescriptions", self._form())
        except Problem as problem:
            if problem.code != "prescription.rule_broken":
                raise
            found = problem.body["findings"]
            self._refused([one["rule"] for one in found if one["severity"] == "block"])
            return False
        if self.ending == "refused_by_rule":
            raise Unexpected("no rule refused it")
        self.rx = made["id"]
        self.outcome.subject = f"rx/{UUID(self.rx).hex}"
        self.series = made["issue"]["series"] if made["issue"] else ""
        return True

    def _issue(self, doctor: Client) -> None:
        """What an assistant signs waits for another doctor."""
        if self._decided(doctor, "issue") == "pending":
            second.countersign(self.stage.cast, self.script, self._step)

    def _review(self, patient: Client, doctor: Client) -> bool:
        """Whether the prescription has come to its end at, or right after, the review."""
        reviewer = self.stage.cast.member(self.script.hospital, "reviewer", self.outcome.number)
        if self.ending == "returned_by_review":
            verdict = {"decision": "return", "reason": "dose"}
            self._step(reviewer, "review", verdict, status="returned")
            return True
        try:
            self._approve(reviewer)
        except Problem as problem:
            if self.ending != "expired" or problem.code not in LAPSED:
                raise
        if self.ending == "expired":
            self._wait_for("prescription.expire", "expired")
        return self.ending == "expired"

    def _approve(self, reviewer: Client) -> None:
        """What is on the form of narcotics or toxic medicines is only checked by the first."""
        if self._decided(reviewer, "review", {"decision": "approve"}) == "checked":
            second.confirm(self.stage.cast, self.script, self.outcome.number, self._step)

    def _decided(self, who: Client, verb: str, body: dict[str, Any] | None = None) -> str:
        """The state to which it leads, which the server knows."""
        done = who.command(self._about(verb), body)
        state = str(done["prescriptions"][0]["status"] if self.series else done["status"])
        self._reached(state)
        return state

    def _authorize(self, patient: Client, pharmacy: str) -> None:
        """The phone is told where a narcotic has to be fetched, and when a face has to be seen."""
        choice: dict[str, Any] = {"pharmacy": pharmacy}
        while True:
            try:
                self._choose(patient, choice)
            except Problem as problem:
                choice |= second.asked_for(problem, choice, self.stage.cast, self.script.patient)
            else:
                return

    def _choose(self, patient: Client, chosen: dict[str, Any]) -> None:
        choice: dict[str, Any] = {**chosen, "way": self.script.extras.way}
        if self.script.extras.way == "courier":
            address = {
                "recipient": self.script.patient.name,
                "phone": self.script.patient.phone or "13800138000",
                "text": self.script.extras.address or "示例路1号",
            }
            choice["address"] = patient.write("/api/me/addresses", address)["id"]
            choice["courier"] = self._pick(self.stage.couriers, 0)
        payers = [] if self.ending == "self_paid" else self.script.extras.payers
        choice["payers"] = [self.stage.fund if slug == "fund" else slug for slug in payers]
        done = self._step(patient, "authorize", choice, status="authorized")
        self.outcome.total_fen = done["bill"]["total_fen"]
        self.outcome.patient_fen = done["bill"]["patient_fen"]
        self.outcome.with_patient_fen = sum(done["bill"]["at_payment"].values())
        self.pharmacy = chosen["pharmacy"]

    def _pay(self, patient: Client) -> None:
        if self.outcome.patient_fen or self.outcome.with_patient_fen:
            order = patient.write(f"/api/prescriptions/{self.rx}/pay", {})
            asked = patient.get(f"/api/payments/{order['out_trade_no']}/parameters")
            paid = phone.pays(self.stage.cast.wechat, asked)
            if paid.status_code != 200:
                raise Unexpected(f"WeChat's cashier answered {paid.status_code}")
        self._wait_for("insurance.pay", "paid")

    def _dispense(self, patient: Client) -> None:
        pharmacist = self.stage.cast.member(self.pharmacy, "pharmacist", self.outcome.number)
        code = phone.pickup_code(patient, self.rx, self.pharmacy, self.stage.origin)
        (scan,) = pharmacist.write("/api/scans", {"code": code})["scans"]
        seen = pharmacist.get(f"/api/scans/{scan['id']}")
        lines = seen["parts"]["chosen"]
        body = {"lines": lines, "checks": [one["check"] for one in seen["check_list"]]}
        try:
            self._step(pharmacist, "dispense", body, status="dispensed")
        except Problem as problem:
            if problem.code != "dispensing.not_checked":
                raise
            at = (self.pharmacy, self.outcome.number)
            second.double_check(self.stage.cast, at, scan, lines)
            self._step(pharmacist, "dispense", body, status="dispensed")
        if self.series:
            self.outcome.remark = issues.next_one(patient, self.series, self.pharmacy)

    def _deliver(self, patient: Client) -> None:
        if self.script.extras.way == "collect":
            self._step(patient, "deliver", status="delivered")
            return
        courier = self.stage.cast.member(self._pick(self.stage.couriers, 0), "courier")
        self._step(courier, "ship", status="in_transit")
        if self.outcome.number % 2:
            self._step(patient, "deliver", status="delivered")
        else:
            told = patient.get(f"/api/prescriptions/{self.rx}/delivery-code")["code"]
            self._step(courier, "deliver", {"code": told}, status="delivered")

    # --- the end: everything is checked without trusting the server ----------------------------

    def _prove(self) -> None:
        """Check the chain and the receipt of its last entry with the policy alone."""
        reader = self.stage.cast.patient(self.script.patient)
        entries = self._entries(reader)
        leaf, approved_fen = b"", 0
        for number, stored in enumerate(entries, 1):
            text = stored["note"].encode()
            statement = entry.Statement.parse(note.parse(text).text)
            if (statement.version, statement.prev) != (number, leaf):
                raise Unexpected(f"entry {number} does not follow its predecessor")
            approved_fen += statement.facts.get("approved_fen", 0)
            leaf = entry.leaf_hash(text)
        proof = self._receipt(reader, leaf.hex())
        receipt.verify(proof, entries[-1]["note"].encode(), self.stage.policy())
        self.outcome.index = receipt.parse(proof).index
        self.outcome.verified = True
        self._check_end(approved_fen)

    def _check_end(self, approved_fen: int) -> None:
        ends = CLOSED.get(self.ending)
        if ends is None:
            owed = self.outcome.claimed_fen
            ends = "claimed" if owed else "delivered"
            if approved_fen != owed:
                raise Unexpected(f"the payers approved {approved_fen} fen of {owed}")
        reached = self.outcome.states[-1][0]
        if reached != ends:
            raise Unexpected(f"ended {reached}, not {ends}")

    def _receipt(self, reader: Client, leaf: str) -> bytes:
        until = time.monotonic() + WAIT_S
        while True:
            try:
                return reader.text(f"/api/receipts/{leaf}")
            except Problem as problem:
                if problem.code != "entry.not_yet_published" or time.monotonic() > until:
                    raise
            time.sleep(0.3)

    # --- tools ---------------------------------------------------------------------------------

    def _step(
        self, who: Client, verb: str, body: dict[str, Any] | None = None, *, status: str
    ) -> dict[str, Any]:
        done = who.command(self._about(verb), body)
        self._reached(status)
        return done

    def _about(self, verb: str) -> str:
        together = self.series and verb in issues.TOGETHER
        about = f"series/{self.series}" if together else f"prescriptions/{self.rx}"
        return f"/api/{about}/{verb}"

    def _reached(self, status: str) -> None:
        self.outcome.reached(status)
        self.stage.tell(self.outcome, status)

    def _wait_for(self, kind: str, status: str) -> None:
        """Wait until the server, WeChat or an insurer has moved it on, as the log shows."""
        reader, until = self.stage.cast.patient(self.script.patient), time.monotonic() + WAIT_S
        pause = 0.1
        while time.monotonic() < until:
            last = entry.Statement.parse(
                note.parse(self._entries(reader)[-1]["note"].encode()).text
            )
            if last.kind == kind and last.facts["to"] == status:
                self._reached(status)
                return
            time.sleep(pause)
            pause = min(pause * 2, 1.0)
        raise Unexpected(f"no {kind} within {WAIT_S:.0f} s")

    def _entries(self, reader: Client) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = reader.get("/api/entries", subject=self.outcome.subject)[
            "entries"
        ]
        return found

    def _pharmacy(self, turn: int) -> str:
        return self._pick(self.stage.pharmacies, turn)

    def _pick(self, among: list[str], turn: int) -> str:
        return among[(self.outcome.number + turn) % len(among)]

    def _form(self) -> dict[str, Any]:
        end = datetime.now(UTC) + EXPIRES_IN if self.ending == "expired" else None
        return form.draft(self.script, consultation=self.consultation, valid_until=end)
