"""Whose face it was: asked of WeChat, good for one command of one account, once, for a while."""

import os
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from config.demo import phone
from hospital.actions import login, people
from hospital.faces import actions
from hospital.faces.models import FaceCheck
from hospital.models import Account, Key
from tests.journeys import writes
from tests.journeys.watching import at_once, everything, outcomes, raw
from tests.world import PHONES, Patient, a_client, an_id_number, looked_at

CHECKS = "/api/me/face-checks"


@pytest.fixture
def openid():
    return f"o{uuid4().hex[:27]}"


@pytest.fixture
def newcomer(world, openid):
    client = a_client()
    client.enter_with_wechat(world.wechat_code(openid))
    return client


def who(**changes):
    said = {"name": "测试新人", "id_number": an_id_number(), "phone": "13900139000"}
    return {"purpose": "identity", **said, **changes}


def refused(client, path, body):
    """The refusal's status and code; nothing was changed by it."""
    before = everything()
    answer = raw(client, "POST", path, body=body)
    assert everything() == before
    return answer.status_code, answer.json()["code"]


def bind(client, check):
    return refused(client, "/api/me/identity", {"face_check": check})


def begun(client, **changes):
    """A check whose ``verify_id`` the phone has; the pair of both."""
    check = client.write(CHECKS, who(**changes))["id"]
    return check, client.get(f"{CHECKS}/{check}/parameters")["verifyId"]


def aged(check, **moments):
    """As if the check were older."""
    found = FaceCheck.objects.get(id=check)
    FaceCheck.objects.filter(id=check).update(
        created_at=found.created_at - actions.LIFE,
        ends_at=found.ends_at - actions.LIFE,
        **moments,
    )


def test_a_newcomer_is_known_by_the_face(world, newcomer, openid):
    claimed = who()
    check = newcomer.write(CHECKS, claimed)["id"]
    path = f"{CHECKS}/{check}"
    assert newcomer.get(path)["state"] == "open"
    verify_id = newcomer.get(f"{path}/parameters")["verifyId"]
    assert newcomer.get(f"{path}/parameters")["verifyId"] == verify_id
    world.wechat.post("/simulator/face", json={"verify_id": verify_id, "openid": openid})
    assert newcomer.get(path)["state"] == "passed"

    assert newcomer.write("/api/me/identity", {"face_check": check}) == {
        "identified": True,
        "log_in_again": False,
    }

    assert newcomer.get(path)["state"] == "spent"
    spent = FaceCheck.objects.get(id=check)
    assert {bytes(spent.name), bytes(spent.id_number), bytes(spent.phone)} == {b""}
    newcomer.register_key(os.urandom(32))


def test_what_the_phone_says_counts_for_nothing(newcomer):
    """T10: nobody looked at a face, and whatever was sent along is refused."""
    check, _ = begun(newcomer)
    assert bind(newcomer, check) == (409, "face.not_passed")
    for more in ({"verify_ret": 10000}, {"passed_at": "2026-01-01T00:00:00Z"}):
        answer = raw(newcomer, "POST", "/api/me/identity", body={"face_check": check, **more})
        assert (answer.status_code, answer.json()["code"]) == (422, "body.invalid")


@pytest.mark.parametrize("result", [0, 1, 9999, 10001, 10003, 10004, 90004, 90107])
def test_only_one_result_is_a_pass(world, newcomer, openid, result):
    check, verify_id = begun(newcomer)
    seen = {"verify_id": verify_id, "openid": openid, "result": result}
    world.wechat.post("/simulator/face", json=seen)

    told = newcomer.get(f"{CHECKS}/{check}")
    assert (told["state"], told["verify_ret"]) == ("open", result or None)
    assert bind(newcomer, check) == (409, "face.not_passed")

    world.wechat.post("/simulator/face", json={**seen, "result": 10000})
    assert newcomer.get(f"{CHECKS}/{check}")["state"] == "passed"


def test_anothers_phone_does_not_pass(world, newcomer):
    """The check is bound to the openid that logged in here."""
    check, verify_id = begun(newcomer)
    seen = {"verify_id": verify_id, "openid": f"o{uuid4().hex[:27]}"}
    world.wechat.post("/simulator/face", json=seen)
    assert newcomer.get(f"{CHECKS}/{check}")["state"] == "open"
    assert bind(newcomer, check) == (409, "face.not_passed")


def test_a_foreign_check_is_nobody_elses(world, newcomer, openid, patient):
    """Replayed by another account, whether it has passed or was spent."""
    check = phone.face(newcomer, world.wechat, openid, **who())
    thief, another = a_client(), f"o{uuid4().hex[:27]}"
    thief.enter_with_wechat(world.wechat_code(another))
    for _ in range(2):
        assert bind(thief, check) == (404, "face.unknown")
        assert raw(thief, "GET", f"{CHECKS}/{check}").status_code == 404
        assert raw(thief, "GET", f"{CHECKS}/{check}/parameters").status_code == 404
        if Account.objects.get(id=newcomer.account).person_id is None:
            newcomer.write("/api/me/identity", {"face_check": check})


def test_the_result_of_another_identity_does_not_count(world, newcomer, openid):
    """A passed session is put in the place of one for somebody else: WeChat knows whose it was."""
    mine = phone.face(newcomer, world.wechat, openid, **who())
    other, _ = begun(newcomer)
    verify_id = FaceCheck.objects.get(id=mine).verify_id
    FaceCheck.objects.filter(id=other).update(verify_id=verify_id)

    assert newcomer.get(f"{CHECKS}/{other}")["state"] == "open"
    assert bind(newcomer, other) == (409, "face.not_passed")


def test_a_face_counts_once(world, patient):
    """For one key, though two ask at one moment, and not for a third later."""
    check = looked_at(patient.client)
    bodies = [{**writes.key(world, patient).body, "face_check": check} for _ in range(2)]
    results = at_once(*[lambda b=body: patient.client.write("/api/keys", b) for body in bodies])
    assert outcomes(results) == ["done", "face.spent"]
    assert Key.objects.filter(account_id=patient.account).count() == 2
    body = {**writes.key(world, patient).body, "face_check": check}
    assert refused(patient.client, "/api/keys", body) == (409, "face.spent")


def test_a_face_counts_for_what_it_was_looked_at(world, newcomer, openid):
    """One made to say who one is adds no key."""
    newcomer.write(
        "/api/me/identity", {"face_check": phone.face(newcomer, world.wechat, openid, **who())}
    )
    newcomer.register_key(os.urandom(32))
    newcomer.enter_with_key()
    check = phone.face(newcomer, world.wechat, openid, "key")
    FaceCheck.objects.filter(id=check).update(purpose="identity")
    body = {**writes.key(world, patient_of(newcomer, openid)).body, "face_check": check}
    assert refused(newcomer, "/api/keys", body) == (409, "face.wrong_purpose")


def patient_of(client, openid):
    """A patient of whom the world knows no camera."""
    PHONES.pop(client.account, None)
    return Patient(client, "", openid)


def test_a_further_key_takes_a_face(world, patient):
    """T5: a session alone, of a lost phone or a stolen token, adds no key; nor does nonsense."""
    ready = writes.key(world, patient)
    without = {name: value for name, value in ready.body.items() if name != "face_check"}
    assert refused(patient.client, "/api/keys", without) == (403, "key.face_needed")
    unknown = {**without, "face_check": str(uuid4())}
    assert refused(patient.client, "/api/keys", unknown) == (404, "face.unknown")
    patient.client.write("/api/keys", ready.body)


def test_a_revoked_key_leaves_a_further_one_further(world, patient):
    """Who revokes the only key has not become a newcomer."""
    ready = writes.key(world, patient)
    patient.client.command("/api/keys/revoke", {"name": patient.client.key_name})
    patient.client.enter_with_wechat(world.wechat_code(patient.openid))
    without = {name: value for name, value in ready.body.items() if name != "face_check"}
    assert refused(patient.client, "/api/keys", without) == (403, "key.face_needed")


def test_a_face_is_fresh(world, newcomer, openid):
    """A quarter of an hour from the claim, whatever came in between."""
    check = phone.face(newcomer, world.wechat, openid, **who())
    found = FaceCheck.objects.get(id=check)
    assert found.passed_at is not None
    aged(check, passed_at=found.passed_at - actions.LIFE)
    assert bind(newcomer, check) == (410, "face.ended")
    assert newcomer.get(f"{CHECKS}/{check}")["state"] == "ended"
    assert raw(newcomer, "GET", f"{CHECKS}/{check}/parameters").status_code == 410


def test_a_face_that_passes_too_late_has_not_passed(world, newcomer, openid):
    check, verify_id = begun(newcomer)
    world.wechat.post("/simulator/face", json={"verify_id": verify_id, "openid": openid})
    aged(check)
    assert newcomer.get(f"{CHECKS}/{check}")["state"] == "ended"
    assert bind(newcomer, check) == (410, "face.ended")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"id_number": "110101196005170000"}, "identity.bad_id_number"),
        ({"phone": "12"}, "identity.bad_phone"),
        ({"purpose": "key"}, "face.needs_identity"),
        ({"purpose": "party"}, "body.invalid"),
        ({"name": 5}, "body.invalid"),
        ({"more": "x"}, "body.invalid"),
    ],
)
def test_a_claim_that_is_none(newcomer, changes, code):
    assert refused(newcomer, CHECKS, who(**changes)) == (422, code)


@pytest.mark.parametrize("without", ["name", "id_number", "phone"])
def test_half_a_claim(newcomer, without):
    body = {name: value for name, value in who().items() if name != without}
    assert refused(newcomer, CHECKS, body) == (422, "face.needs_identity")


def test_nobody_claims_what_is_known(patient):
    """Whose face it must be is not for the caller to say any more."""
    assert refused(patient.client, CHECKS, who(purpose="key")) == (422, "face.needs_identity")


def test_who_has_another_name_is_called_by_it(world, patient):
    """The face shows it; what was signed before stays as it was."""
    before = world.issued(patient)
    said = {"name": "测试改名", "id_number": patient.id_number, "phone": "13700137000"}
    check = phone.face(patient.client, world.wechat, patient.openid, "identity", **said)

    patient.client.write("/api/me/identity", {"face_check": check})

    person = Account.objects.select_related("person").get(id=patient.account).person
    assert person is not None
    assert people.name_of(person) == said["name"]
    assert people.phone_of(person) == f"+86{said['phone']}"
    assert people.id_number_of(person) == patient.id_number
    names = [
        patient.client.get(f"/api/prescriptions/{rx}")["fields"]["patient/name"]
        for rx in (before, world.issued(patient))
    ]
    assert names[0] != names[1] == said["name"]
    assert looked_at(patient.client)


def test_so_many_a_day(world, newcomer):
    """Identity numbers are not tried out on WeChat."""
    for _ in range(actions.MOST_A_DAY):
        newcomer.write(CHECKS, who())
    assert refused(newcomer, CHECKS, who()) == (429, "face.too_many")
    FaceCheck.objects.filter(account_id=newcomer.account).update(
        created_at=timezone.now() - timedelta(days=1)
    )
    newcomer.write(CHECKS, who())


@pytest.mark.parametrize("path", ["getverifyid", "queryverifyinfo"])
@pytest.mark.parametrize("fault", ["500", "busy", "lost", "garbage", "302"])
def test_wechat_does_not_answer(world, bench, newcomer, openid, path, fault):
    """F9: nothing is decided, and asking again helps."""
    check = newcomer.write(CHECKS, who())["id"]
    address = f"/cityservice/face/identify/{path}"
    ask = f"{CHECKS}/{check}"
    if path == "getverifyid":
        ask += "/parameters"
    else:
        verify_id = newcomer.get(f"{ask}/parameters")["verifyId"]
        world.wechat.post("/simulator/face", json={"verify_id": verify_id, "openid": openid})
    bench.tell("behaviour", answer=fault, path=address, times=9)
    try:
        answer = raw(newcomer, "GET", ask)
        assert (answer.status_code, answer.json()["code"]) == (503, "wechat.unavailable")
    finally:
        bench.tell("behaviour", reset=True)
    if path == "queryverifyinfo":
        assert newcomer.get(ask)["state"] == "passed"


def test_a_verify_id_whose_answer_was_lost(world, bench, newcomer, openid):
    """F9: WeChat takes our number once, so a check whose beginning got lost is begun anew."""
    check = newcomer.write(CHECKS, who())["id"]
    bench.tell("behaviour", answer="lost", path="/cityservice/", times=1)
    answer = raw(newcomer, "GET", f"{CHECKS}/{check}/parameters")
    bench.tell("behaviour", reset=True)
    assert (answer.status_code, answer.json()["code"]) == (409, "face.refused")
    phone.face(newcomer, world.wechat, openid, **who())


def test_what_was_claimed_and_never_used_is_forgotten(world, newcomer, openid, patient):
    """Unused claims go after a day; of what was used the time stays."""
    unused, _ = begun(newcomer)
    used = looked_at(patient.client)
    body = {**writes.key(world, patient).body, "face_check": used}
    patient.client.write("/api/keys", body)
    actions.forget_old(at=timezone.now() + actions.A_DAY)
    left = set(FaceCheck.objects.filter(id__in=[unused, used]).values_list("id", flat=True))
    assert {str(one) for one in left} == {used}


def test_who_came_without_wechat_has_no_face_here(world):
    """The account of a program, were it a patient's: refused before WeChat is asked."""
    account = Account.objects.create(role="patient", created_at=timezone.now())
    client = a_client()
    client.enrol(login.make_enrolment_code(account, at=timezone.now()))
    assert refused(client, CHECKS, who()) == (409, "face.no_wechat")
