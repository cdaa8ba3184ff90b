"""
The contract of the log-in gateway, over real HTTP against the simulator.

The client is the one that ``client()`` builds from the settings; only its patience is shorter.
"""

import dataclasses
import time
from collections.abc import Iterator

import pytest
from django.test import override_settings

from hospital.gateways import exchange, wechat
from tests.simulators.server import Bench, running_simulator, serving

HASTY = exchange.Patience(wall_s=0.5, attempts=3, pause_s=0.01)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running_simulator(tmp_path_factory.mktemp("wechat")) as running:
        yield running


@pytest.fixture(autouse=True)
def no_fault_left(bench: Bench) -> Iterator[None]:
    yield
    bench.tell("behaviour", reset=True)


@pytest.fixture
def client(bench: Bench) -> wechat.WeChatClient:
    with override_settings(WECHAT=bench.settings()):
        configured = wechat.client()
    assert isinstance(configured, wechat.WeChatClient)
    return dataclasses.replace(configured, patience=HASTY)


def code_of(bench: Bench, openid: str, **more: object) -> str:
    return str(bench.tell("code", openid=openid, **more)["code"])


class TestLogin:
    def test_names_the_person_whose_phone_got_the_code(self, bench, client):
        assert client.login(code_of(bench, "o-zhang")) == wechat.Login(openid="o-zhang")

    def test_hands_out_no_session_key(self):
        assert [field.name for field in dataclasses.fields(wechat.Login)] == ["openid"]

    def test_refuses_a_code_used_before(self, bench, client):
        code = code_of(bench, "o-zhang")
        client.login(code)

        with pytest.raises(wechat.CodeRefused) as refusal:
            client.login(code)

        assert refusal.value.errcode == 40163

    @pytest.mark.parametrize("code", ["0" * 32, "", "a b", "&secret=1", "%00", "é", "x" * 129])
    def test_refuses_a_code_that_was_never_given(self, client, code):
        with pytest.raises(wechat.CodeRefused) as refusal:
            client.login(code)

        assert refusal.value.errcode == 40029

    def test_refuses_the_code_of_another_mini_program(self, bench, client):
        """T10"""
        with pytest.raises(wechat.CodeRefused):
            client.login(code_of(bench, "o-zhang", appid="wxsomebodyelse"))

    def test_refuses_a_code_of_five_minutes_ago(self, bench, client):
        code = code_of(bench, "o-zhang")
        bench.tell("clock", forward_s=300)

        with pytest.raises(wechat.CodeRefused):
            client.login(code)

    def test_refuses_a_person_whom_wechat_holds_for_a_danger(self, bench, client):
        with pytest.raises(wechat.CodeRefused) as refusal:
            client.login(code_of(bench, "o-risky", risky=True))

        assert refusal.value.errcode == 40226

    @pytest.mark.parametrize("field", ["appid", "secret"])
    def test_does_not_blame_the_person_for_our_wrong_settings(self, bench, client, field):
        wrong = dataclasses.replace(client, **{field: "wrong"})

        with pytest.raises(wechat.Unavailable, match=r"40013|40125"):
            wrong.login(code_of(bench, "o-zhang"))

    def test_is_unavailable_when_the_person_asks_too_often(self, bench, client):
        """A hundred times in a minute, and the tries may lie in two."""
        tries = (client.login(code_of(bench, "o-busy")) for _ in range(201))
        with pytest.raises(wechat.Unavailable, match="45011"):
            list(tries)

    def test_shows_its_secret_nowhere(self, bench, client):
        assert client.secret not in repr(client)


class TestFaults:
    """F9, for WeChat's log-in."""

    @pytest.mark.parametrize("fault", ["busy", "500"])
    def test_asks_again_while_wechat_is_busy(self, bench, client, fault):
        code = code_of(bench, "o-li")
        bench.tell("behaviour", answer=fault, path="/sns/", times=2)

        assert client.login(code).openid == "o-li"

    @pytest.mark.parametrize("fault", ["busy", "500"])
    def test_gives_up_after_three_attempts(self, bench, client, fault):
        code = code_of(bench, "o-li")
        bench.tell("behaviour", answer=fault, path="/sns/", times=3)

        with pytest.raises(wechat.Unavailable):
            client.login(code)

        assert client.login(code).openid == "o-li", "the fourth question was not asked before"

    @pytest.mark.parametrize("fault", ["garbage", "302", "huge", "429"])
    def test_is_unavailable_at_once_for_an_answer_that_is_none(self, bench, client, fault):
        bench.tell("behaviour", answer=fault, path="/sns/")

        with pytest.raises(wechat.Unavailable):
            client.login(code_of(bench, "o-li"))

    def test_says_so_when_only_the_answer_was_lost(self, bench, client):
        bench.tell("behaviour", answer="lost", path="/sns/")

        with pytest.raises(wechat.CodeRefused) as refusal:
            client.login(code_of(bench, "o-li"))

        assert refusal.value.errcode == 40163

    @pytest.mark.parametrize(("fault", "seconds"), [("slow", 2), ("drip", 0.1)])
    def test_waits_no_longer_than_its_patience(self, bench, client, fault, seconds):
        once = dataclasses.replace(client, patience=dataclasses.replace(HASTY, attempts=1))
        bench.tell("behaviour", answer=fault, path="/sns/", seconds=seconds)
        began = time.monotonic()

        with pytest.raises(wechat.Unavailable, match="no answer within"):
            once.login(code_of(bench, "o-li"))

        assert time.monotonic() - began < 1.5

    def test_carries_its_secret_to_no_other_address(self, client):
        asked = []

        def elsewhere(environ, start_response):
            asked.append(environ)
            start_response("200 OK", [])
            return [b'{"openid": "o-attacker"}']

        def moved(_, start_response):
            start_response("302 Found", [("Location", other)])
            return []

        with (
            serving(elsewhere) as other,
            serving(moved) as url,
            pytest.raises(wechat.Unavailable, match="redirect"),
        ):
            dataclasses.replace(client, base=url).login("0" * 32)

        assert asked == []

    def test_is_unavailable_when_nobody_listens(self, client):
        with serving(None) as url:
            pass

        with pytest.raises(wechat.Unavailable):
            dataclasses.replace(client, base=url).login("0" * 32)

    @pytest.mark.parametrize(
        "body",
        [
            b"[]",
            b"null",
            b"{}",
            b'{"openid": 7}',
            b'{"openid": ""}',
            b'{"errcode": "0"}',
            b"[" * 9999,
        ],
    )
    def test_believes_no_answer_of_the_wrong_shape(self, client, body):
        def application(_, start_response):
            start_response("200 OK", [])
            return [body]

        with serving(application) as url, pytest.raises(wechat.Unavailable):
            dataclasses.replace(client, base=url).login("0" * 32)


def test_every_process_has_one_client(bench):
    with override_settings(WECHAT=bench.settings()):
        assert wechat.client() is wechat.client()
