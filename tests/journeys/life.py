"""
A small model of a prescription's life, written from its description and not from the code.

``MODEL`` says who may take which step, where, and where it leads; ``Played`` takes the same step
over the API, whoever tries. ``test_any_life`` compares the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from hospital.client import Client, Problem
from pharmacy.models import Dispensing, Movement, Reservation, Scan, ScanRefusals
from prescriptions.models import Prescription
from tests.journeys import narcotics, uploads
from tests.journeys.writes import asking, of, owed, told_code
from tests.world import Patient, World, a_face_for

Body = dict[str, Any]
Ways = dict[str, str]


def each(states: Iterable[str], target: str) -> Ways:
    return dict.fromkeys(states, target)


OPEN = ("pending", "issued", "checked", "returned", "approved", "authorized", "paid")
COLLEAGUES = ("doctor", "other_doctor", "prescriber")
REVIEWERS = ("reviewer", "second_reviewer")
OWN = ("own_pharmacist", "second_own_pharmacist")
"""At the counter of the hospital's own pharmacy, where narcotics are given out."""
COUNTERS = ("pharmacist", *OWN)
# fmt: off
MODEL: dict[str, dict[str, Ways]] = {
    "issue":     {"doctor":     {"draft": "issued"},
                  "prescriber": {"draft": "issued"},
                  "assistant":  {"draft": "pending"}},
    "upload":    {"system":     {"draft, uploaded": "issued"}},
    "countersign": {one:       {"pending": "issued"} for one in COLLEAGUES},
    "refuse":    {one:         {"pending": "returned"} for one in COLLEAGUES},
    "approve":   {one:         {"issued": "approved", "issued, by two": "checked",
                                "checked": "approved"} for one in REVIEWERS},
    "send_back": {one:         each(("issued", "checked"), "returned") for one in REVIEWERS},
    "collect":   {"patient":    {"approved": "authorized"}},
    "send":      {"patient":    {"approved": "authorized"}},
    "withdraw":  {"patient":    each(("authorized", "paid"), "approved")},
    "pay":       {"patient":    {"authorized": "paid"}},
    "scan":      {one:          {"paid": "paid"} for one in COUNTERS},
    "double_check": {one:       {"paid, scanned": "paid"} for one in OWN},
    "dispense":  {one:          {"paid, scanned": "dispensed"} for one in COUNTERS},
    "part":      {one:          {"paid, scanned": "dispensed"} for one in COUNTERS},
    "decline":   {one:          each(("authorized", "paid"), "approved") for one in COUNTERS},
    "ship":      {"courier":    {"dispensed, to send": "in_transit"}},
    "deliver":   {"patient":    each(("dispensed", "in_transit"), "delivered"),
                  **{one:       {"dispensed": "delivered"} for one in COUNTERS},
                  "courier":    {"in_transit": "delivered"}},
    "fail":      {"courier":    {"in_transit": "in_transit", "in_transit, failed": "returning"}},
    "refused":   {"courier":    {"in_transit": "returning"}},
    "take_back": {one:          {"returning": "undelivered"} for one in COUNTERS},
    "decide":    {"fund_agent": {"delivered": "claimed"}},
    "return":    {one:          each(("delivered", "claimed"), "taken_back") for one in COUNTERS},
    "ask":       {one:          {"paid, scanned": "paid"} for one in COUNTERS},
    "keep":      {"doctor":     {"paid, asked": "paid"},
                  "prescriber": {"paid, asked": "paid"},
                  "assistant":  {"paid, asked": "paid"}},
    "change":    {"doctor":     each(OPEN, "issued"),
                  "prescriber": each(OPEN, "issued"),
                  "assistant":  each(OPEN, "pending")},
    "cancel":    {"doctor":     each((*OPEN, "draft, uploaded"), "cancelled"),
                  "prescriber": each(OPEN, "cancelled"),
                  "assistant":  each(OPEN, "cancelled"),
                  "system":     each((f"{one}, uploaded" for one in ("draft", *OPEN)), "cancelled"),
                  "patient":    each(OPEN[:-1], "cancelled")},
}
# fmt: on
ACTORS = (
    *(
        "doctor",
        "other_doctor",
        "assistant",
        "prescriber",
        *OWN,
        "reviewer",
        "second_reviewer",
        "foreign_reviewer",
    ),
    *("patient", "other_patient", "system", "foreign_system"),
    *("pharmacist", "other_pharmacist", "courier", "other_courier", "fund_agent", "other_agent"),
)
ITS_DOCTORS = {"issue", "keep", "change", "cancel"}
"""Steps of the one doctor, of three, who wrote it."""
MANY_CALLS = {"upload", "pay", "deliver", "decide", "change"}
"""Steps of several calls, between which something else can happen."""


@dataclass(frozen=True, slots=True)
class Life:
    """
    Where a prescription stands. ``scanned``: who at the counter has read the code; ``asked``: one
    of them waits for the answer to a change request. ``by_two``: on the form of toxic medicines,
    of which no pharmacy here has any, or, ``narcotic``, on that of narcotics, which the hospital's
    own has; a change makes an ordinary one of it. ``double_checked``: whose scan a colleague has
    checked. ``uploaded``: by its hospital's system. ``failed``: it was brought in vain.
    """

    state: str = "draft"
    author: str = "doctor"
    by_two: bool = False
    narcotic: bool = False
    checker: str = ""
    couriered: bool = False
    scanned: frozenset[str] = frozenset()
    double_checked: str = ""
    asked: bool = False
    uploaded: bool = False
    failed: bool = False
    entries: int = 0

    def leads_to(self, who: str, verb: str) -> str | None:
        """The state after the step, None where it is not lawful."""
        ways = MODEL[verb].get(who, {})
        if self._of_another(who, verb) or self._elsewhere(who, verb):
            return None
        if verb == "issue" and self.uploaded:
            return None  # its hospital's system signs it
        if self.state == "issued" and self.by_two and "issued, by two" in ways:
            return ways["issued, by two"]
        if self.uploaded and f"{self.state}, uploaded" in ways:
            return ways[f"{self.state}, uploaded"]
        if verb == "ask" and self.asked:
            return None
        if self.asked and "paid, asked" in ways:
            return ways["paid, asked"] if self.state == "paid" else None
        if self.state == "paid" and "paid, scanned" in ways:
            return ways["paid, scanned"] if self._scanned(who, verb) else None
        if self.failed and f"{self.state}, failed" in ways:
            return ways[f"{self.state}, failed"]
        if self.state == "dispensed" and self.couriered:
            return ways.get("dispensed, to send")
        return ways.get(self.state)

    def _of_another(self, who: str, verb: str) -> bool:
        """It takes the other doctor, or the other reviewer."""
        if verb in ITS_DOCTORS and who in ("doctor", "assistant", "prescriber"):
            return who != self.author
        return verb == "approve" and self.state == "checked" and who == self.checker

    def _elsewhere(self, who: str, verb: str) -> bool:
        """No pharmacy has it, or it is not this one's."""
        if verb in ("collect", "send"):
            return self.by_two and not (self.narcotic and verb == "collect")
        return who in COUNTERS and (who in OWN) != self.narcotic

    def _scanned(self, who: str, verb: str) -> bool:
        """Who gives it out has read the code, and for a narcotic a colleague has checked that."""
        if verb == "double_check":
            return bool(self.scanned - {who})
        if verb == "part" and self.narcotic:
            return False  # two give it out, so it is given whole
        if verb == "dispense" and self.narcotic and self.double_checked != who:
            return False
        return who in self.scanned

    def after(self, who: str, verb: str) -> Life | None:
        """The life after the step, None where it is not lawful."""
        target = self.leads_to(who, verb)
        if target is None:
            return None
        if verb == "scan":
            checked = "" if self.double_checked == who else self.double_checked
            return replace(self, scanned=self.scanned | {who}, double_checked=checked)
        then = replace(self, state=target, entries=self.entries + 1)
        if verb == "fail":
            return replace(then, failed=True)
        if verb in ("collect", "send"):
            return replace(then, couriered=verb == "send")
        if verb == "approve" and target == "checked":
            return replace(then, checker=who)
        if verb in ("withdraw", "decline", "change"):
            then = replace(then, couriered=False, scanned=frozenset(), double_checked="")
            ordinary = replace(then, by_two=False, narcotic=False) if verb == "change" else then
            return replace(ordinary, asked=False)
        if verb == "double_check":
            (other,) = self.scanned - {who}
            return replace(then, double_checked=other)
        return replace(then, asked=verb == "ask") if verb in ("ask", "keep") else then

    def lawful(self) -> list[tuple[str, str]]:
        return [(who, verb) for verb in MODEL for who in ACTORS if self.leads_to(who, verb)]


@dataclass
class Played:
    """One prescription in the world, and whoever tries something with it. ``line``: as uploaded."""

    world: World
    patient: Patient
    rx: str
    line: str = ""

    @classmethod
    def drafted(cls, world: World, patient: Patient, life: Life) -> Played:
        """One that begins as ``life`` says."""
        draft = world.draft(patient)
        if life.narcotic:
            draft["lines"] = world.narcotic_lines(patient)
        elif life.by_two:
            draft["lines"] = world.toxic_lines(patient)
        rx = getattr(world, life.author).write("/api/prescriptions", draft)["id"]
        return cls(world, patient, str(rx))

    def take(self, who: str, verb: str) -> None:
        """Raises ``Problem`` if the server refuses."""
        CALLS[verb](self, self._client(who))

    def command(self, by: Client, verb: str, body: Body | None = None) -> None:
        by.command(of(self.rx, verb), body or {})

    def _client(self, who: str) -> Client:
        found = self.patient if who == "patient" else getattr(self.world, who)
        return found.client if isinstance(found, Patient) else found


def _authorize(way: str) -> Callable[[Played, Client], None]:
    def authorize(it: Played, by: Client) -> None:
        choice = it.world.choice(it.patient, way)
        found = Prescription.objects.select_related("dispenser").get(id=it.rx)
        at = {"pharmacy": found.dispenser.slug} if found.dispenser else {}
        face = a_face_for(it.patient.client, it.rx)
        it.command(by, "authorize", {**choice, **at, **face})

    return authorize


def _review(**body: str) -> Callable[[Played, Client], None]:
    return lambda it, by: it.command(by, "review", body)


def _countersign(**body: str) -> Callable[[Played, Client], None]:
    return lambda it, by: it.command(by, "countersign", body)


def _pay(it: Played, by: Client) -> None:
    order = by.write(of(it.rx, "pay"), {})
    number = str(order["out_trade_no"])
    asked = by.get(f"/api/payments/{number}/parameters")
    it.world.wechat.post("/simulator/pay", json=asked).raise_for_status()
    it.world.bring_answer(number)


def _ask(it: Played, by: Client) -> None:
    it.command(by, "change-request", asking())


def _upload(it: Played, by: Client) -> None:
    """A line that was sent before is answered, and makes no step: it counts as refused here."""
    (told,) = uploads.bring(by, it.line)
    if "statement" in told:
        (told,) = uploads.send(by, told)
    elif "refused" not in told:
        raise Problem(409, told)
    if "refused" in told:
        raise Problem(409, told["refused"])


def _change(it: Played, by: Client) -> None:
    """Another content of the same two boxes."""
    by.write(of(it.rx, "versions"), it.world.content("0.5", "0.5"))
    it.command(by, "change")


def _scan(it: Played, by: Client) -> None:
    """Who tries more often in a story than anybody does in ten minutes is not made to wait."""
    ScanRefusals.objects.all().delete()
    chosen = Prescription.objects.select_related("pharmacy").get(id=it.rx).pharmacy
    at = chosen.slug if chosen else ""
    by.write("/api/scans", {"code": it.world.code(it.patient, it.rx, pharmacy=at)})


def _double_check(it: Played, by: Client) -> None:
    """Of the newest scan of somebody else; of none if there is none."""
    scans = Scan.objects.filter(prescription__id=it.rx).exclude(pharmacist__id=by.account)
    scan = scans.order_by("-scanned_at").first()
    named = str(scan.id) if scan else str(uuid4())
    it.command(by, "double-check", {"scan": named, "lines": _lines(it), "lots": _lots(it)})


def _dispense(it: Played, by: Client) -> None:
    it.command(by, "dispense", {"lines": _lines(it)})


def _lots(it: Played) -> list[dict[str, Any]]:
    """Of what is held for a narcotic, as much as the whole prescription; none if nothing is."""
    held = Reservation.objects.filter(prescription__id=it.rx, state=Reservation.State.HELD)
    return narcotics.lots(it.rx, sum(_lines(it).values())) if held.exists() else []


def _bring_back(it: Played, by: Client) -> None:
    """All that was given out, of the lots that it was given out of."""
    given = Movement.objects.filter(prescription__id=it.rx, kind=Movement.Kind.DISPENSED)
    lots = [{"lot": str(one.lot_id), "units": -one.quantity} for one in given]
    dispensed = Dispensing.objects.filter(prescription__id=it.rx).first()
    lines = dispensed.lines if dispensed else _lines(it)
    it.command(by, "return", {"lines": lines, "reason": "quality", "lots": lots})


def _lines(it: Played) -> dict[str, int]:
    return dict(Prescription.objects.get(id=it.rx).quantities)


def _deliver(it: Played, by: Client) -> None:
    told = {} if by is it.patient.client else told_code(it.patient, it.rx)
    it.command(by, "deliver", told)


def _decide(it: Played, by: Client) -> None:
    try:
        fen = owed(by, it.rx)
    except StopIteration:
        fen = 1
    by.command(f"/api/claims/{it.rx}/decide", {"decision": "approve", "approved_fen": fen})


CALLS: dict[str, Callable[[Played, Client], None]] = {
    "issue": lambda it, by: it.command(by, "issue"),
    "countersign": _countersign(decision="approve"),
    "refuse": _countersign(decision="return", reason="dose"),
    "upload": _upload,
    "approve": _review(decision="approve"),
    "send_back": _review(decision="return", reason="dose"),
    "collect": _authorize("collect"),
    "send": _authorize("courier"),
    "withdraw": lambda it, by: it.command(by, "withdraw"),
    "pay": _pay,
    "scan": _scan,
    "double_check": _double_check,
    "dispense": _dispense,
    "part": lambda it, by: it.command(by, "dispense-part", {"lines": {"1": 1}}),
    "decline": lambda it, by: it.command(by, "decline", {"reason": "out_of_stock"}),
    "ship": lambda it, by: it.command(by, "ship"),
    "deliver": _deliver,
    "fail": lambda it, by: it.command(by, "attempt", {"reason": "nobody_home"}),
    "refused": lambda it, by: it.command(by, "attempt", {"reason": "refused"}),
    "take_back": lambda it, by: it.command(by, "take-back"),
    "decide": _decide,
    "return": _bring_back,
    "ask": _ask,
    "keep": lambda it, by: it.command(by, "keep", {"reason": "intended"}),
    "change": _change,
    "cancel": lambda it, by: it.command(by, "cancel", {"reason": "clinical"}),
}
