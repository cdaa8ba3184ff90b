"""
No sequence of calls brings a prescription that a rule forbids to ``issued``.

Drafts by chance, biased to the unlawful; then calls by chance, in any order: statements kept and
signed later, signed twice, for another draft, by another doctor, of unknown ids; while rights are
withdrawn and given back, medicines are put under control, children have birthdays and drafts grow
a day older. After every step the oracle opens the record of what has newly been issued and has the
rules look at it with what is true at that moment. It reads the record in its own way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from hospital import records
from hospital.client import Client, Problem
from hospital.models import Account
from hospital.rights import Antimicrobials, Rights
from hospital.roles import Role
from prescriptions import facts, rules
from prescriptions.facts import Control
from prescriptions.models import Medicine, Prescription, Status
from tests.journeys.test_judged_again import line
from tests.journeys.watching import drawn
from tests.world import LONG_AGO, Patient, World, a_medicine, a_member

DAY = timedelta(days=1)
RIGHTS = {
    "controlled": st.booleans(),
    "trainee": st.booleans(),
    "antimicrobials": st.sampled_from([one.value for one in Antimicrobials]),
    "license_number": st.sampled_from(["", "new"]),
}
CHANGES = {
    "control": st.sampled_from([one.value for one in Control]),
    "antimicrobial_grade": st.sampled_from([one.value for one in Antimicrobials]),
    "atc": st.sampled_from(["", "J01CA04", "N02BE01", "B01AA03", "M01AE01"]),
}


@dataclass
class Kinds:
    """What the drafts are made of, for all examples."""

    medicines: list[Medicine]
    patients: list[Patient]
    doctors: list[Client]


@dataclass
class Told:
    """What was made and drawn in one example, and how often something was issued."""

    drafts: list[tuple[Client, str]] = field(default_factory=list)
    signed: list[tuple[Client, str, dict[str, Any]]] = field(default_factory=list)
    judged: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def kinds(session_world: World) -> Kinds:
    _ = session_world.pharmacy
    a_year_less_a_week = timezone.now().date() - timedelta(days=14 * 365 + 3 - 7)
    return Kinds(
        [
            a_medicine(),
            a_medicine(control=Control.NARCOTIC),
            a_medicine(control=Control.PSYCHOTROPIC_2),
            a_medicine(antimicrobial_grade=Antimicrobials.SPECIAL, antimicrobial=True),
            a_medicine(atc="N02BE01"),
            a_medicine(atc="J01CA04", antimicrobial_grade=Antimicrobials.UNRESTRICTED),
        ],
        [session_world.a_patient(born=day) for day in (date(1960, 5, 17), a_year_less_a_week)],
        [
            a_member(
                Role.DOCTOR,
                session_world.hospital,
                license_number=uuid4().hex[:20],
                rights=Rights(practising_since=LONG_AGO, controlled=controlled),
            )
            for controlled in (True, False)
        ],
    )


# --- the steps ------------------------------------------------------------------------------


def mostly(lawful: Any, *others: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([lawful] * 8 + [*others])


number = st.integers(0, 5)
lines = st.fixed_dictionaries(
    {
        "medicine": mostly(0, 1, 2, 3, 4, 5),
        "days": mostly(3, 1, 4, 7, 8),
        "dose": mostly("0.5", "1", "2.5"),
        "note": mostly("饭后服用", "遵医嘱"),
        "skin_test": mostly("negative", "positive"),
    }
)
bodies = st.fixed_dictionaries(
    {
        "lines": st.lists(lines, min_size=1, max_size=2),
        "online": mostly(False, True),
        "emergency": mostly(False, True),
        "reason_for_longer": mostly("", "慢性病"),
        "reason_for_overdose": mostly("", "会诊意见"),
        "allergies": mostly("否认青霉素过敏", "青霉素过敏"),
        "pregnant": mostly(False, True),
        "egfr": mostly(90, 25),
    }
)
drafts = st.tuples(st.just("draft"), st.integers(0, 1), mostly(0, 1), bodies)
issues = st.tuples(st.just("issue"), number, mostly(True, False))
steps = st.one_of(
    drafts,
    issues,
    st.tuples(st.just("draw"), number),
    st.tuples(st.just("send"), number, mostly(None, 0, 1, 2)),
    st.tuples(st.just("unknown"), st.integers(0, 1)),
    st.tuples(st.just("older"), number),
    st.tuples(st.just("entitle"), st.integers(0, 1), st.fixed_dictionaries({}, optional=RIGHTS)),
    st.tuples(st.just("control"), mostly(0, 4, 5), st.fixed_dictionaries({}, optional=CHANGES)),
    st.tuples(st.just("review"), number),
)


def without(values: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != name}


class Play:
    """One example: the steps, each of which may be refused."""

    def __init__(self, world: World, kinds: Kinds) -> None:
        self.world, self.kinds, self.told = world, kinds, Told()
        for doctor, controlled in enumerate((True, False)):
            rights = {"controlled": controlled, "trainee": False, "antimicrobials": "unrestricted"}
            self.entitle(doctor, {"license_number": "new", **rights})
        for medicine in kinds.medicines:
            medicine.save()

    def step(self, name: str, *args: Any) -> None:
        """Make a call; a refusal is an answer like any other, a fault is none."""
        status = 200
        try:
            getattr(self, name)(*args)
        except Problem as problem:
            status = problem.status
        assert status < 500

    def draft(self, doctor: int, patient: int, body: dict[str, Any]) -> None:
        rows = [
            {**line(self.kinds.medicines[one["medicine"]]), **without(one, "medicine")}
            for one in body["lines"]
        ]
        by = self.kinds.doctors[doctor]
        sent = self.world.draft(self.kinds.patients[patient], **{**body, "online": False})
        sent |= {"lines": rows, "online": body["online"]}
        made = by.write("/api/prescriptions", sent)
        self.told.drafts.append((by, made["id"]))

    def issue(self, draft: int, own: bool) -> None:
        by, rx = self._draft(draft)
        caller = by if own else self.world.doctor
        caller.command(f"/api/prescriptions/{rx}/issue")

    def draw(self, draft: int) -> None:
        by, rx = self._draft(draft)
        path = f"/api/prescriptions/{rx}/issue"
        self.told.signed.append((by, path, drawn(by, path, {})))

    def send(self, statement: int, other: int | None) -> None:
        """A kept statement, to its own draft or to another one."""
        if self.told.signed:
            by, path, body = self.told.signed[statement % len(self.told.signed)]
            if other is not None:
                path = f"/api/prescriptions/{self._draft(other)[1]}/issue"
            by.write(path, body)

    def unknown(self, doctor: int) -> None:
        self.kinds.doctors[doctor].command(f"/api/prescriptions/{uuid4()}/issue")

    def older(self, draft: int) -> None:
        """The draft, with its patient, was made a day earlier."""
        _, rx = self._draft(draft)
        one = Prescription.objects.filter(id=rx, status=Status.DRAFT).first()
        if one:
            one.created_at -= DAY
            one.save(update_fields=["created_at"])

    def entitle(self, doctor: int, rights: dict[str, Any]) -> None:
        by = self.kinds.doctors[doctor]
        if rights.get("license_number"):
            rights = {**rights, "license_number": uuid4().hex[:20]}
        if rights:
            Account.objects.filter(id=by.account).update(**rights)

    def control(self, medicine: int, changes: dict[str, Any]) -> None:
        if changes:
            code = self.kinds.medicines[medicine].code
            Medicine.objects.filter(code=code).update(**changes)

    def review(self, draft: int) -> None:
        _, rx = self._draft(draft)
        self.world.reviewer.command(f"/api/prescriptions/{rx}/review", {"decision": "approve"})

    def _draft(self, number: int) -> tuple[Client, str]:
        if not self.told.drafts:
            return self.kinds.doctors[0], str(uuid4())
        return self.told.drafts[number % len(self.told.drafts)]

    # --- the oracle -------------------------------------------------------------------------

    def judge(self) -> None:
        """Whatever has left the drafts since the last step is lawful now."""
        mine = [rx for _, rx in self.told.drafts]
        issued = Prescription.objects.filter(id__in=mine).exclude(status=Status.DRAFT)
        for rx in issued.exclude(id__in=self.told.judged).select_related("record", "doctor"):
            draft, now = as_stored(rx), timezone.now()
            blocking = [
                finding
                for finding in rules.check(draft, now)
                if finding.severity is rules.Severity.BLOCK
            ]
            assert blocking == []
            assert rules.legal_day(rx.created_at) == rules.legal_day(now)
            assert rx.warnings == sorted({one.rule for one in rules.check(draft, now)})
            assert rx.form == rules.form_of(draft, rules.legal_day(now))
            self.told.judged.add(str(rx.id))


def as_stored(rx: Prescription) -> rules.Draft:
    """The draft of an opened record, and of the rows as they are now."""
    said = records.unsealed(rx.record)
    rows = sorted((name, value) for name, value in said.items() if name.startswith("line/"))
    doctor = rx.doctor
    circumstances = {
        name: said[name]
        for name in (
            *("emergency", "long_term", "reason_for_longer", "reason_for_overdose"),
            *("weight_g", "pregnant", "lactating", "egfr", "allergies", "severe_pain"),
        )
        if name in said
    }
    return rules.Draft(
        online=rx.online,
        patient_born=date.fromisoformat(said["patient/born"]),
        prescriber=rules.Prescriber(
            registered=doctor.license_number != "" and doctor.is_active,
            title=doctor.rights.title,
            trainee=doctor.trainee,
            controlled=doctor.controlled,
            antimicrobials=doctor.rights.antimicrobials,
            practising_since=doctor.practising_since,
        ),
        diagnoses=tuple(
            value["code"] for name, value in said.items() if name.startswith("diagnosis/")
        ),
        lines=tuple(
            rules.DraftLine(
                medicine=Medicine.objects.get(code=one["code"]).facts,
                dose=Decimal(one["dose"]),
                dose_unit=one["dose_unit"],
                per_day=facts.FREQUENCIES[one["frequency"]].per_day,
                days=one["days"],
                quantity=one["quantity"],
                route=one["route"],
                note=one["note"],
                skin_test=rules.SkinTest(one["skin_test"]),
            )
            for _, one in rows
        ),
        **circumstances,
    )


REACHED: list[int] = []


PLAIN = {
    "lines": [{"medicine": 1, "days": 1, "dose": "0.5", "note": "", "skin_test": "negative"}],
    "online": False,
    "emergency": False,
    "reason_for_longer": "",
    "reason_for_overdose": "",
    "allergies": "",
    "pregnant": False,
    "egfr": 90,
}
NARCOTIC = ("draft", 0, 0, PLAIN)
WITHDRAWN = ("entitle", 0, {"controlled": False})


@example([NARCOTIC], [])
@example([NARCOTIC], [WITHDRAWN])
@example([NARCOTIC], [("draw", 0), WITHDRAWN, ("send", 0, None)])
@example([NARCOTIC], [("draw", 0), ("older", 0), ("send", 0, None)])
@example([NARCOTIC], [("control", 1, {"atc": "B01AA03", "control": "toxic"})])
@example([NARCOTIC], [("entitle", 0, {"trainee": True})])
@example([NARCOTIC, NARCOTIC], [("draw", 0), ("send", 0, 1), ("send", 0, None), ("send", 0, 0)])
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink takes minutes
)
@given(st.lists(drafts, min_size=2, max_size=3), st.lists(steps, min_size=3, max_size=12))
def test_what_is_issued_is_lawful(world, kinds, first, then):
    """R7, R9, K7: whatever is called, in whatever order; at the end, every draft once more."""
    play = Play(world, kinds)
    last = [("issue", draft, True) for draft in range(len(first))]
    for call in [*first, *then, *last]:
        play.step(*call)
        play.judge()
    REACHED.append(len(play.told.judged))


def test_lawful_ones_were_issued_too():
    """The sequences above are no string of refusals."""
    assert sum(REACHED) > 0
