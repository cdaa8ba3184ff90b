"""The samples of appraisal (处方点评): drawn by the logs, shown, counted; and what follows."""

import io
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from hospital.client import Client
from hospital.models import Account
from ledger import checkpoints
from prescriptions.appraisal import months
from prescriptions.appraisal.actions import sampling
from prescriptions.appraisal.models import Case, Draw, Sample
from prescriptions.models import Prescription
from tests.journeys import sampled, series
from tests.journeys.sampled import GOOD, WORST, judges
from tests.journeys.test_query_counts import more, queries_of
from tests.journeys.watching import at_once, raw
from tests.ledger.logs import ALog


@pytest.fixture
def appraiser(world) -> Client:
    return sampled.appraiser(world)


def a_statistic(world, patient, verdicts: str):
    """A sample of which these were judged: ``.`` reasonable, ``x`` abnormal, ``-`` not yet."""
    rx = [world.approved(patient) for _ in verdicts]
    month = sampled.a_quiet_month()
    sampled.drawn(world, *rx, month=month)
    for one, verdict in zip(rx, verdicts, strict=True):
        if verdict != "-":
            judges(sampled.appraiser(world), one, WORST if verdict == "x" else GOOD)
    return month, rx


def test_shares_counts_and_findings(world, patient, appraiser):
    """处方管理办法 art. 45: named to the hospital and the regulator, and nothing else happens."""
    month, rx = a_statistic(world, patient, "x.xx-")
    asked = {"month": str(month), "hospital": world.hospital.slug}
    shown = appraiser.get("/api/appraisals/statistics", month=str(month))

    assert shown == world.regulator.get("/api/appraisals/statistics", **asked)
    assert (shown["population"], shown["judged"], shown["reasonable_bp"]) == (5, 4, 2_500)
    classes = {"reasonable": 1, "irregular": 0, "unsuitable": 0, "abnormal": 3}
    assert shown["verdicts"] == classes
    assert shown["problems"] == {"3-1": 3}
    (own,) = shown["doctors"]
    assert own["doctor"] == world.doctor.account
    assert own["verdicts"] == classes
    (finding,) = shown["findings"]
    assert finding["doctor"] == world.doctor.account
    assert (finding["consequence"], finding["prescriptions"]) == ("warn_and_limit", 3)
    world.issued(patient)  # the right is not taken away by itself
    assert "测试" not in str(shown)
    assert rx[0] not in str(shown)


def test_findings_rest_on_the_two_years_that_end_with_the_month(world, patient, appraiser):
    last, _ = a_statistic(world, patient, "x")
    for back in (23, 24):
        sampled.drawn(world, world.approved(patient), month=last.before(back))
    third = sampled.drawn(world, world.approved(patient), month=last.before(1))
    judges(appraiser, third, WORST)
    old = Case.objects.filter(sample__draw__month=last.before(24).first).get()
    judges(appraiser, str(old.prescription_id), WORST)

    def findings():
        return appraiser.get("/api/appraisals/statistics", month=str(last))["findings"]

    assert findings() == []
    within = Case.objects.filter(sample__draw__month=last.before(23).first).get()
    judges(appraiser, str(within.prescription_id), WORST)
    assert [one["prescriptions"] for one in findings()] == [3]


def test_the_sample_comes_in_pages_in_the_order_of_the_logs(world, patient, appraiser):
    """D3"""
    month, rx = a_statistic(world, patient, "-.-")
    first = appraiser.get("/api/appraisals", month=str(month), size=2)
    rest = appraiser.get("/api/appraisals", month=str(month), size=2, after=first["next"])
    shown = [*first["cases"], *rest["cases"]]
    assert [one["prescription"] for one in shown] == rx
    assert [one["number"] for one in shown] == [1, 2, 3]
    assert [one["verdict"] for one in shown] == [None, "reasonable", None]
    assert rest["next"] is None
    draw = Draw.objects.get(month=month.first)
    assert (first["seed"], first["heads"]) == (bytes(draw.seed).hex(), draw.heads)


@pytest.mark.parametrize("path", ["/api/appraisals", "/api/appraisals/statistics"])
def test_what_came_of_it_is_for_the_hospital_and_the_regulator(world, patient, path):
    """Z1, Z2"""
    month, _ = a_statistic(world, patient, ".")
    query = f"{path}?month={month}&hospital="
    codes = {
        "": (422, "appraisal.bad_month"),
        f"?month={month.before(7)}": (404, "appraisal.not_drawn"),
        f"?month={month}&hospital=x%00": (403, "access.wrong_hospital"),
        "?month=2026-13": (422, "appraisal.bad_month"),
    }
    for asked, expected in codes.items():
        answer = raw(sampled.appraiser(world), "GET", path + asked)
        assert (answer.status_code, answer.json()["code"]) == expected
    foreign = raw(world.foreign_reviewer, "GET", query + world.hospital.slug)
    assert (foreign.status_code, foreign.json()["code"]) == (403, "access.wrong_hospital")
    for who, status in ((world.regulator, 200), (world.doctor, 403), (patient.client, 403)):
        assert raw(who, "GET", query + world.hospital.slug).status_code == status
    assert raw(world.regulator, "GET", query + "nobody%00").status_code == 404


def test_reading_costs_the_same_with_3_as_with_300(world, patient):
    """D3: one query for the sample, one for its judgements, one for the two years."""
    few_month, rx = a_statistic(world, patient, ".")
    like = Prescription.objects.get(id=rx[0])
    known = set(Prescription.objects.filter(doctor=like.doctor_id).values_list("id", flat=True))
    more(like, 300)
    made = Prescription.objects.filter(doctor=like.doctor_id).exclude(id__in=known)
    many_month = sampled.a_quiet_month()
    sampled.drawn(world, *(str(one.id) for one in made), month=many_month)
    reviewer = Account.objects.get(id=sampled.appraiser(world).account)
    cases = Case.objects.filter(sample__draw__month=many_month.first)
    cases.update(verdict="reasonable", reviewer=reviewer, judged_at=timezone.now())

    def cost(path: str, month: months.Month) -> int:
        asked = {"month": str(month), "hospital": world.hospital.slug}
        return len(queries_of(lambda: world.regulator.get(path, **asked)))

    for path in ("/api/appraisals", "/api/appraisals/statistics"):
        assert cost(path, few_month) == cost(path, many_month) <= 5
    cases.update(verdict="", reviewer=None, judged_at=None)  # nobody signed that


def test_storing_costs_the_same_however_many_hospitals_and_prescriptions(world, patient):
    counts = []
    for number in (1, 4):
        rx = [world.approved(patient) for _ in range(number)]
        counts.append(len(queries_of(lambda: sampled.drawn(world, *rx))))  # noqa: B023
    assert counts[0] == counts[1]


# --- drawn from real logs ------------------------------------------------------------------------


def test_drawn_by_the_clock_and_again_from_exported_files(world, patient, tmp_path):
    """
    F1, L1: nothing before the month is closed and final, then once; anybody draws the same.

    The log is one of its own, in November 2026; its entries name prescriptions of the world.
    """
    november = months.parse("2026-11")
    hospital, other = world.hospital, world.foreign_hospital
    rx = [world.approved(patient) for _ in range(3)]
    forget(november)
    with ALog(tmp_path / "log").current() as log, time_machine.travel(november.until):
        for number, one in enumerate(rx):
            log.append(
                f"rx/{UUID(one).hex}",
                kind="prescription.issue",
                facts={"hospital": (hospital if number else other).slug},
                at=november.until - series.MOMENT,
            )
        log.checkpoint()
        at = november.closes_at + timedelta(days=1)
        assert sampling.draw_due(at=at) == 0

        log.append("view/1", kind="record.view", facts={}, at=november.closes_at)
        log.sequence()
        checkpoints.advance(log.signer, log.folder)
        assert sampling.draw_due(at=at) == 0  # it is signed and not final yet
        log.checkpoint()
        assert sampling.draw_due(at=november.until - series.MOMENT) == 0
        log.folder.rename(tmp_path / "elsewhere")
        assert sampling.draw_due(at=at) == 0  # a crash came before its files
        (tmp_path / "elsewhere").rename(log.folder)
        assert sampling.draw_due(at=at) == 1
        assert sampling.draw_due(at=at) == 0

        call_command("ledger", "export", tmp_path / "export", stdout=io.StringIO())

    out = io.StringIO()
    call_command(
        "sample", hospital.slug, "2026-11", tmp_path / "export", stdout=out, stderr=io.StringIO()
    )
    stored = Case.objects.filter(sample__hospital=hospital, sample__draw__month=november.first)
    drawn = [f"rx/{one.prescription_id.hex}" for one in stored.order_by("number")]
    assert out.getvalue().split() == drawn == [f"rx/{UUID(one).hex}" for one in rx[1:]]
    assert Sample.objects.get(hospital=other, draw__month=november.first).population == 1
    forget(november)


def forget(month: months.Month) -> None:
    """No draw of this month is left of another test, or of the clock."""
    with transaction.atomic():
        Case.objects.filter(sample__draw__month=month.first).delete()
        Sample.objects.filter(draw__month=month.first).delete()
        Draw.objects.filter(month=month.first).delete()


def test_two_workers_draw_a_month_once(world, patient):
    """F1, F3: a task may run twice at once."""
    month = sampled.a_month()
    rx = world.approved(patient)

    def draw():
        try:
            sampled.drawn(world, rx, month=month)
        except AssertionError:
            return "was drawn"
        return "drawn"

    assert sorted(at_once(draw, draw)) == ["drawn", "was drawn"]
    assert Draw.objects.filter(month=month.first).count() == 1
    assert Case.objects.filter(prescription_id=rx).count() == 1


def test_a_prescription_is_drawn_once(world, patient):
    """R2: the database refuses to have it appraised twice, whatever the logs say."""
    rx = sampled.one(world, patient)
    with pytest.raises(IntegrityError):
        sampled.drawn(world, rx)
    assert Case.objects.filter(prescription_id=rx).count() == 1
