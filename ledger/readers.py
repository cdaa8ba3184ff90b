"""Where published logs are read from: a folder, or a web server."""

from collections.abc import Iterator
from pathlib import Path

import httpx

from ledger.tiles import Missing

TIMEOUT_S = 10.0
MAX_BYTES = 32 << 20  # a bundle is at most 256 entries of 65,537 bytes


class Folder:
    """A log exported or published as files."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, path: str) -> bytes:
        """Give a file's content. Raises ``Missing``."""
        try:
            return (self.path / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise Missing(path) from error

    def paths(self) -> Iterator[str]:
        """Name every file that lies in the folder, relative to it."""
        for path in sorted(self.path.rglob("*")):
            if not path.is_dir():
                yield path.relative_to(self.path).as_posix()


class Web:
    """A log behind a web server. Follows no redirects; an answer has 10 seconds."""

    def __init__(self, url: str, client: httpx.Client | None = None) -> None:
        self.url = url.rstrip("/")
        self.client = client or httpx.Client(timeout=TIMEOUT_S)

    def read(self, path: str) -> bytes:
        """
        Give a file's content.

        Raises:
            Missing: the server has no such file, or does not answer with one.
        """
        try:
            with self.client.stream("GET", f"{self.url}/{path}") as response:
                if response.status_code != httpx.codes.OK:
                    raise Missing(f"{path}: HTTP {response.status_code}")
                return self._body(path, response)
        except httpx.HTTPError as error:
            raise Missing(f"{path}: {error}") from error

    def _body(self, path: str, response: httpx.Response) -> bytes:
        body = bytearray()
        for part in response.iter_bytes():
            body += part
            if len(body) > MAX_BYTES:
                raise Missing(f"{path}: the answer is too long")
        return bytes(body)
