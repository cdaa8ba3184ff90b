"""
One HTTP exchange with an outside system, bounded in time, in size and in number.

* The whole exchange has one deadline. Time-outs per read would let an answer that drips one byte
  a second hold a worker for ever.
* An answer above ``max_bytes`` is cut off while it arrives, before it fills the memory.
* Redirects are not followed: the request is signed, or holds a secret, for one address only.
* Proxies and ``.netrc`` of the environment are not used: they would see or replace credentials.
* ``repeat`` asks a few times, with growing pauses, and only while the failure is a passing one.

What it does not do: it bounds no name resolution (the resolver's own time-out holds there), and
keeps no connection between two exchanges.
"""

import asyncio
import functools
import json
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, TypeVar

import httpx

T = TypeVar("T")


class Unavailable(Exception):
    """The outside system gave no answer that can be used; asking again later may help."""


class Busy(Unavailable):
    """The same question may well be answered if it is asked again at once."""


@dataclass(frozen=True, slots=True)
class Answer:
    """``headers`` have lower-case names; ``body`` is what arrived, byte for byte."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def content(self) -> dict[str, Any]:
        """
        Read the body as a JSON object.

        Raises:
            Unavailable: it is none.
        """
        try:
            content = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise Unavailable("an answer that is not JSON") from error
        if not isinstance(content, dict):
            raise Unavailable("an answer that is not an object")
        return content


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for one answer, and how often to ask before giving up."""

    wall_s: float = 4.0
    attempts: int = 3
    pause_s: float = 0.2
    max_bytes: int = 256 * 1024


USUAL: Final = Patience()


def ask(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes = b"",
    patience: Patience,
    address: str = "",
) -> Answer:
    """
    Send one request and return its answer, whatever its status, unless it is a redirect.

    With an ``address`` nothing is looked up: the connection goes there, while the certificate and
    the ``Host`` header are those of the URL.

    Raises:
        Busy: no answer within ``wall_s``, or no connection, or one that broke.
        Unavailable: a redirect, or an answer above ``max_bytes``.
    """
    try:
        return asyncio.run(_ask(method, url, dict(headers or {}), content, patience, address))
    except TimeoutError as error:
        raise Busy(f"no answer within {patience.wall_s} s") from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise Busy(type(error).__name__) from error


def save(url: str, *, headers: Mapping[str, str], into: BinaryIO, patience: Patience) -> Answer:
    """
    Fetch a file into ``into`` while it arrives; the answer's body is empty then.

    An answer that is no success is not written, but returned as ``ask`` returns it.

    Raises:
        Busy: no answer within ``wall_s``, or no connection, or one that broke.
        Unavailable: a redirect, or more than ``max_bytes``.
    """
    try:
        return asyncio.run(_ask("GET", url, dict(headers), b"", patience, "", into))
    except TimeoutError as error:
        raise Busy(f"no answer within {patience.wall_s} s") from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise Busy(type(error).__name__) from error


def repeat(attempt: Callable[[], T], patience: Patience) -> T:
    """Call ``attempt``, again while it raises ``Busy``, at most ``attempts`` times in all."""
    for tried in range(1, patience.attempts):
        try:
            return attempt()
        except Busy:
            time.sleep(patience.pause_s * tried)
    return attempt()


async def _ask(
    method: str,
    url: str,
    headers: dict[str, str],
    content: bytes,
    patience: Patience,
    address: str,
    into: BinaryIO | None = None,
) -> Answer:
    headers = {"Accept-Encoding": "identity", **headers}
    named = httpx.URL(url)
    where, to_name = named, {}
    if address:
        headers["Host"] = named.netloc.decode()
        where, to_name = named.copy_with(host=address), {"sni_hostname": named.host}
    body, size = bytearray(), 0
    async with (
        asyncio.timeout(patience.wall_s),
        httpx.AsyncClient(verify=_trust(), trust_env=False, timeout=patience.wall_s) as client,
        client.stream(
            method, where, headers=headers, content=content, extensions=to_name
        ) as response,
    ):
        if response.is_redirect:
            raise Unavailable(f"redirect, HTTP {response.status_code}")
        async for chunk in response.aiter_raw():
            size += len(chunk)
            if size > patience.max_bytes:
                raise Unavailable(f"answer above {patience.max_bytes} bytes")
            if into is not None and response.is_success:
                into.write(chunk)
            else:
                body += chunk
    lowered = {name.lower(): value for name, value in response.headers.items()}
    return Answer(status=response.status_code, headers=lowered, body=bytes(body))


@functools.cache
def _trust() -> ssl.SSLContext:
    """The certificate authorities we trust; reading them takes longer than an exchange."""
    return httpx.create_ssl_context(trust_env=False)
