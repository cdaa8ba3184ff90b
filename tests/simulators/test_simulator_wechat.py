"""Tokens and subscribe messages; and the whole simulator as the program that the demo starts."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from config.simulators import environment, keys
from hospital.gateways import tc3, tencent_face, wechat
from hospital.gateways.wechat_face import PASSED, Identity, Session
from tests.simulators.server import Bench, eventually, running_simulator

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running_simulator(tmp_path_factory.mktemp("token")) as running:
        yield running


def post(bench: Bench, path: str, **content: Any) -> dict[str, Any]:
    answer: dict[str, Any] = httpx.post(bench.url + path, json=content, verify=False).json()
    return answer


def token(bench: Bench, **more: Any) -> dict[str, Any]:
    return post(
        bench,
        "/cgi-bin/stable_token",
        grant_type="client_credential",
        appid=bench.merchant.appid,
        **{"secret": bench.merchant.secret, **more},
    )


class TestToken:
    def test_stays_the_same_until_it_is_forced(self, bench):
        first = token(bench)

        assert token(bench)["access_token"] == first["access_token"]
        assert token(bench, force_refresh=True)["access_token"] != first["access_token"]

    def test_is_renewed_five_minutes_before_its_end(self, bench):
        first = token(bench, force_refresh=True)
        bench.tell("clock", forward_s=first["expires_in"] - 250)

        assert token(bench)["access_token"] != first["access_token"]

    def test_is_only_for_who_knows_the_secret(self, bench):
        assert token(bench, secret="wrong")["errcode"] == 40125


class TestMessage:
    def send(self, bench: Bench, **changed: Any) -> Any:
        content = {
            "touser": "o-zhang",
            "template_id": "t1",
            "data": {"thing1": {"value": "处方已审核"}},
        } | changed
        path = f"/cgi-bin/message/subscribe/send?access_token={token(bench)['access_token']}"
        return post(bench, path, **content)["errcode"]

    def test_is_sent_once_for_each_tap(self, bench):
        bench.tell("accept", openid="o-zhang", template_id="t1")

        assert [self.send(bench), self.send(bench)] == [0, 43101]
        sent = httpx.get(f"{bench.url}/simulator/messages/o-zhang", verify=False).json()
        assert len(sent["messages"]) == 1

    def test_needs_a_person_values_and_a_token(self, bench):
        assert self.send(bench, touser="") == 40003
        assert self.send(bench, data={"thing1": "bare"}) == 47003
        assert post(bench, "/cgi-bin/message/subscribe/send?access_token=x")["errcode"] == 40001


def test_granian_serves_it_and_a_person_can_log_in(tmp_path):
    keys.make(tmp_path / "keys" / "wechat", tmp_path / "simulator")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    variables = environment.environment(url, "http://127.0.0.1:1", tmp_path)
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"),
        *("--port", str(port), "--workers", "1", "--blocking-threads", "4", "--no-ws"),
        "config.simulators.wsgi:application",
    ]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **variables})
    try:
        eventually(lambda: answers(url), within_s=20)
        told = httpx.post(f"{url}/simulator/code", json={"openid": "o-zhang"}, verify=False)
        client = wechat.WeChatClient(url, variables["WECHAT_APPID"], variables["WECHAT_SECRET"])
        assert client.login(told.json()["code"]).openid == "o-zhang"
        assert told.headers["Access-Control-Allow-Origin"] == "*"
        assert face_passes(url, variables)
    finally:
        process.terminate()
        process.wait(10)


def face_passes(url: str, variables: dict[str, str]) -> bool:
    """Tencent Cloud's part, signature and all, with what the hospital's settings would read."""
    credentials = tc3.Credentials(
        variables["TENCENTCLOUD_SECRET_ID"], variables["TENCENTCLOUD_SECRET_KEY"]
    )
    client = tencent_face.TencentFace(
        variables["TENCENTCLOUD_FACEID_BASE"], credentials, variables["FACEID_RULE_ID"]
    )
    asked = Session("0" * 32, "o-zhang", Identity("张三", "110101199003070038"))
    token = client.begin(asked)
    httpx.post(f"{url}/simulator/tencent-face", json={"token": token}, verify=False)
    return client.outcome(asked, token) == PASSED


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", verify=False).status_code == 200
    except httpx.HTTPError:
        return False
