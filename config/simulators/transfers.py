"""
Transfers to persons (商家转账) of one merchant, in memory.

    WAIT_USER_CONFIRM ── the person confirms ──▶ SUCCESS
           └──── a day passes, or the person's account takes none ──▶ FAIL

A number stands for its parameters for ever: the same ones again are the same transfer, others are
refused.
Source: pay.weixin.qq.com/doc/v3/merchant (商家转账, user confirmation mode).
"""

import re
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from config.simulators import web
from config.simulators.clock import Clock, rfc3339
from config.simulators.environment import Merchant
from config.simulators.web import Answer, Question, Refusal, Route

CONFIRM_WITHIN = timedelta(days=1)
LEAST_FEN, MOST_UNNAMED_FEN = 10, 199_999
PATH = "/v3/fund-app/mch-transfer/transfer-bills"
_NUMBER = re.compile(r"[0-9A-Za-z]{1,32}")


@dataclass(slots=True)
class Transfer:
    """``asked`` is the request that began it."""

    asked: dict[str, Any]
    number: str
    package: str
    created_at: datetime
    state: str = "WAIT_USER_CONFIRM"


class Transfers:
    """The book of transfers behind HTTP; ``lock`` guards it."""

    def __init__(self, merchant: Merchant, clock: Clock) -> None:
        self._merchant, self._clock = merchant, clock
        self._by_number: dict[str, Transfer] = {}
        self.lock = threading.Lock()

    def routes(self) -> list[Route]:
        """WeChat Pay's, whose callers have signed; and the phone's."""
        return [
            Route("POST", PATH, self.begin),
            Route("GET", f"{PATH}/out-bill-no/{{number}}", self.query),
            Route("POST", "/simulator/confirm", self.confirm),
            Route("GET", "/simulator/transfers/{openid}", self.of_person),
        ]

    def begin(self, question: Question) -> Answer:
        """Begin a transfer, or find it again."""
        asked = question.content()
        self._check(asked)
        with self.lock:
            found = self._by_number.setdefault(
                asked["out_bill_no"],
                Transfer(
                    asked,
                    f"1330{secrets.randbelow(10**28):028d}",
                    secrets.token_hex(24),
                    self._clock.now(),
                ),
            )
            if found.asked != asked:
                raise Refusal(400, "INVALID_REQUEST", "单号已存在，参数与首次请求时不一致")
            return web.of_json(self._show(found, short=True))

    def query(self, _: Question, number: str) -> Answer:
        """What became of a transfer."""
        with self.lock:
            return web.of_json(self._show(self._found(number)))

    def confirm(self, question: Question) -> Answer:
        """``wx.requestMerchantTransfer``: the person confirms, or, with ``refuse``, takes none."""
        content = question.content()
        named = (content.get("mchId"), content.get("appId"))
        with self.lock:
            found = [
                one for one in self._by_number.values() if one.package == content.get("package")
            ]
            if named != (self._merchant.mchid, self._merchant.appid) or not found:
                raise Refusal(400, "PARAM_ERROR", "requestMerchantTransfer:fail")
            (one,) = found
            if self._state(one) == "WAIT_USER_CONFIRM":
                one.state = "FAIL" if content.get("refuse") else "SUCCESS"
            return web.of_json({"state": self._state(one)})

    def of_person(self, _: Question, openid: str) -> Answer:
        """All transfers to a person."""
        with self.lock:
            own = [one for one in self._by_number.values() if one.asked["openid"] == openid]
            return web.of_json({"transfers": [self._show(one) for one in own]})

    def _found(self, number: str) -> Transfer:
        found = self._by_number.get(number)
        if found is None:
            raise Refusal(404, "NOT_FOUND", "记录不存在")
        return found

    def _state(self, one: Transfer) -> str:
        if one.state == "WAIT_USER_CONFIRM" and self._clock.now() >= (
            one.created_at + CONFIRM_WITHIN
        ):
            one.state = "FAIL"
        return one.state

    def _show(self, one: Transfer, *, short: bool = False) -> dict[str, Any]:
        state = self._state(one)
        waits = {"package_info": one.package} if state == "WAIT_USER_CONFIRM" and short else {}
        shown = {
            "out_bill_no": one.asked["out_bill_no"],
            "transfer_bill_no": one.number,
            "create_time": rfc3339(one.created_at),
            "state": state,
            **waits,
        }
        if short:
            return shown
        return {
            **shown,
            "mch_id": self._merchant.mchid,
            "appid": one.asked["appid"],
            "openid": one.asked["openid"],
            "transfer_amount": one.asked["transfer_amount"],
            "transfer_remark": one.asked["transfer_remark"],
            "update_time": rfc3339(self._clock.now()),
        }

    def _check(self, asked: dict[str, Any]) -> None:
        number, openid = asked.get("out_bill_no"), asked.get("openid")
        amount, remark = asked.get("transfer_amount"), asked.get("transfer_remark")
        wrong = {
            "appid": asked.get("appid") != self._merchant.appid,
            "out_bill_no": not (isinstance(number, str) and _NUMBER.fullmatch(number)),
            "transfer_scene_id": not _text(asked.get("transfer_scene_id"), 36),
            "openid": not _text(openid, 64),
            "transfer_amount": type(amount) is not int
            or not LEAST_FEN <= amount <= MOST_UNNAMED_FEN,
            "transfer_remark": not _text(remark, 32),
            "transfer_scene_report_infos": not asked.get("transfer_scene_report_infos"),
        }
        for name, is_wrong in wrong.items():
            if is_wrong:
                raise Refusal(400, "PARAM_ERROR", f"参数错误: {name}")


def _text(value: object, longest: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= longest
