"""
The contract of the face check's gateway, over real HTTP against the simulator.

The client is the one that ``client()`` builds from the settings; only its patience is shorter.
"""

import dataclasses
import hashlib
from base64 import b64encode
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.test import override_settings

from hospital.gateways import exchange, wechat_face
from hospital.gateways.wechat_face import Identity, Session
from tests.simulators.server import Bench, running_simulator, serving

HASTY = exchange.Patience(wall_s=0.5, attempts=3, pause_s=0.01)
ZHANG = Identity("张三", "110101199003070038")
LI = Identity("李四", "11010119900307002X")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running_simulator(tmp_path_factory.mktemp("wechat")) as running:
        yield running


@pytest.fixture
def client(bench: Bench) -> wechat_face.WeChatFace:
    with override_settings(WECHAT=bench.settings()):
        configured = wechat_face.client()
    assert isinstance(configured, wechat_face.WeChatFace)
    return wechat_face.WeChatFace(dataclasses.replace(configured.tokens, patience=HASTY))


def session(identity: Identity = ZHANG, openid: str = "o-zhang") -> Session:
    return Session(uuid4().hex, openid, identity)


def look(bench: Bench, verify_id: str, openid: str = "o-zhang", **more: int) -> int:
    seen = bench.tell("face", verify_id=verify_id, openid=openid, **more)
    return int(seen["verify_ret"])


def test_the_digest_is_of_the_three_parts_in_base64():
    """As the official text computes ``cert_hash``, written out."""
    text = (
        f"cert_type={b64encode(b'IDENTITY_CARD').decode()}"
        f"&cert_name={b64encode('张三'.encode()).decode()}"
        f"&cert_no={b64encode(b'110101199003070038').decode()}"
    )
    assert ZHANG.digest == hashlib.sha256(text.encode()).hexdigest()


def test_passes_the_person_of_this_identity_before_this_phone(bench, client):
    asked = session()
    verify_id = client.begin(asked)
    assert client.outcome(asked, verify_id) != wechat_face.PASSED
    look(bench, verify_id)
    assert client.outcome(asked, verify_id) == wechat_face.PASSED


def test_tells_why_a_face_has_not_passed(bench, client):
    asked = session()
    verify_id = client.begin(asked)
    look(bench, verify_id, result=10004)
    assert client.outcome(asked, verify_id) == 10004


def test_another_phone_does_not_pass(bench, client):
    asked = session()
    verify_id = client.begin(asked)
    look(bench, verify_id, openid="o-li")
    assert client.outcome(asked, verify_id) != wechat_face.PASSED


@pytest.mark.parametrize(
    "change",
    [{"number": "0" * 32}, {"openid": "o-li"}, {"identity": LI}],
    ids=lambda change: next(iter(change)),
)
def test_a_result_belongs_to_number_phone_and_identity(bench, client, change):
    asked = session()
    verify_id = client.begin(asked)
    look(bench, verify_id)
    with pytest.raises(wechat_face.Refused):
        client.outcome(dataclasses.replace(asked, **change), verify_id)


def test_a_number_is_taken_once(client):
    asked = session()
    client.begin(asked)
    with pytest.raises(wechat_face.Refused):
        client.begin(asked)


def test_an_identity_that_is_none_is_refused(client):
    with pytest.raises(wechat_face.Refused):
        client.begin(session(Identity("张三", "110101199003070030")))


def test_a_session_of_an_hour_ago_is_no_longer_looked_at(bench, client):
    asked = session()
    verify_id = client.begin(asked)
    bench.tell("clock", forward_s=3600)
    with pytest.raises(AssertionError, match="VERIFY_ID"):
        look(bench, verify_id)


def test_a_token_that_was_replaced_is_fetched_again(bench, client):
    """Another process has forced a new one."""
    client.begin(session())
    bench.tell("clock", forward_s=7200)
    client.begin(session())
    assert client.tokens.secret not in repr(client)
    assert client.tokens._token not in repr(client)


def test_does_not_blame_the_person_for_our_wrong_settings(client):
    wrong = wechat_face.WeChatFace(dataclasses.replace(client.tokens, secret="wrong", _until=0.0))
    with pytest.raises(wechat_face.Unavailable, match="40125"):
        wrong.begin(session())


def test_shows_nobodys_name_or_number(client):
    shown = repr(session()) + repr(client)
    assert ZHANG.name not in shown
    assert ZHANG.id_number not in shown


ODD = {
    "no verify_id": (b'{"errcode":0}', b""),
    "an empty one": (b'{"errcode":0,"verify_id":""}', b""),
    "one too long": (b'{"errcode":0,"verify_id":"' + b"x" * 257 + b'"}', b""),
    "one that is no text": (b'{"errcode":0,"verify_id":5}', b""),
    "no result": (b"", b'{"errcode":0}'),
    "true as a result": (b"", b'{"errcode":0,"verify_ret":true}'),
    "a result as text": (b"", b'{"errcode":0,"verify_ret":"10000"}'),
}


def answering(client: wechat_face.WeChatFace, url: str) -> wechat_face.WeChatFace:
    return wechat_face.WeChatFace(dataclasses.replace(client.tokens, base=url, _until=0.0))


def says(body: bytes):
    """A WeChat that gives out tokens, and answers everything else with this."""

    def answers(environ, start_response):
        start_response("200 OK", [("Content-Type", "application/json")])
        token = environ["PATH_INFO"] == "/cgi-bin/stable_token"
        return [b'{"access_token":"t","expires_in":7200}' if token else body]

    return answers


@pytest.mark.parametrize("odd", ODD)
def test_an_answer_that_says_nothing_is_none(client, odd):
    """Above all it is no pass."""
    begun, told = ODD[odd]
    with serving(says(begun or told)) as url:
        other = answering(client, url)
        ask = (lambda: other.begin(session())) if begun else (lambda: other.outcome(session(), "x"))
        with pytest.raises(wechat_face.Unavailable):
            ask()


@pytest.mark.parametrize("told", [b'{"errcode":1,"verify_ret":10000}', b'{"verify_ret":10000}'])
def test_both_codes_must_say_so(client, told):
    """``errcode`` 0 and ``verify_ret`` 10000: one alone is no pass."""
    with serving(says(told)) as url:
        other = answering(client, url)
        with pytest.raises(wechat_face.Refused):
            other.outcome(session(), "x")
