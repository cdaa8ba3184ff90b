"""
Whoever looks at the face, WeChat or Tencent Cloud: what is misused is refused in the same way.

What the phone says counts for nothing; a result is of one check, one person and one account.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest
from django.test import override_settings

from hospital.client import Client
from hospital.faces import actions
from hospital.faces.models import FaceCheck
from hospital.gateways import face
from tests.journeys.test_faces import CHECKS, aged, bind, refused, who
from tests.journeys.watching import at_once, everything, outcomes, raw
from tests.simulators.server import Bench
from tests.world import World, a_client

FAILED = {"wechat": 10004, "tencent": 2016}
TOKENS = {"wechat": "verifyId", "tencent": "bizToken"}
PATHS = {"wechat": "/cityservice/", "tencent": "/"}


@dataclass(frozen=True)
class Camera:
    """A phone whose faces this provider looks at."""

    provider: str
    bench: Bench
    client: Client
    openid: str

    def begun(self, **changes: Any) -> tuple[str, str]:
        """A check, and the token that the phone has for it."""
        check = str(self.client.write(CHECKS, who(**changes))["id"])
        return check, str(self.client.get(f"{CHECKS}/{check}/parameters")[TOKENS[self.provider]])

    def look(self, token: str, result: int | None = None, **changes: str) -> None:
        """The camera sees the right person, or what ``result`` says."""
        more = {} if result is None else {"result": result}
        if self.provider == "wechat":
            seen = {"verify_id": token, "openid": self.openid, **more}
            self.bench.tell("face", **{**seen, **changes})
        else:
            self.bench.tell("tencent-face", token=token, changes=changes, **more)

    def passed(self, **changes: Any) -> str:
        check, token = self.begun(**changes)
        self.look(token)
        assert self.state(check) == "passed"
        return check

    def state(self, check: str) -> str:
        """Once the provider was asked."""
        return str(self.client.get(f"{CHECKS}/{check}")["state"])


def newcomer(world: World, openid: str) -> Client:
    client = a_client()
    client.enter_with_wechat(world.wechat_code(openid))
    return client


@pytest.fixture(params=["wechat", "tencent"])
def camera(request: pytest.FixtureRequest, world: World, bench: Bench) -> Iterator[Camera]:
    openid = f"o{uuid4().hex[:27]}"
    with override_settings(FACE_PROVIDER=request.param):
        yield Camera(request.param, bench, newcomer(world, openid), openid)


def test_a_face_that_was_recognised_is_believed_once(camera):
    check = camera.passed()
    assert camera.client.write("/api/me/identity", {"face_check": check}) == {
        "identified": True,
        "log_in_again": False,
    }
    assert camera.state(check) == "spent"


def test_nobody_has_looked(camera):
    check, _ = camera.begun()
    told = camera.client.get(f"{CHECKS}/{check}")
    assert told["state"] == "open"
    assert bind(camera.client, check) == (409, "face.not_passed")


def test_a_check_that_was_never_begun(camera):
    check = camera.client.write(CHECKS, who())["id"]
    assert camera.state(check) == "open"
    assert bind(camera.client, check) == (409, "face.not_passed")


def test_a_face_that_failed(camera):
    check, token = camera.begun()
    camera.look(token, FAILED[camera.provider])
    told = camera.client.get(f"{CHECKS}/{check}")
    assert (told["state"], told["verify_ret"]) == ("open", FAILED[camera.provider])
    assert bind(camera.client, check) == (409, "face.not_passed")
    camera.look(token)
    assert camera.state(check) == "passed"


@pytest.mark.parametrize("whose", ["another's", "one's own"])
def test_a_result_that_was_fetched_for_another_token(camera, whose):
    """T10: the token of a passed check is put in the place of another person's, or one's own."""
    claimed = who()
    passed = camera.passed(**claimed)
    other, _ = camera.begun(**(claimed if whose == "one's own" else {}))
    token = FaceCheck.objects.get(id=passed).verify_id
    FaceCheck.objects.filter(id=other).update(verify_id=token)
    assert camera.state(other) == "open"
    assert bind(camera.client, other) == (409, "face.not_passed")


@pytest.mark.parametrize(
    "change",
    [{"Name": "测试别人"}, {"IdCard": "11010119900307002X"}, {"Extra": "0" * 32}, {"Extra": ""}],
    ids=["name", "number", "check", "no check"],
)
def test_a_result_that_was_changed(camera, change):
    """WeChat compares itself, and does not pass another phone; of Tencent Cloud we compare."""
    check, token = camera.begun()
    other = {"openid": f"o{uuid4().hex[:27]}"} if camera.provider == "wechat" else change
    camera.look(token, **other)
    assert camera.state(check) == "open"
    assert bind(camera.client, check) == (409, "face.not_passed")


def test_a_result_that_was_doubled(camera):
    """R1: of two commands at one moment one has it; whoever loses finds the check spent."""
    body = {"face_check": camera.passed()}
    both = [lambda: camera.client.write("/api/me/identity", body) for _ in range(2)]
    assert outcomes(at_once(*both)) == ["done", "face.spent"]


def test_a_check_that_is_begun_twice_at_once(camera, monkeypatch):
    """R1: a phone that asks twice gets one token twice: the one whose result will be asked for."""
    check = str(camera.client.write(CHECKS, who())["id"])
    path, name = f"{CHECKS}/{check}/parameters", TOKENS[camera.provider]
    provider = type(face.client())
    begin, first = provider.begin, []

    def overtaken(self, session):
        """While this call waits for the provider, another one gets its token and stores it."""
        monkeypatch.setattr(provider, "begin", begin)
        first.append(camera.client.get(path)[name])
        number = uuid4().hex if camera.provider == "wechat" else session.number
        return begin(self, replace(session, number=number))  # WeChat takes a number once

    monkeypatch.setattr(provider, "begin", overtaken)
    second = camera.client.get(path)[name]
    assert [second] == first == [FaceCheck.objects.get(id=check).verify_id]
    camera.look(second)
    assert camera.state(check) == "passed"


def test_a_result_of_another_account(camera, world):
    """T10"""
    check = camera.passed()
    thief = newcomer(world, f"o{uuid4().hex[:27]}")
    assert bind(thief, check) == (404, "face.unknown")
    assert raw(thief, "GET", f"{CHECKS}/{check}/parameters").status_code == 404


def test_a_result_that_came_too_late(camera):
    check, token = camera.begun()
    camera.look(token)
    aged(check)
    assert camera.state(check) == "ended"
    assert bind(camera.client, check) == (410, "face.ended")


def test_a_result_for_something_else(camera):
    check = camera.passed()
    FaceCheck.objects.filter(id=check).update(purpose="key")
    assert bind(camera.client, check) == (409, "face.wrong_purpose")


def test_an_identity_that_the_provider_does_not_take(camera):
    """Its form was looked at before; the provider has the last word."""
    check = camera.client.write(CHECKS, who())["id"]
    sealed = actions._seal("110101199003070030", FaceCheck.objects.get(id=check).id, "id_number")
    FaceCheck.objects.filter(id=check).update(id_number=sealed)
    before = everything()
    answer = raw(camera.client, "GET", f"{CHECKS}/{check}/parameters")
    assert (answer.status_code, answer.json()["code"]) == (409, "face.refused")
    assert everything() == before


@pytest.mark.parametrize("fault", ["500", "garbage", "302", "lost"])
@pytest.mark.parametrize("moment", ["parameters", "outcome"])
def test_the_provider_does_not_answer(camera, fault, moment):
    """F9: nothing is decided, and asking again helps."""
    check = camera.client.write(CHECKS, who())["id"]
    ask = f"{CHECKS}/{check}"
    if moment == "parameters":
        ask += "/parameters"
    else:
        camera.look(camera.client.get(f"{ask}/parameters")[TOKENS[camera.provider]])
    camera.bench.tell("behaviour", answer=fault, path=PATHS[camera.provider], times=9)
    try:
        answer = raw(camera.client, "GET", ask)
        assert (answer.status_code, answer.json()["code"]) == (503, "wechat.unavailable")
    finally:
        camera.bench.tell("behaviour", reset=True)
    if moment == "outcome":
        assert camera.state(check) == "passed"


def test_a_change_of_the_provider_between_the_questions(camera):
    """The new provider does not know the token: the check does not pass, and another one does."""
    check, token = camera.begun()
    camera.look(token)
    other = {"wechat": "tencent", "tencent": "wechat"}[camera.provider]
    with override_settings(FACE_PROVIDER=other):
        assert camera.state(check) == "open"
        assert bind(camera.client, check) == (409, "face.not_passed")
        replace(camera, provider=other).passed()


def test_who_looks_is_not_for_the_caller_to_say(camera):
    body = {**who(), "provider": "wechat"}
    assert refused(camera.client, CHECKS, body) == (422, "body.invalid")
