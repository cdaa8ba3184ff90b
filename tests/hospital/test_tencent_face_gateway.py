"""
The contract of Tencent Cloud's face check, over real HTTP against the simulator.

The client is the one that ``client()`` builds from the settings; only its patience is shorter.
"""

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest
from django.test import override_settings

from hospital.gateways import exchange, tc3, tencent_face, wechat_face
from hospital.gateways.tencent_face import NOT_YET, TencentFace
from hospital.gateways.wechat_face import PASSED, Identity, Refused, Session, Unavailable
from tests.simulators.server import Bench, running_simulator, serving

HASTY = exchange.Patience(wall_s=0.5, attempts=3, pause_s=0.01)
ZHANG = Identity("张三", "110101199003070038")
LI = Identity("李四", "11010119900307002X")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running_simulator(tmp_path_factory.mktemp("tencent")) as running:
        yield running


@pytest.fixture
def client(bench: Bench) -> Iterator[TencentFace]:
    with override_settings(TENCENT_CLOUD=bench.tencent()):
        configured = tencent_face.client()
    assert isinstance(configured, TencentFace)
    yield dataclasses.replace(configured, patience=HASTY)
    bench.tell("behaviour", reset=True)


def session(identity: Identity = ZHANG) -> Session:
    return Session(uuid4().hex, "o-zhang", identity)


def look(bench: Bench, token: str, **more: Any) -> None:
    bench.tell("tencent-face", token=token, **more)


def test_passes_the_person_of_this_identity_in_this_check(bench, client):
    asked = session()
    token = client.begin(asked)
    assert client.outcome(asked, token) == NOT_YET
    look(bench, token)
    assert client.outcome(asked, token) == PASSED


@pytest.mark.parametrize("result", [1001, 2004, 2016, -1])
def test_tells_why_a_face_has_not_passed(bench, client, result):
    asked = session()
    token = client.begin(asked)
    look(bench, token, result=result)
    assert client.outcome(asked, token) == result


def test_no_code_of_theirs_is_taken_for_a_pass_of_wechats(bench, client):
    asked = session()
    token = client.begin(asked)
    look(bench, token, result=PASSED)
    with pytest.raises(Unavailable):
        client.outcome(asked, token)


@pytest.mark.parametrize(
    "change",
    [
        {"number": "0" * 32},
        {"identity": LI},
        {"identity": Identity(ZHANG.name, LI.id_number)},
        {"identity": Identity(LI.name, ZHANG.id_number)},
    ],
    ids=["check", "person", "number", "name"],
)
def test_a_result_belongs_to_check_and_identity(bench, client, change):
    """T10: Tencent Cloud answers whoever knows the token; it is compared here."""
    asked = session()
    token = client.begin(asked)
    look(bench, token)
    with pytest.raises(Refused):
        client.outcome(dataclasses.replace(asked, **change), token)


@pytest.mark.parametrize("name", ["Extra", "Name", "IdCard"])
@pytest.mark.parametrize("other", ["", None, 0, "x"])
def test_a_result_that_says_nothing_of_whose_it_is(bench, client, name, other):
    asked = session()
    token = client.begin(asked)
    look(bench, token, changes={name: other})
    with pytest.raises(Refused):
        client.outcome(asked, token)


def test_a_token_that_nobody_gave_out(client):
    with pytest.raises(Refused, match="BizTokenIllegal"):
        client.outcome(session(), str(uuid4()).upper())


def test_an_identity_that_is_none_is_refused(client):
    with pytest.raises(Refused, match="IdFormatError"):
        client.begin(session(Identity("张三", "110101199003070030")))


def test_a_flow_of_two_hours_ago_is_no_longer_looked_at(bench, client):
    token = client.begin(session())
    bench.tell("clock", forward_s=7200)
    with pytest.raises(AssertionError, match="BIZ_TOKEN"):
        look(bench, token)


WRONG = {
    "secret": ({"secret_key": "wrong"}, "AuthFailure.SignatureFailure"),
    "id": ({"secret_id": "AKIDwrong"}, "AuthFailure.SecretIdNotFound"),
    "rule": ({"rule_id": "2"}, "InvalidParameterValue.RuleIdNotExist"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_does_not_blame_the_person_for_our_wrong_settings(client, wrong):
    changes, code = WRONG[wrong]
    secrets = {name: value for name, value in changes.items() if name != "rule_id"}
    credentials = dataclasses.replace(client.credentials, **secrets)
    rule_id = changes.get("rule_id", client.rule_id)
    other = dataclasses.replace(client, credentials=credentials, rule_id=rule_id)
    with pytest.raises(Unavailable, match=code):
        other.begin(session())


@pytest.mark.parametrize("changed", ["body", "host", "day", "old"])
def test_a_signature_is_for_one_request_at_one_moment(bench, client, changed):
    """What was signed is sent otherwise: the simulator's own reading of TC3 refuses it."""
    body = json.dumps({"RuleId": client.rule_id, "Name": ZHANG.name, "IdCard": ZHANG.id_number})
    host = bench.url.removeprefix("http://")
    at = datetime.now(UTC) - (timedelta(seconds=400) if changed == "old" else timedelta())
    signed = tc3.headers(
        client.credentials,
        host="127.elsewhere" if changed == "host" else host,
        action="DetectAuth",
        version=tencent_face.VERSION,
        body=body.encode(),
        at=at,
    )
    signed["Host"] = host
    if changed == "day":
        signed["Authorization"] = signed["Authorization"].replace(f"{at:%Y-%m-%d}", "2020-01-01")
    sent = body.replace("}", " }") if changed == "body" else body
    answer = exchange.ask(
        "POST", f"{bench.url}/", headers=signed, content=sent.encode(), patience=HASTY
    )
    expired = "AuthFailure.SignatureExpire"
    code = expired if changed in ("day", "old") else "AuthFailure.SignatureFailure"
    assert answer.content()["Response"]["Error"]["Code"] == code


def test_the_signature_is_that_of_the_official_sdk():
    """
    As ``tencentcloud-sdk-python-common`` 3.1.195 signs the same request at the same moment.

    F10: the day is UTC's; an early morning in Shanghai is still the day before.
    """
    at = datetime(2026, 3, 2, 7, 59, tzinfo=timezone(timedelta(hours=8)))
    signed = tc3.headers(
        tc3.Credentials("AKIDEXAMPLE", "secretEXAMPLE"),
        host="faceid.tencentcloudapi.com",
        action="DetectAuth",
        version="2018-03-01",
        body=rb'{"Name": "\u5f20\u4e09", "RuleId": "1"}',
        at=at,
    )
    assert signed == {
        "Authorization": "TC3-HMAC-SHA256 Credential=AKIDEXAMPLE/2026-03-01/faceid/tc3_request,"
        " SignedHeaders=content-type;host,"
        " Signature=c17e559e253a610e2e390ab04a88720ecb8a2176d68ff5d24bc1afaf6d2d915c",
        "Content-Type": "application/json",
        "Host": "faceid.tencentcloudapi.com",
        "X-TC-Action": "DetectAuth",
        "X-TC-Timestamp": "1772409540",
        "X-TC-Version": "2018-03-01",
    }


@pytest.mark.parametrize("fault", ["500", "busy", "lost", "garbage", "302", "huge", "slow", "drip"])
def test_an_answer_that_goes_wrong_is_none(bench, client, fault):
    """F9: bounded in time and size, and no pass."""
    asked = session()
    token = client.begin(asked)
    look(bench, token)
    bench.tell("behaviour", answer=fault, path="/", times=9, seconds=0.6)
    with pytest.raises(Unavailable):
        client.outcome(asked, token)
    with pytest.raises(Unavailable):
        client.begin(session())
    bench.tell("behaviour", reset=True)
    assert client.outcome(asked, token) == PASSED


@pytest.mark.parametrize("fault", ["500", "lost", "slow"])
def test_a_fault_that_passes_is_asked_again(bench, client, fault):
    """F9: a lost DetectAuth leaves a flow behind that nobody uses."""
    asked = session()
    bench.tell("behaviour", answer=fault, path="/", times=1, seconds=0.6)
    token = client.begin(asked)
    look(bench, token)
    bench.tell("behaviour", answer=fault, path="/", times=1, seconds=0.6)
    assert client.outcome(asked, token) == PASSED


def test_a_result_is_told_as_often_as_asked(bench, client):
    asked = session()
    token = client.begin(asked)
    look(bench, token)
    assert [client.outcome(asked, token) for _ in range(2)] == [PASSED, PASSED]


def test_shows_nobodys_name_nor_number_nor_the_secret(client):
    shown = repr(session()) + repr(client)
    for secret in (ZHANG.name, ZHANG.id_number, client.credentials.secret_key):
        assert secret not in shown


ODD_BEGUN = ["{}", '{"BizToken":""}', '{"BizToken":5}', '{"BizToken":"' + "x" * 257 + '"}', "[]"]
ODD_TOLD = [
    '{"Text":{}}',
    '{"Text":[]}',
    '{"Text":{"ErrCode":false}}',
    '{"Text":{"ErrCode":"0"}}',
    '{"Text":{"ErrCode":0.0}}',
    '{"Error":{"Code":"UnauthorizedOperation.Nonactivated"},"Text":{"ErrCode":0}}',
    '{"Error":{},"Text":{"ErrCode":0}}',
    '{"Error":"","Text":{"ErrCode":0}}',
    "null",
]


def says(response: str):
    """A Tencent Cloud that answers everything with this ``Response``."""

    def answers(environ, start_response):
        start_response("200 OK", [("Content-Type", "application/json")])
        return [b'{"Response":' + response.encode() + b"}"]

    return answers


@pytest.mark.parametrize("odd", ODD_BEGUN)
def test_an_answer_without_a_token_is_none(client, odd):
    with serving(says(odd)) as url, pytest.raises(Unavailable):
        dataclasses.replace(client, base=url).begin(session())


@pytest.mark.parametrize("odd", ODD_TOLD)
def test_an_answer_that_says_nothing_is_no_pass(client, odd):
    with serving(says(odd)) as url, pytest.raises(Unavailable):
        dataclasses.replace(client, base=url).outcome(session(), "x")


@pytest.mark.parametrize("nothing", ["{}", '{"Text":null}', '{"Text":{"ErrCode":null}}'])
def test_nobody_has_looked_yet(client, nothing):
    with serving(says(nothing)) as url:
        assert dataclasses.replace(client, base=url).outcome(session(), "x") == NOT_YET


def test_wechat_looks_unless_the_settings_say_otherwise(bench):
    from hospital.gateways import face

    with override_settings(WECHAT=bench.settings(), TENCENT_CLOUD=bench.tencent()):
        with override_settings(FACE_PROVIDER="wechat"):
            assert isinstance(face.client(), wechat_face.WeChatFace)
            assert face.for_the_phone("t") == {"verifyId": "t"}
        with override_settings(FACE_PROVIDER="tencent"):
            assert isinstance(face.client(), TencentFace)
            assert face.for_the_phone("t") == {"bizToken": "t"}
