"""WeChat as a whole, Tencent Cloud and a courier company: who answers, and what goes wrong."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

from config import home
from config.simulators import faults, web
from config.simulators.bills import Bills
from config.simulators.book import MEMORY, Book, File
from config.simulators.clock import Clock
from config.simulators.courier import Company, Couriers
from config.simulators.environment import Cloud, Merchant
from config.simulators.face import Faces
from config.simulators.faults import Faults
from config.simulators.login import Login
from config.simulators.medins import MedicalInsurance
from config.simulators.notices import Postman
from config.simulators.pages import Pages
from config.simulators.pay import Pay
from config.simulators.phone import Phone
from config.simulators.signing import Signer
from config.simulators.tencent import Tencent
from config.simulators.transfers import Transfers
from config.simulators.web import Answer, Question, Refusal

# A page of the hospital, in a browser, plays the phone.
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Allow-Methods": "GET, POST",
}


class Simulator:
    """All of WeChat, of Tencent Cloud and of a courier company that the hospital talks to."""

    def __init__(
        self,
        merchant: Merchant,
        cloud: Cloud,
        company: Company,
        signer: Signer,
        clock: Clock,
        book: Book = MEMORY,
        insured_book: Book = MEMORY,
    ) -> None:
        self._merchant, self._signer = merchant, signer
        self._faults = Faults()
        login = Login(merchant, clock)
        pay = Pay(merchant, signer, clock, Postman(signer, clock), book)
        faces = Faces(login, clock)
        phone = Phone(merchant, signer, clock, self._faults, login, faces, pay)
        pages = Pages(merchant, signer, login, faces, pay)
        others = (Tencent(cloud, clock), Couriers(company, clock))
        bills = Bills(merchant, clock, pay)
        insured = MedicalInsurance(merchant, signer, clock, pay, insured_book)
        wechat_pay = (pay, bills, insured, Transfers(merchant, clock))
        parts = (login, faces, *others, *wechat_pay, phone, pages)
        self._routes = [route for part in parts for route in part.routes()]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        return web.send(self._answer(web.read(environ)), start_response)

    def _answer(self, question: Question) -> Answer:
        if question.path == "/healthz" or question.path.startswith("/simulator/"):
            return self._for_the_phone(question)
        fault = self._faults.take(question.path)
        kind = fault.kind if fault else ""
        answer = faults.BEFORE.get(kind) or self._authenticated(question)
        if question.path.startswith("/v3/"):
            named = question.headers.get("wechatpay-serial", "")
            answer = faults.sign(answer, self._signer, kind, serial=named)
        if fault and kind in faults.AFTER:
            answer = faults.AFTER[kind](answer, fault.seconds)
        return answer

    def _authenticated(self, question: Question) -> Answer:
        """Every interface of WeChat Pay wants the merchant's signature first."""
        if question.path.startswith("/v3/"):
            try:
                self._signer.check_request(question, mchid=self._merchant.mchid)
            except Refusal as refusal:
                return refusal.answer
        return web.dispatch(self._routes, question)

    def _for_the_phone(self, question: Question) -> Answer:
        answer = (
            Answer(204) if question.method == "OPTIONS" else web.dispatch(self._routes, question)
        )
        return Answer(answer.status, answer.body, {**answer.headers, **_CORS})


def build(environ: Mapping[str, str]) -> Simulator:
    """The simulator that these variables describe; its keys have been made by ``keys.make``."""
    folder = Path(environ.get("WECHAT_SIMULATOR_KEYS") or home.HOME / "simulator")
    clock = Clock(float(environ.get("WECHAT_SIMULATOR_CLOCK", "1")))
    parties = (Merchant.read(environ), Cloud.read(environ), Company.read(environ))
    books = [File(folder / name) for name in ("orders.jsonl", "insured.jsonl")]
    return Simulator(*parties, Signer.read(folder), clock, *books)
