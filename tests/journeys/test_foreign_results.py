"""
Replayed, substituted or foreign face-check results, used codes, codes of another appid: refused.

Each with its code, and nothing is changed by it.
"""

from uuid import uuid4

import pytest

from config.demo import phone
from hospital.faces import actions
from hospital.faces.models import FaceCheck
from tests.journeys.watching import everything, raw
from tests.world import a_client, an_id_number

CHECKS = "/api/me/face-checks"
SIX_MINUTES = 360


@pytest.fixture
def openid():
    return f"o{uuid4().hex[:27]}"


@pytest.fixture
def newcomer(world, openid):
    client = a_client()
    client.enter_with_wechat(world.wechat_code(openid))
    return client


def who():
    return {"name": "测试新人", "id_number": an_id_number(), "phone": "13900139000"}


def passed(world, client, openid):
    """A check of ``client``'s that WeChat has passed, and that is not spent."""
    return phone.face(client, world.wechat, openid, "identity", **who())


def begun(client):
    """A check whose ``verify_id`` the phone has; nobody has looked at a face."""
    check = client.write(CHECKS, {"purpose": "identity", **who()})["id"]
    client.get(f"{CHECKS}/{check}/parameters")
    return check


def substitute(client, check, other):
    """The result of ``other`` in the place of ``check``'s; WeChat is asked what came of it."""
    verify_id = FaceCheck.objects.get(id=other).verify_id
    FaceCheck.objects.filter(id=check).update(verify_id=verify_id)
    assert client.get(f"{CHECKS}/{check}")["state"] == "open"
    return check


def of_another_openid(world, client, openid):
    another, theirs = a_client(), f"o{uuid4().hex[:27]}"
    another.enter_with_wechat(world.wechat_code(theirs))
    return substitute(client, begun(client), passed(world, another, theirs))


def of_another_identity(world, client, openid):
    """The number and the ``cert_hash`` differ, the phone is the same."""
    return substitute(client, begun(client), passed(world, client, openid))


def of_another_sequence(world, client, openid):
    """The same phone and the same identity: our number alone differs."""
    said = who()
    first = phone.face(client, world.wechat, openid, "identity", **said)
    second = client.write(CHECKS, {"purpose": "identity", **said})["id"]
    client.get(f"{CHECKS}/{second}/parameters")
    return substitute(client, second, first)


def of_another_account(world, client, openid):
    another, theirs = a_client(), f"o{uuid4().hex[:27]}"
    another.enter_with_wechat(world.wechat_code(theirs))
    return passed(world, another, theirs)


def failed(world, client, openid):
    check = begun(client)
    verify_id = FaceCheck.objects.get(id=check).verify_id
    seen = {"verify_id": verify_id, "openid": openid, "result": 10004}
    world.wechat.post("/simulator/face", json=seen)
    assert client.get(f"{CHECKS}/{check}")["verify_ret"] == 10004
    return check


def too_old(world, client, openid):
    check = passed(world, client, openid)
    found = FaceCheck.objects.get(id=check)
    moments = ("created_at", "passed_at", "ends_at")
    older = {name: getattr(found, name) - actions.LIFE for name in moments}
    FaceCheck.objects.filter(id=check).update(**older)
    return check


def of_another_purpose(world, client, openid):
    check = passed(world, client, openid)
    FaceCheck.objects.filter(id=check).update(purpose="recovery")
    return check


RESULTS = {
    of_another_openid: (409, "face.not_passed"),
    of_another_sequence: (409, "face.not_passed"),
    of_another_identity: (409, "face.not_passed"),
    of_another_account: (404, "face.unknown"),
    failed: (409, "face.not_passed"),
    too_old: (410, "face.ended"),
    of_another_purpose: (409, "face.wrong_purpose"),
}


@pytest.mark.parametrize("result", RESULTS, ids=lambda made: made.__name__)
def test_a_result_that_does_not_count(world, newcomer, openid, result):
    """T10"""
    check = result(world, newcomer, openid)
    before = everything()
    answer = raw(newcomer, "POST", "/api/me/identity", body={"face_check": check})
    assert (answer.status_code, answer.json()["code"]) == RESULTS[result]
    assert everything() == before


def test_a_result_that_was_spent(world, newcomer, openid):
    """T10: replayed by its own account, which has a person now, and in another command."""
    check = passed(world, newcomer, openid)
    newcomer.write("/api/me/identity", {"face_check": check})
    before = everything()
    again = raw(newcomer, "POST", "/api/me/identity", body={"face_check": check})
    assert (again.status_code, again.json()["code"]) == (409, "face.spent")
    asked = raw(newcomer, "GET", f"{CHECKS}/{check}/parameters")
    assert (asked.status_code, asked.json()["code"]) == (409, "face.spent")
    assert everything() == before


def used(world, bench):
    code = world.wechat_code(f"o{uuid4().hex[:27]}")
    a_client().enter_with_wechat(code)
    return code


def of_another_appid(world, bench):
    openid = f"o{uuid4().hex[:27]}"
    return bench.tell("code", openid=openid, appid="wx0000000000000000")["code"]


def expired(world, bench):
    bench.tell("clock", forward_s=-SIX_MINUTES)
    code = world.wechat_code(f"o{uuid4().hex[:27]}")
    bench.tell("clock", forward_s=SIX_MINUTES)  # as it was: everybody's WeChat tells it
    return code


@pytest.mark.parametrize("code", [used, of_another_appid, expired], ids=lambda made: made.__name__)
def test_a_code_that_does_not_count(world, bench, code):
    """T10: no account comes of it, and no session."""
    spent = code(world, bench)
    before = everything()
    answer = raw(a_client(), "POST", "/api/login/wechat", body={"code": spent})
    assert (answer.status_code, answer.json()["code"]) == (401, "login.failed")
    assert everything() == before
