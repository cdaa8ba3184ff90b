"""The reviewers' queue: what has waited longest, to one reviewer at a time. Real threads."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test import override_settings
from django.utils import timezone

from hospital.actions import people
from hospital.client import Problem
from hospital.models import Account
from hospital.roles import Role
from prescriptions.actions import leasing
from prescriptions.models import Prescription
from tests.journeys import series
from tests.journeys.test_query_counts import queries_of
from tests.journeys.watching import account, at_once, count_entries, everything, kinds, outcomes
from tests.journeys.writes import of
from tests.world import World, a_member, enrolled

NEXT = "/api/reviews/next"
APPROVE = {"decision": "approve"}


@pytest.fixture
def hospital(world) -> World:
    """A hospital of its own: nobody else's prescriptions wait in its queue."""
    made = World(world.wechat)
    _ = made.reviewer, made.second_reviewer, made.foreign_reviewer
    return made


def takes(reviewer) -> str:
    return str(reviewer.write(NEXT, {})["id"])


def refused(call) -> str:
    """The code of the refusal; nothing was changed."""
    before = everything()
    with pytest.raises(Problem) as problem:
        call()
    assert everything() == before
    return problem.value.code


def since(rx):
    """The moment since which it waits."""
    found = Prescription.objects.get(id=rx).awaits_since
    assert found is not None
    return found


def colleague(client, role, organisation):
    """Another account of the client's person."""
    person = account(client).person
    made = people.employ(
        role, organisation, at=timezone.now(), person=person, license_number=uuid4().hex[:20]
    )
    return enrolled(made)


def later(rx, **by):
    """As if all of it had happened so much earlier."""
    back = timedelta(**by)
    Prescription.objects.filter(id=rx).update(
        awaits_since=F("awaits_since") - back, lease_until=F("lease_until") - back
    )


def test_what_has_waited_longest_is_handed_out_first(hospital):
    """A draft that was written first and signed last waits since it was signed."""
    late = hospital.drafted(hospital.patient)
    first, second = hospital.issued(hospital.patient), hospital.issued(hospital.patient)
    hospital.doctor.command(of(late, "issue"))
    reviewers = [a_member(Role.REVIEWER, hospital.hospital) for _ in range(3)]
    assert [takes(one) for one in reviewers] == [first, second, late]
    assert refused(lambda: takes(hospital.reviewer)) == "review.nothing_waits"


def test_taking_is_no_entry_and_reading_is_a_look(hospital):
    rx = hospital.issued(hospital.patient)
    events, views = count_entries(), count_entries(kind="record.view")
    assert takes(hospital.reviewer) == rx
    assert count_entries() == events
    hospital.reviewer.get(f"/api/prescriptions/{rx}")
    assert count_entries(kind="record.view") == views + 1


def test_who_has_one_in_hand_gets_that_one_again(hospital):
    """Nobody empties the queue, and a lost answer costs nothing; at one moment, too."""
    rx = hospital.issued(hospital.patient)
    hospital.issued(hospital.patient)
    taken = at_once(*[lambda: hospital.reviewer.write(NEXT, {})] * 4)
    assert {(one["id"], one["lease_until"]) for one in taken} == {(rx, taken[0]["lease_until"])}
    assert hospital.reviewer.get("/api/reviews")["in_hand"] == 1


def test_nobody_else_reviews_what_is_in_hand(hospital):
    rx, free = hospital.issued(hospital.patient), hospital.issued(hospital.patient)
    takes(hospital.reviewer)
    other = hospital.second_reviewer
    for decision in (APPROVE, {"decision": "return", "reason": "dose"}):
        assert refused(lambda d=decision: other.command(of(rx, "review"), d)) == "review.in_hand"
    hospital.second_reviewer.command(of(free, "review"), APPROVE)
    hospital.reviewer.command(of(rx, "review"), APPROVE)
    assert kinds(rx)[-1] == "prescription.review"
    assert Prescription.objects.get(id=rx).lease_holder is None


def test_a_statement_drawn_before_somebody_took_it_is_refused(hospital):
    rx = hospital.issued(hospital.patient)
    other = hospital.second_reviewer
    path = of(rx, "review")
    draw = other.post(f"{path}/statement", {**APPROVE, "key": other.key_name})
    takes(hospital.reviewer)
    body = {**APPROVE, **other.signed(draw)}
    assert refused(lambda: other.write(path, body)) == "review.in_hand"


def test_what_is_given_back_goes_to_the_next_who_asks(hospital):
    rx = hospital.issued(hospital.patient)
    hospital.issued(hospital.patient)
    takes(hospital.reviewer)
    give_back = of(rx, "review/release")
    for stranger, code in (
        (hospital.second_reviewer, "review.not_leased"),
        (hospital.foreign_reviewer, "access.wrong_hospital"),
    ):
        assert refused(lambda s=stranger: s.write(give_back, {})) == code
    hospital.reviewer.write(give_back, {})
    assert refused(lambda: hospital.reviewer.write(give_back, {})) == "review.not_leased"
    assert takes(hospital.second_reviewer) == rx


@pytest.mark.parametrize("microseconds", [-1, 0])
def test_the_lease_ends_at_exactly_its_end(hospital, microseconds):
    """Whoever disappears holds it up for so long and no longer."""
    rx = hospital.issued(hospital.patient)
    takes(hospital.reviewer)
    end = Prescription.objects.get(id=rx).lease_until
    assert end is not None
    at = end + timedelta(microseconds=microseconds)
    other = Account.objects.with_actor().get(id=hospital.second_reviewer.account).actor
    if microseconds < 0:
        with pytest.raises(leasing.NothingWaits):
            leasing.take(by=other, at=at)
    else:
        assert str(leasing.take(by=other, at=at).id) == rx


def test_after_the_end_anybody_reviews_it_and_the_late_one_too(hospital):
    first, second = hospital.issued(hospital.patient), hospital.issued(hospital.patient)
    for rx, by in ((first, hospital.second_reviewer), (second, hospital.reviewer)):
        assert takes(hospital.reviewer) == rx
        later(rx, seconds=301)
        by.command(of(rx, "review"), APPROVE)
        assert kinds(rx)[-1] == "prescription.review"


def test_nobody_gets_the_own_one_nor_the_one_checked_first(hospital):
    """Four eyes are of persons, whatever the account."""
    hospital.checked(hospital.patient)
    assert refused(lambda: takes(hospital.reviewer)) == "review.nothing_waits"
    prescriber = colleague(hospital.doctor, Role.REVIEWER, hospital.hospital)
    receiver = colleague(hospital.patient.client, Role.REVIEWER, hospital.hospital)
    for own in (prescriber, receiver, hospital.foreign_reviewer):
        assert refused(lambda o=own: takes(o)) == "review.nothing_waits"
    takes(hospital.second_reviewer)


def test_what_has_lapsed_is_not_handed_out(hospital):
    rx = hospital.issued(hospital.patient)
    end = Prescription.objects.get(id=rx).valid_until
    by = Account.objects.with_actor().get(id=hospital.reviewer.account).actor
    with pytest.raises(leasing.NothingWaits):
        leasing.take(by=by, at=end)


def test_a_long_term_prescription_is_in_one_hand(hospital):
    planned = series.issued(hospital, hospital.patient, 3, 7)
    assert hospital.reviewer.write(NEXT, {})["series"] == planned.id
    other = hospital.second_reviewer
    assert refused(lambda: takes(other)) == "review.nothing_waits"
    path = series.path(planned.id, "review")
    assert refused(lambda: other.command(path, APPROVE)) == "review.in_hand"
    hospital.reviewer.command(path, APPROVE)
    assert hospital.reviewer.get("/api/reviews")["waiting"] == 0


def test_a_change_takes_it_out_of_the_hand_and_it_waits_anew(hospital):
    rx = hospital.issued(hospital.patient)
    takes(hospital.reviewer)
    later(rx, minutes=4)
    before = since(rx)
    hospital.change(rx)
    after = Prescription.objects.get(id=rx)
    assert (after.lease_holder, after.lease_until) == (None, None)
    assert since(rx) > before + timedelta(minutes=4)


def test_a_check_gives_it_to_another_who_waits_no_longer_for_it(hospital):
    rx = hospital.toxic(hospital.patient)
    assert takes(hospital.reviewer) == rx
    before = since(rx)
    hospital.reviewer.command(of(rx, "review"), APPROVE)
    assert takes(hospital.second_reviewer) == rx
    assert since(rx) == before


def test_many_reviewers_get_everything_once(hospital):
    """Six at once, eight prescriptions: nobody gets one that another has; none is left over."""
    waiting = {hospital.issued(hospital.patient) for _ in range(8)}
    reviewers = [a_member(Role.REVIEWER, hospital.hospital) for _ in range(6)]
    done: list[str] = []
    while len(done) < len(waiting):
        taken = at_once(*[lambda by=by: takes(by) for by in reviewers])
        got = [(by, rx) for by, rx in zip(reviewers, taken, strict=True) if isinstance(rx, str)]
        assert set(outcomes(taken)) <= {"done", "review.nothing_waits"}
        assert len({rx for _, rx in got}) == len(got) == min(6, len(waiting) - len(done))
        for by, rx in got:
            by.command(of(rx, "review"), APPROVE)
        done += [rx for _, rx in got]
    assert sorted(done) == sorted(waiting)


def test_who_disappears_loses_nothing_but_time(hospital):
    """Two of four never come back; the others end up with all five."""
    waiting = {hospital.issued(hospital.patient) for _ in range(5)}
    gone = [a_member(Role.REVIEWER, hospital.hospital) for _ in range(2)]
    for rx in [takes(one) for one in gone]:
        later(rx, seconds=301)
    stay, done = [hospital.reviewer, hospital.second_reviewer], set()
    for _ in range(3):
        for by, rx in zip(stay, at_once(*[lambda by=by: takes(by) for by in stay]), strict=True):
            if isinstance(rx, str):
                by.command(of(rx, "review"), APPROVE)
                done.add(rx)
    assert done == waiting


def test_what_somebody_changes_at_this_moment_is_passed_over(hospital):
    """SKIP LOCKED: asking waits for nobody."""
    first, second = hospital.issued(hospital.patient), hospital.issued(hospital.patient)
    with transaction.atomic():
        list(Prescription.objects.select_for_update().filter(id=first))
        (taken,) = at_once(lambda: takes(hospital.reviewer))
    assert taken == second


@override_settings(REVIEW_TIMEOUT_MIN=30)
def test_overdue_is_told_by_the_clock_and_decides_nothing(hospital):
    """Never approved by silence: it waits, and the hospital is told."""
    old, new = hospital.issued(hospital.patient), hospital.issued(hospital.patient)
    later(old, minutes=30)
    later(new, minutes=29)
    queue = hospital.reviewer.get("/api/reviews")
    assert {name: queue[name] for name in ("waiting", "in_hand", "overdue", "timeout_min")} == {
        "waiting": 2,
        "in_hand": 0,
        "overdue": 1,
        "timeout_min": 30,
    }
    assert hospital.reviewer.write(NEXT, {})["overdue"] is True
    assert hospital.second_reviewer.write(NEXT, {})["overdue"] is False
    assert hospital.reviewer.get("/api/reviews")["in_hand"] == 2
    assert Prescription.objects.get(id=old).status == "issued"
    assert hospital.foreign_reviewer.get("/api/reviews")["waiting"] == 0


def test_the_figures_are_one_query(hospital):
    hospital.issued(hospital.patient)
    sql = queries_of(lambda: hospital.reviewer.get("/api/reviews"))
    assert len([one for one in sql if "prescriptions_prescription" in one]) == 1


def test_taking_reads_the_queue_in_its_order_and_sorts_nothing(hospital):
    """What it costs is one row and those that others have in hand, however many wait."""
    by = Account.objects.with_actor().get(id=hospital.reviewer.account).actor
    rows = leasing._waiting_for(by, timezone.now())[:1]
    with transaction.atomic(), connection.cursor() as cursor:
        # In a small table the planner's choice hangs on when it was last analysed. With sorting
        # priced out it sorts only where no index has the order.
        cursor.execute("SET LOCAL enable_sort = off")
        sql, values = rows.query.sql_with_params()
        cursor.execute(f"EXPLAIN {sql}", values)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "using review_queue" in plan, plan
    assert "Sort" not in plan.split("SubPlan")[0], plan
