"""WeChat Pay's notices, really signed by the simulator, brought to our door by hand."""

from __future__ import annotations

from typing import Any

import httpx

from tests.simulators.server import Bench
from tests.world import Patient, World, a_client

ADDRESS = "/api/payments/notice"
Letter = tuple[dict[str, str], bytes]


def paid_on_the_phone(world: World, bench: Bench, patient: Patient, rx: str) -> str:
    """The patient pays; WeChat's own notices of it are lost. The order's number."""
    number = str(patient.client.write(f"/api/prescriptions/{rx}/pay", {})["out_trade_no"])
    asked = patient.client.get(f"/api/payments/{number}/parameters")
    bench.tell("behaviour", out_trade_no=number, callback={"lost": True})
    world.wechat.post("/simulator/pay", json=asked).raise_for_status()
    return number


def letter(bench: Bench, number: str, **content: Any) -> Letter:
    """One more notice about an order, now; see ``/simulator/notify`` for ``content``."""
    bench.tell("notify", out_trade_no=number, **content)
    return bench.box.letters[-1]


def send(one: Letter) -> httpx.Response:
    """Deliver it to our server, headers and bytes as they are."""
    headers, body = one
    kept = {name: value for name, value in headers.items() if name.startswith("Wechatpay")}
    return a_client().http.post(
        ADDRESS, content=body, headers={**kept, "Content-Type": "application/json"}
    )
