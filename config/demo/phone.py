"""What a patient's phone does by itself."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx

from hospital.client import Client, Problem
from pharmacy.codes import LIVES, Code, Kind

TRIES = 4


def face(client: Client, wechat: httpx.Client, openid: str, purpose: str, **claimed: str) -> str:
    """
    A passed face check: drawn up, looked at by the provider's camera, and asked about.

    Of one whose beginning or end got lost the provider knows nothing more: another is begun.
    """
    for left in reversed(range(TRIES)):
        check = str(client.write("/api/me/face-checks", {"purpose": purpose, **claimed})["id"])
        try:
            if _passes(client, wechat, openid, f"/api/me/face-checks/{check}") or not left:
                return check
        except Problem as problem:
            if not left or problem.code != "face.refused":
                raise
    raise AssertionError("unreachable")


def _passes(client: Client, wechat: httpx.Client, openid: str, path: str) -> bool:
    told = client.get(f"{path}/parameters")
    if "bizToken" in told:
        camera, seen = "tencent-face", {"token": told["bizToken"]}
    else:
        camera, seen = "face", {"verify_id": told["verifyId"], "openid": openid}
    looked = wechat.post(f"/simulator/{camera}", json=seen)
    return looked.is_success and bool(client.get(path)["state"] == "passed")


def pays(wechat: httpx.Client, asked: Mapping[str, str]) -> httpx.Response:
    """The patient confirms what ``wx.requestPayment`` or ``wx.requestMedicalInsurancePay`` asks."""
    if "mixTradeNo" in asked:
        return wechat.post("/simulator/insured-pay", json={"mix_trade_no": asked["mixTradeNo"]})
    return wechat.post("/simulator/pay", json=asked)


def pickup_code(
    client: Client,
    prescription: str,
    pharmacy: str,
    origin: str,
    *,
    more: Iterable[str] = (),
    kind: Kind = Kind.SCREEN,
    life: timedelta | None = None,
) -> str:
    """
    The code for the counter, or for paper, signed with the phone's key, without asking the server.

    ``more`` are further prescriptions that the same pharmacy has.
    """
    nonce = base64.urlsafe_b64encode(os.urandom(18)).decode()
    subjects = tuple(sorted({f"rx/{UUID(one).hex}" for one in (prescription, *more)}))
    ends_at = datetime.now(UTC) + (LIVES[kind] if life is None else life)
    code = Code(kind, origin, pharmacy, nonce, ends_at, subjects)
    return client.sign(code.text().decode())
