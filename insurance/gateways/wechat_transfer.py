"""
WeChat Pay (APIv3), 商家转账: pay a reward to a person's WeChat, and ask what became of it.

A transfer is known by ``out_bill_no``: a repetition of the same parameters is the same transfer,
and pays once. It waits (``WAIT_USER_CONFIRM``) until the person confirms in the mini program, with
``wx.requestMerchantTransfer`` and the ``package_info``; who does not confirm within a day gets
nothing, and the transfer has failed. No name is sent, which WeChat Pay wants from 2 000 yuan on.

Only ``FAIL`` and ``CANCELLED`` say that no money went: whatever else comes, a code that we do not
know included, the same number is asked about again and no other one takes its place.

Source: pay.weixin.qq.com/doc/v3/merchant (商家转账: 发起转账, 商户单号查询转账单).
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from django.conf import settings
from wechatpayv3.type import RequestType

from hospital.gateways import exchange
from hospital.gateways.exchange import Patience, Unavailable
from insurance.gateways.wechat_pay import Refused
from insurance.gateways.wechat_pay_core import GuardedCore, Keys

__all__ = [
    "Refused",
    "Reward",
    "TransferState",
    "Transfers",
    "TransfersClient",
    "Unavailable",
    "UnknownTransfer",
    "client",
]

PATH: Final = "/v3/fund-app/mch-transfer/transfer-bills"
REMARK: Final = "数据共享奖励"
REPORT: Final = [
    {"info_type": "活动名称", "info_content": "医学研究数据共享"},
    {"info_type": "奖励说明", "info_content": "共享数据的使用奖励"},
]
"""What scene 1000 (现金营销) reports of a transfer."""


class UnknownTransfer(Refused):
    """WeChat Pay has no transfer of this number; it may be asked for again under it."""


@dataclass(frozen=True, slots=True)
class Reward:
    """What one person is to get; repeated unchanged, it stays the same transfer."""

    out_bill_no: str
    openid: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class TransferState:
    """
    ``state``: ACCEPTED, PROCESSING, WAIT_USER_CONFIRM, TRANSFERING, SUCCESS, FAIL, CANCELING,
    CANCELLED. ``amount_fen`` and ``package_info`` are 0 and empty where the answer lacks them.
    """

    out_bill_no: str
    transfer_bill_no: str
    state: str
    amount_fen: int
    package_info: str


class Transfers(Protocol):
    """What is asked of WeChat Pay. Both may also raise ``Unavailable``: nobody knows then."""

    def transfer(self, reward: Reward) -> TransferState:
        """
        Begin a transfer, or find it again.

        Raises:
            Refused: the number is known with other parameters, the account is empty, …
        """

    def query(self, out_bill_no: str) -> TransferState:
        """
        Ask what became of a transfer.

        Raises:
            UnknownTransfer: it was never begun.
        """


class TransfersClient:
    """WeChat Pay over HTTP, signed and verified as orders are (``GuardedCore``)."""

    def __init__(
        self,
        keys: Keys,
        *,
        base: str,
        appid: str,
        mchid: str,
        scene: str,
        patience: Patience = exchange.USUAL,
    ) -> None:
        self._appid, self._scene, self._patience = appid, scene, patience
        self._core = GuardedCore(keys, mchid=mchid, base=base, patience=patience)

    def transfer(self, reward: Reward) -> TransferState:
        """See ``Transfers.transfer``."""
        asked = {
            "appid": self._appid,
            "out_bill_no": _number(reward.out_bill_no),
            "transfer_scene_id": self._scene,
            "openid": reward.openid,
            "transfer_amount": reward.amount_fen,
            "transfer_remark": REMARK,
            "transfer_scene_report_infos": REPORT,
        }
        content = self._ask(lambda: self._core.request(PATH, RequestType.POST, asked))
        return _state(content, asked=reward.out_bill_no)

    def query(self, out_bill_no: str) -> TransferState:
        """See ``Transfers.query``."""
        path = f"{PATH}/out-bill-no/{_number(out_bill_no)}"
        return _state(self._ask(lambda: self._core.request(path)), asked=out_bill_no)

    def _ask(self, call: Callable[[], tuple[int, bytes]]) -> dict[str, Any]:
        status, body = exchange.repeat(call, self._patience)
        content = exchange.Answer(status, {}, body).content()
        if status < 300:
            return content
        code, message = str(content.get("code", "")), str(content.get("message", ""))
        raise UnknownTransfer(code, message) if code == "NOT_FOUND" else Refused(code, message)


def client() -> Transfers:
    """The client that the settings describe, one per process."""
    wechat = settings.WECHAT
    names = ("key_folder", "pay_base", "appid", "mchid", "transfer_scene")
    return _client(*(wechat[name] for name in names))


@functools.lru_cache(maxsize=1)
def _client(folder: Path, base: str, appid: str, mchid: str, scene: str) -> TransfersClient:
    return TransfersClient(Keys.read(folder), base=base, appid=appid, mchid=mchid, scene=scene)


def _state(content: Mapping[str, Any], *, asked: str) -> TransferState:
    """An answer, tied to the question by its number; ``Unavailable`` if it is not usable."""
    texts = {name: content.get(name, "") for name in ("transfer_bill_no", "state", "package_info")}
    amount = content.get("transfer_amount", 0)
    if not all(isinstance(text, str) for text in texts.values()) or not texts["state"]:
        raise Unavailable("an answer without state")
    if type(amount) is not int or amount < 0:
        raise Unavailable("an answer with another amount than fen")
    if content.get("out_bill_no") != asked:
        raise Unavailable("the answer to another question")
    return TransferState(out_bill_no=asked, amount_fen=amount, **texts)


def _number(text: str) -> str:
    """Digits and letters, as WeChat Pay wants them: nothing to escape in a path."""
    if not (text.isascii() and text.isalnum() and 1 <= len(text) <= 32):
        raise ValueError(f"not a transfer's number: {text!r}")
    return text
