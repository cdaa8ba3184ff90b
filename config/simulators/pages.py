"""
What the phone's screen shows while WeChat has it: log-in, camera, cashier. Plain HTML, no script.

    GET  /connect/oauth2/authorize  ?appid&redirect_uri&response_type=code&scope&state  who are you?
                                    login_hint=OPENID: one tap; then → redirect_uri?code=…&state=…
    GET  /simulator/camera          ?verify_id&back     wx.requestFacialVerify; then → back
    GET  /simulator/cashier         ?what wx.requestPayment takes&back            ; then → back

Each form is sent back to its own address. The first is WeChat's own page (网页授权), with its
parameters; the others stand for what WeChat draws over a page, and come back to one.
"""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit

from config.simulators import face
from config.simulators.environment import Merchant
from config.simulators.face import Faces
from config.simulators.login import Login
from config.simulators.pay import Pay
from config.simulators.signing import Signer
from config.simulators.web import Answer, Question, Refusal, Route

AUTHORIZE = "/connect/oauth2/authorize"
CAMERA, CASHIER = "/simulator/camera", "/simulator/cashier"
SIGNED = ("appId", "timeStamp", "nonceStr", "package", "signType", "paySign")
OTHER_FACE = 10004
_PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer"><link rel="icon" href="data:,">
<title>{title} · 微信（模拟）</title><style>
body {{ margin: 0; font: 1.0625rem/1.6 system-ui, sans-serif; color: #191919; }}
body {{ background: #ededed; }}
main {{ max-width: 26rem; margin: 0 auto; padding: 2rem 1.25rem; text-align: center; }}
h1 {{ font-size: 1.25rem; }} .sum {{ font-size: 2.25rem; font-weight: 600; }}
input, button {{ width: 100%; box-sizing: border-box; min-height: 3rem; font: inherit; }}
button {{ margin-top: 1rem; border: 0; border-radius: .5rem; color: #fff; background: #06753b; }}
button.plain {{ color: #191919; background: #fff; }}
a {{ color: #06753b; }} small {{ color: #555; }}
</style></head><body><main><h1>微信 · {title}</h1>{body}
<p><small>模拟的微信，仅供演示与测试</small></p></main></body></html>"""


class Pages:
    """The pages, and what a tap on each does."""

    def __init__(
        self, merchant: Merchant, signer: Signer, login: Login, faces: Faces, pay: Pay
    ) -> None:
        self._merchant, self._signer = merchant, signer
        self._login, self._faces, self._pay = login, faces, pay

    def routes(self) -> list[Route]:
        """See the module's text."""
        return [
            Route("GET", AUTHORIZE, self.authorize),
            Route("POST", AUTHORIZE, self.authorized),
            Route("GET", CAMERA, self.camera),
            Route("POST", CAMERA, self.looked),
            Route("GET", CASHIER, self.cashier),
            Route("POST", CASHIER, self.confirmed),
        ]

    def authorize(self, question: Question) -> Answer:
        """Who are you? A page of another app, or that asks for more, is refused."""
        self._check_page(question)
        _back(question, "redirect_uri")
        hint = escape(question.query.get("login_hint", ""))
        who = (
            f'<input type="hidden" name="openid" value="{hint}">'
            if hint
            else '<label>您是谁（openid）<input name="openid" required maxlength="128"></label>'
        )
        return _page("登录", f"<p>智慧医院 申请使用您的微信身份</p>{_form(who, '允许')}")

    def authorized(self, question: Question) -> Answer:
        """Back to the page with a code of who tapped."""
        self._check_page(question)
        openid = _sent(question).get("openid", "")
        if not openid:
            raise Refusal(400, "PARAM_ERROR", "openid")
        code = self._login.issue_code(openid, h5=True)
        state = question.query.get("state", "")
        return _redirect(_back(question, "redirect_uri"), code=code, state=state)

    def camera(self, question: Question) -> Answer:
        """The camera waits for a face."""
        _back(question, "back")
        other = '<button class="plain" name="result" value="other">不是本人</button>'
        return _page("人脸核验", f"<p>请正对摄像头</p>{_form('', '摄像头')}{_form('', '', other)}")

    def looked(self, question: Question) -> Answer:
        """The camera has seen the person whose phone it is, or somebody else."""
        other = _sent(question).get("result") == "other"
        verify_id = question.query.get("verify_id", "")
        self._faces.look_here(verify_id, OTHER_FACE if other else face.PASSED)
        return _redirect(_back(question, "back"))

    def cashier(self, question: Question) -> Answer:
        """What is to be paid, as the order says: the page's own words count for nothing."""
        order = self._pay.order_of(self._prepay_id(question))
        leave = f'<p><a href="{escape(_back(question, "back"))}">取消</a></p>'
        sum_ = f'<p class="sum">¥{order.total_fen // 100}.{order.total_fen % 100:02}</p>'
        told = f"<p>{escape(str(order.asked.get('description', '')))}</p>"
        return _page("支付", f"{told}{sum_}{_form('', '确认支付')}{leave}")

    def confirmed(self, question: Question) -> Answer:
        """Paid; the merchant is told by a notice, and the page by nothing."""
        self._pay.paid_by_phone(self._prepay_id(question))
        return _redirect(_back(question, "back"))

    def _check_page(self, question: Question) -> None:
        asked = question.query
        if asked.get("appid") != self._merchant.appid:
            raise Refusal(400, "PARAM_ERROR", "appid")
        if asked.get("response_type") != "code" or asked.get("scope") != "snsapi_base":
            raise Refusal(400, "PARAM_ERROR", "response_type, scope")

    def _prepay_id(self, question: Question) -> str:
        """Of the order that the merchant has signed for the phone. Raises ``Refusal``."""
        signed = {name: question.query.get(name, "") for name in SIGNED}
        if not self._signer.check_phone(self._merchant.appid, signed):
            raise Refusal(400, "PAY_SIGN", "requestPayment:fail 支付验证签名失败")
        return signed["package"].removeprefix("prepay_id=")


def _page(title: str, body: str) -> Answer:
    content = _PAGE.format(title=title, body=body).encode()
    return Answer(200, content, {"Content-Type": "text/html; charset=utf-8"})


def _form(fields: str, tap: str, buttons: str = "") -> str:
    """Sent to the address of its page; the address says what it is about."""
    return f'<form method="post">{fields}{buttons or f"<button>{tap}</button>"}</form>'


def _sent(question: Question) -> dict[str, str]:
    return dict(parse_qsl(question.body.decode(errors="replace")))


def _back(question: Question, name: str) -> str:
    """Where the page wants to be led back to. Raises ``Refusal``: no address of a page."""
    there = question.query.get(name, "")
    if urlsplit(there).scheme not in ("http", "https"):
        raise Refusal(400, "PARAM_ERROR", name)
    return there


def _redirect(there: str, **more: str) -> Answer:
    """To a page with more in its query; what follows its # stays behind."""
    page, hash_, fragment = there.partition("#")
    joined = f"{'&' if '?' in page else '?'}{urlencode(more)}" if more else ""
    return Answer(302, b"", {"Location": f"{page}{joined}{hash_}{fragment}"})
