"""
What is not WeChat's interface: the patient's phone, and the switches of the simulation.

    POST /simulator/code       {openid, appid?, risky?}            → {code}     wx.login()
    POST /simulator/pay        what wx.requestPayment takes, prepay_id?  → {trade_state, …}
    POST /simulator/face       {verify_id, openid, result?} → {verify_ret}  wx.requestFacialVerify
    POST /simulator/tencent-face {token, result?, changes?} → {ErrCode}  see ``tencent``
    POST /simulator/accept     {openid, template_id}               one more subscribe message
    GET  /simulator/messages/{openid}                              what was sent to the person
    POST /simulator/confirm    {mchId, appId, package, refuse?}  → {state}  see ``transfers``
    GET  /simulator/transfers/{openid}                             what was paid to the person
    GET  /simulator/orders/{number}                                order, refunds, deliveries
    POST /simulator/behaviour  {answer, path?, times?, seconds?}   see ``faults``
                               {out_trade_no, callback?, refund?}  see ``notices.Manner``
                               {signs_with: "certificate"}         or "public key"; see ``signing``
                               {reset: true}                       no fault any more
    POST /simulator/notify     {out_trade_no, event_type?, content?, forgery?} → {status}, now
    POST /simulator/clock      {forward_s}                         codes and orders grow old
"""

from typing import Any

from config.simulators import face, web
from config.simulators.clock import Clock
from config.simulators.environment import Merchant
from config.simulators.face import Faces
from config.simulators.faults import Faults
from config.simulators.login import Login
from config.simulators.notices import Manner
from config.simulators.pay import Pay
from config.simulators.signing import Signer
from config.simulators.web import Answer, Question, Refusal, Route

OUTCOMES = ("SUCCESS", "ABNORMAL", "CLOSED")


class Phone:
    """The side of the simulator that tests and the demo hold in hand."""

    def __init__(
        self,
        merchant: Merchant,
        signer: Signer,
        clock: Clock,
        faults: Faults,
        login: Login,
        faces: Faces,
        pay: Pay,
    ) -> None:
        self._merchant, self._signer, self._clock = merchant, signer, clock
        self._faults, self._login, self._faces, self._pay = faults, login, faces, pay

    def routes(self) -> list[Route]:
        """See the module's text."""
        return [
            Route("GET", "/healthz", self.health),
            Route("POST", "/simulator/code", self.code),
            Route("POST", "/simulator/pay", self.pay),
            Route("POST", "/simulator/face", self.face),
            Route("POST", "/simulator/accept", self.accept),
            Route("GET", "/simulator/messages/{openid}", self.messages),
            Route("GET", "/simulator/orders/{number}", self.order),
            Route("POST", "/simulator/behaviour", self.behaviour),
            Route("POST", "/simulator/notify", self.notify),
            Route("POST", "/simulator/clock", self.clock),
        ]

    def health(self, _: Question) -> Answer:
        """It answers, so it is up."""
        return web.of_json({"status": "ok"})

    def code(self, question: Question) -> Answer:
        """``wx.login()`` on the phone of ``openid``."""
        content = question.content()
        code = self._login.issue_code(
            _text(content, "openid"),
            appid=str(content.get("appid", "")),
            risky=content.get("risky") is True,
        )
        return web.of_json({"code": code})

    def face(self, question: Question) -> Answer:
        """``wx.requestFacialVerify``: the camera sees the right person, or what ``result`` says."""
        content = question.content()
        result = content.get("result", face.PASSED)
        if not isinstance(result, int):
            raise Refusal(400, "PARAM_ERROR", "result")
        seen = self._faces.look(_text(content, "verify_id"), _text(content, "openid"), result)
        return web.of_json({"verify_ret": seen})

    def pay(self, question: Question) -> Answer:
        """``wx.requestPayment``: WeChat checks the merchant's signature, the person confirms."""
        content = question.content()
        parameters = {name: value for name, value in content.items() if isinstance(value, str)}
        if not self._signer.check_phone(self._merchant.appid, parameters):
            raise Refusal(400, "PAY_SIGN", "requestPayment:fail 支付验证签名失败")
        prepay_id = parameters["package"].removeprefix("prepay_id=")
        if parameters.get("prepay_id", prepay_id) != prepay_id:
            raise Refusal(400, "PREPAY_UNKNOWN", "another prepay_id than the signed one")
        return web.of_json(self._pay.paid_by_phone(prepay_id))

    def accept(self, question: Question) -> Answer:
        """``wx.requestSubscribeMessage``: the person taps "accept"."""
        content = question.content()
        self._login.accept_messages(_text(content, "openid"), _text(content, "template_id"))
        return Answer(204)

    def messages(self, _: Question, openid: str) -> Answer:
        """The subscribe messages that a person got."""
        mine = [one for one in self._login.messages if one["touser"] == openid]
        return web.of_json({"messages": mine})

    def order(self, _: Question, number: str) -> Answer:
        """Everything about an order, and every attempt to tell the merchant."""
        orders = self._pay.orders
        with self._pay.lock:
            order = orders.of_number(number)
            shown = orders.show(order) | {"prepay_id": order.prepay_id}
            refunds = [orders.show_refund(order, one) for one in order.refunds.values()]
        deliveries = self._pay.postman.deliveries(number)
        return web.of_json({**shown, "refunds": refunds, "deliveries": deliveries})

    def behaviour(self, question: Question) -> Answer:
        """Let the next answers, or the notices of one order, go wrong."""
        content = question.content()
        if content.get("reset"):
            self._faults.clear()
        if "signs_with" in content or content.get("reset"):
            certified = content.get("signs_with") == "certificate"
            self._signer.usual = self._signer.certificate_serial if certified else ""
        if "answer" in content:
            asked = {
                name: content[name] for name in ("path", "times", "seconds") if name in content
            }
            self._faults.add(content["answer"], **asked)
        if "out_trade_no" in content:
            self._behave(content)
        return Answer(204)

    def notify(self, question: Question) -> Answer:
        """Send a notice about an order now, whatever its state; the merchant's answer."""
        content = question.content()
        manner = Manner(content=content.get("content", {}), forgery=content.get("forgery", ""))
        with self._pay.lock:
            order = self._pay.orders.of_number(_text(content, "out_trade_no"))
            shown = self._pay.orders.show(order)
        event = content.get("event_type", "TRANSACTION.SUCCESS")
        letter = self._pay.postman.write(order.asked["notify_url"], event, shown, manner)
        return web.of_json({"status": self._pay.postman.deliver(letter).status})

    def clock(self, question: Question) -> Answer:
        """Turn WeChat's clock forward."""
        self._clock.forward(float(question.content().get("forward_s", 0)))
        return Answer(204)

    def _behave(self, content: dict[str, Any]) -> None:
        number = _text(content, "out_trade_no")
        callback, outcome = content.get("callback"), content.get("refund")
        with self._pay.lock:
            if callback is not None:
                self._pay.manners[number] = _manner(callback)
            if outcome is not None:
                if outcome not in OUTCOMES:
                    raise Refusal(400, "PARAM_ERROR", "refund")
                self._pay.orders.of_number(number).refund_outcome = outcome


def _text(content: dict[str, Any], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value:
        raise Refusal(400, "PARAM_ERROR", name)
    return value


def _manner(callback: dict[str, Any]) -> Manner:
    try:
        return Manner(**callback)
    except TypeError as error:
        raise Refusal(400, "PARAM_ERROR", str(error)) from error
