"""Pages that a test serves itself, beside our own scripts, under the policy of our pages."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from whitenoise import WhiteNoise

from config.home import BASE
from web.views import POLICY

HEAD = (
    "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>试</title>"
    "<meta name=viewport content='width=device-width'><link rel=icon href='data:,'>"
)
TYPES = {"js": "text/javascript; charset=utf-8", "html": "text/html; charset=utf-8"}


class Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Keep the test's output readable."""


@contextmanager
def served(files: Mapping[str, str], *, scans: bool = False) -> Iterator[str]:
    """
    Serve ``files`` (path → text, after ``HEAD`` if it is a page) and ours below ``/static/``; the
    address. A page that scans may run WebAssembly.
    """

    def page(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"].removeprefix("/")
        known, kind = path in files, path.rpartition(".")[2]
        headers = [("Content-Type", TYPES.get(kind, "text/plain"))]
        policy = POLICY.format(wasm=" 'wasm-unsafe-eval'" if scans else "", live="")
        headers.append(("Content-Security-Policy", policy))
        start("200 OK" if known else "404 Not Found", headers)
        head = HEAD if kind == "html" else ""
        return [f"{head}{files[path]}".encode() if known else b""]

    application = WhiteNoise(page, root=BASE / "web" / "static", prefix="static/")
    with make_server("127.0.0.1", 0, application, handler_class=Silent) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
