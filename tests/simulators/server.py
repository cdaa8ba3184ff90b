"""
Real HTTP on the loopback for tests: a server for any WSGI application, and a merchant's letter box.
"""

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import httpx

from config.simulators import clock, courier, environment, keys, signing, site


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address) -> None:
        """A client that hangs up on purpose is no news."""


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Keep the test's output readable."""


@contextmanager
def serving(application: Any) -> Iterator[str]:
    """Serve a WSGI application; its base URL."""
    server = make_server("127.0.0.1", 0, application, server_class=_Server, handler_class=_Silent)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class LetterBox:
    """The merchant's notify_url: keeps what arrives, answers ``statuses`` in turn, then 204."""

    statuses: list[int] = field(default_factory=list)
    letters: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def __call__(self, environ, start_response) -> list[bytes]:
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").title(): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        self.letters.append((headers, body))
        status = self.statuses.pop(0) if self.statuses else 204
        start_response(f"{status} Answer", [])
        return []

    def wait_for(self, count: int, within_s: float = 3.0) -> list[tuple[dict[str, str], bytes]]:
        """The letters, as soon as there are ``count`` of them."""
        eventually(lambda: len(self.letters) >= count, within_s)
        return list(self.letters)


@dataclass(frozen=True)
class Bench:
    """A running simulator and its merchant: where it is, whose keys, where notices go."""

    url: str
    folder: Path
    box: LetterBox
    notify_url: str
    merchant: environment.Merchant
    cloud: environment.Cloud

    def tell(self, interface: str, /, **content: Any) -> Any:
        """Use one of the simulator's own interfaces; its answer."""
        answer = httpx.post(f"{self.url}/simulator/{interface}", json=content, verify=False)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def order(self, number: str) -> dict[str, Any]:
        """What the simulator knows about an order."""
        answer = httpx.get(f"{self.url}/simulator/orders/{number}", verify=False)
        content: dict[str, Any] = answer.json()
        return content

    def settings(self) -> dict[str, Any]:
        """For ``override_settings(WECHAT=…)``."""
        return {
            "api_base": self.url,
            "pay_base": self.url,
            "appid": self.merchant.appid,
            "secret": self.merchant.secret,
            "mchid": self.merchant.mchid,
            "notify_url": self.notify_url,
            "transfer_scene": "1000",
            "key_folder": self.folder / "merchant",
        }

    def courier(self, organisation: str) -> dict[str, str]:
        """For ``override_settings(COURIER=…)``; ``organisation`` is the company's slug."""
        return {
            "organisation": organisation,
            "base": self.url,
            "app": courier.DEMO["COURIER_APP"],
            "secret": courier.DEMO["COURIER_SECRET"],
        }

    def tencent(self) -> dict[str, str]:
        """For ``override_settings(TENCENT_CLOUD=…)``."""
        return {"base": self.url, **dataclasses.asdict(self.cloud)}


@contextmanager
def running_simulator(
    folder: Path, *, notify_url: str = "", scale: float = 1000
) -> Iterator[Bench]:
    """A simulator of its own; its notices go to a letter box unless ``notify_url`` is given."""
    keys.make(folder / "merchant", folder / "simulator")
    merchant, cloud = environment.Merchant.read({}), environment.Cloud.read({})
    signer = signing.Signer.read(folder / "simulator")
    box = LetterBox()
    with serving(box) as box_url:
        named = {"COURIER_NOTIFY_URL": f"{box_url}/api/parcels/news"}
        parties = (merchant, cloud, courier.Company.read(named), signer)
        simulator = site.Simulator(*parties, clock.Clock(scale))
        with serving(simulator) as url:
            yield Bench(url, folder, box, notify_url or f"{box_url}/notice", merchant, cloud)


def eventually(holds: Callable[[], bool], within_s: float = 3.0) -> None:
    """Wait until something holds, or fail."""
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
