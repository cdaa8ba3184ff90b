"""WeChat Pay's interfaces, under their official paths, for one merchant."""

import threading
from collections import defaultdict
from typing import Any

from cryptography import x509

from config.simulators import web
from config.simulators.book import Book
from config.simulators.clock import Clock, rfc3339
from config.simulators.environment import Merchant
from config.simulators.notices import Manner, Postman
from config.simulators.orders import Order, Orders, Refund
from config.simulators.signing import Signer
from config.simulators.web import Answer, Question, Refusal, Route


class Pay:
    """The book of orders behind HTTP. ``lock`` guards the book and is never held during HTTP."""

    def __init__(
        self, merchant: Merchant, signer: Signer, clock: Clock, postman: Postman, book: Book
    ) -> None:
        self._merchant, self._signer, self._clock = merchant, signer, clock
        self.postman = postman
        self.orders = Orders(merchant, book)
        self.manners: defaultdict[str, Manner] = defaultdict(Manner)
        self.lock = threading.Lock()

    def routes(self) -> list[Route]:
        """Whoever calls these has been authenticated by the signature of the request."""
        order = "/v3/pay/transactions/out-trade-no/{number}"
        return [
            Route("POST", "/v3/pay/transactions/jsapi", self.prepay),
            Route("GET", order, self.query),
            Route("POST", f"{order}/close", self.close),
            Route("POST", "/v3/refund/domestic/refunds", self.refund),
            Route("GET", "/v3/refund/domestic/refunds/{number}", self.query_refund),
            Route("GET", "/v3/certificates", self.certificates),
        ]

    def prepay(self, question: Question) -> Answer:
        """JSAPI order."""
        with self.lock:
            prepay_id = self.orders.prepay(question.content(), at=self._clock.now())
        return web.of_json({"prepay_id": prepay_id})

    def query(self, question: Question, number: str) -> Answer:
        """What became of an order."""
        self._check_mchid(question.query.get("mchid"))
        with self.lock:
            return web.of_json(self.orders.show(self.orders.of_number(number)))

    def close(self, question: Question, number: str) -> Answer:
        """Close an order: 204, as often as asked."""
        self._check_mchid(question.content().get("mchid"))
        with self.lock:
            self.orders.close(number)
        return Answer(204)

    def refund(self, question: Question) -> Answer:
        """Accept a refund; it is done, and its notice sent, right after the answer is drawn."""
        with self.lock:
            now = self._clock.now()
            order, refund, new = self.orders.refund(question.content(), at=now)
            shown = self.orders.show_refund(order, refund)
            if new:
                self.orders.finish(order, refund, at=now)
                notice = self._refund_notice(order, refund)
                manner = self.manners[order.number]
        if new:
            address = refund.asked.get("notify_url") or order.asked["notify_url"]
            self.postman.post(address, f"REFUND.{refund.status}", notice, manner)
        return web.of_json(shown)

    def query_refund(self, _: Question, number: str) -> Answer:
        """What became of a refund."""
        with self.lock:
            return web.of_json(self.orders.show_refund(*self.orders.of_refund(number)))

    def certificates(self, _: Question) -> Answer:
        """The platform's certificate, sealed for the merchant."""
        certificate = x509.load_pem_x509_certificate(self._signer.certificate)
        shown = {
            "serial_no": self._signer.certificate_serial,
            "effective_time": rfc3339(certificate.not_valid_before_utc),
            "expire_time": rfc3339(certificate.not_valid_after_utc),
            "encrypt_certificate": self._signer.sealed(
                self._signer.certificate, kind="certificate"
            ),
        }
        return web.of_json({"data": [shown]})

    def order_of(self, prepay_id: str) -> Order:
        """What the cashier shows. Raises ``Refusal``: nothing is to be paid."""
        with self.lock:
            return self.orders.payable(prepay_id, at=self._clock.now())

    def paid_by_phone(self, prepay_id: str) -> dict[str, Any]:
        """The person confirmed: book it and send the notice; the order as it then is."""
        with self.lock:
            order = self.orders.pay(prepay_id, at=self._clock.now())
            shown = self.orders.show(order)
            manner = self.manners[order.number]
        self.postman.post(order.asked["notify_url"], "TRANSACTION.SUCCESS", shown, manner)
        return shown

    def _refund_notice(self, order: Order, refund: Refund) -> dict[str, Any]:
        """A refund's notice names things otherwise than the answer to its request."""
        done = {"success_time": rfc3339(refund.success_at)} if refund.success_at else {}
        return {
            "mchid": order.asked["mchid"],
            "out_trade_no": order.number,
            "transaction_id": order.transaction_id,
            "out_refund_no": refund.asked["out_refund_no"],
            "refund_id": refund.refund_id,
            "refund_status": refund.status,
            "user_received_account": "支付用户零钱",
            "amount": {
                "total": order.total_fen,
                "refund": refund.fen,
                "payer_total": order.total_fen,
                "payer_refund": refund.fen,
            },
            **done,
        }

    def _check_mchid(self, given: object) -> None:
        if given != self._merchant.mchid:
            raise Refusal(400, "PARAM_ERROR", "参数错误: mchid")
