"""The simulated phone's screen: log-in, camera, cashier; and the page's code of WeChat."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.test import override_settings

from hospital.gateways import wechat
from tests.simulators.server import Bench, running_simulator

BACK = "http://127.0.0.1:1/patient/pay"
AUTHORIZE = "/connect/oauth2/authorize"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running_simulator(tmp_path_factory.mktemp("pages")) as running:
        yield running


@pytest.fixture
def client(bench: Bench) -> wechat.WeChat:
    with override_settings(WECHAT=bench.settings()):
        return wechat.client()


def asked(bench: Bench, **changed: str) -> dict[str, str]:
    usual = {"redirect_uri": BACK, "response_type": "code", "scope": "snsapi_base", "state": "s1"}
    return {"appid": bench.merchant.appid, **usual, **changed}


def tapped(bench: Bench, path: str, query: dict[str, str], **form: str) -> httpx.Response:
    return httpx.post(bench.url + path, params=query, data=form)


def code_of(bench: Bench, openid: str) -> str:
    there = tapped(bench, AUTHORIZE, asked(bench), openid=openid).headers["Location"]
    assert there.startswith(f"{BACK}?")
    query = parse_qs(urlsplit(there).query)
    assert query["state"] == ["s1"]
    return query["code"][0]


class TestLogin:
    def test_the_page_s_code_names_the_person_once(self, bench, client):
        """K1"""
        code = code_of(bench, "o-li")
        assert client.login(code, wechat.Via.H5).openid == "o-li"
        with pytest.raises(wechat.CodeRefused) as refusal:
            client.login(code, wechat.Via.H5)
        assert refusal.value.errcode == 40163

    def test_neither_exchange_takes_the_other_s_code(self, bench, client):
        given = {
            wechat.Via.MINI_PROGRAM: code_of(bench, "o-li"),
            wechat.Via.H5: str(bench.tell("code", openid="o-li")["code"]),
        }
        for via, foreign in given.items():
            with pytest.raises(wechat.CodeRefused) as refusal:
                client.login(foreign, via)
            assert refusal.value.errcode == 40029

    @pytest.mark.parametrize(
        "changed",
        [
            {"appid": "wx-of-another"},
            {"response_type": "token"},
            {"scope": "snsapi_userinfo"},
            {"redirect_uri": "javascript:alert(1)"},
        ],
    )
    def test_only_for_the_page_of_the_app(self, bench, changed):
        answer = httpx.get(bench.url + AUTHORIZE, params=asked(bench, **changed))
        assert answer.status_code == 400

    def test_who_is_known_taps_once_and_text_stays_text(self, bench):
        page = httpx.get(bench.url + AUTHORIZE, params=asked(bench, login_hint='"><b>x')).text
        assert "&quot;&gt;&lt;b&gt;x" in page
        assert "<b>" not in page
        assert "<label>" in httpx.get(bench.url + AUTHORIZE, params=asked(bench)).text


def test_the_camera_knows_no_session_that_was_not_begun(bench):
    query = {"verify_id": "nothing", "back": BACK}
    assert "摄像头" in httpx.get(f"{bench.url}/simulator/camera", params=query).text
    assert tapped(bench, "/simulator/camera", query).status_code == 400


def test_the_cashier_shows_nothing_that_the_merchant_did_not_sign(bench):
    """R1"""
    forged = dict.fromkeys(
        ("appId", "timeStamp", "nonceStr", "package", "signType", "paySign"), "x"
    )
    query = {**forged, "appId": bench.merchant.appid, "back": BACK}
    for answer in (
        httpx.get(f"{bench.url}/simulator/cashier", params=query),
        tapped(bench, "/simulator/cashier", query),
    ):
        assert answer.json()["code"] == "PAY_SIGN"
