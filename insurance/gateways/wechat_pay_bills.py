"""
WeChat Pay's bills of a day: what was agreed (``trade``) and what money moved (``flow``).

A bill is asked for in a signed exchange, whose answer names a file and its hash; the file itself is
not signed. It is fetched into a temporary file, unpacked once to compare the hash, and read once
more, line by line: a day of a million rows takes no more memory than a day of one.

A bill that is not whole gives no row at all: hash, number of rows and the sums at its end are
compared first. A row's amounts are yuan with two decimals, exactly.

Source: pay.weixin.qq.com/doc/v3/merchant (申请交易账单, 申请资金账单, 下载账单).
"""

import csv
import functools
import gzip
import hashlib
import hmac
import re
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

from django.conf import settings

from hospital.gateways import exchange
from hospital.gateways.exchange import Patience, Unavailable
from insurance.gateways.wechat_pay import Refused
from insurance.gateways.wechat_pay_core import GuardedCore, Keys

__all__ = ["Bills", "BillsClient", "Kind", "NotYet", "Refused", "Row", "Unavailable", "client"]

SLOW: Final = Patience(wall_s=300.0, attempts=2, pause_s=1.0, max_bytes=1 << 30)
MOST_UNPACKED: Final = 4 << 30
_NUMBER: Final = re.compile(r"[0-9A-Za-z_|*@-]{1,64}")
_YUAN: Final = re.compile(r"([0-9]{1,12})\.([0-9]{2})")


class Kind(StrEnum):
    """Which bill."""

    TRADE = "trade"
    FLOW = "flow"


class NotYet(Unavailable):
    """The day's bill is still being written; it is there after ten o'clock of the next day."""


@dataclass(frozen=True, slots=True)
class Row:
    """
    One row. ``about`` is "payment" or "refund", ``number`` our number of it; ``state`` is "done",
    "open" or "failed": a payment in a bill is done.
    """

    about: str
    number: str
    state: str
    fen: int


class Bills(Protocol):
    """What reconciliation asks of WeChat Pay."""

    def fetch(self, kind: Kind, day: date) -> AbstractContextManager[Iterator[Row]]:
        """
        A context in which the day's rows can be read, once; of an empty day none.

        Raises:
            NotYet: the bill is not written yet.
            Refused: WeChat Pay says no.
            Unavailable: no answer, or a bill that is not whole.
        """


class BillsClient:
    """WeChat Pay's bills over HTTP, asked for as orders are (``GuardedCore``)."""

    def __init__(
        self, keys: Keys, *, base: str, mchid: str, patience: Patience = exchange.USUAL
    ) -> None:
        self._base, self._patience = base, patience
        self._core = GuardedCore(keys, mchid=mchid, base=base, patience=patience)

    @contextmanager
    def fetch(self, kind: Kind, day: date) -> Iterator[Iterator[Row]]:
        """See ``Bills.fetch``."""
        described = self._ask(kind, day)
        if described is None:
            yield iter(())
            return
        with tempfile.TemporaryFile() as file:
            self._download(described, file)
            _check_hash(described, file)
            check_sums(kind, _lines(file))
            yield rows(kind, _lines(file))

    def _ask(self, kind: Kind, day: date) -> dict[str, Any] | None:
        path = {
            Kind.TRADE: f"/v3/bill/tradebill?bill_date={day}&bill_type=ALL&tar_type=GZIP",
            Kind.FLOW: f"/v3/bill/fundflowbill?bill_date={day}&account_type=BASIC&tar_type=GZIP",
        }[kind]
        status, body = exchange.repeat(lambda: self._core.request(path), self._patience)
        content = exchange.Answer(status, {}, body).content()
        if status < 300:
            return content
        code, message = str(content.get("code", "")), str(content.get("message", ""))
        if code == "NO_STATEMENT_EXIST":
            return None
        if code == "STATEMENT_CREATING":
            raise NotYet(message)
        raise Refused(code, message)

    def _download(self, described: dict[str, Any], file: BinaryIO) -> None:
        address = described.get("download_url")
        path = address.removeprefix(self._base) if isinstance(address, str) else ""
        if not path.startswith("/v3/"):
            raise Unavailable("a bill that lies elsewhere")

        def attempt() -> int:
            file.seek(0)
            file.truncate()
            return self._core.download(path, file, SLOW)[0]

        if exchange.repeat(attempt, SLOW) != 200:
            raise Unavailable("a bill that cannot be fetched")


def client() -> Bills:
    """The client that the settings describe, one per process."""
    wechat = settings.WECHAT
    return _client(wechat["key_folder"], wechat["pay_base"], wechat["mchid"])


@functools.lru_cache(maxsize=1)
def _client(folder: Path, base: str, mchid: str) -> BillsClient:
    return BillsClient(Keys.read(folder), base=base, mchid=mchid)


def rows(kind: Kind, lines: Iterator[str], tail: list[str] | None = None) -> Iterator[Row]:
    """
    The rows of a bill; columns are found by their names. The line of sums is put into ``tail``.

    Raises:
        Unavailable: a row that cannot be read.
    """
    for line in _table(lines, [] if tail is None else tail):
        try:
            yield _traded(line) if kind is Kind.TRADE else _moved(line)
        except KeyError as error:
            raise Unavailable("a bill without a column") from error


def check_sums(kind: Kind, lines: Iterator[str]) -> None:
    """
    Compare the rows with what the bill itself says at its end.

    Raises:
        Unavailable: they are not as many, or not as much.
    """
    tail: list[str] = []
    count, sums = 0, {"payment": 0, "refund": 0}
    for row in rows(kind, lines, tail):
        count, sums[row.about] = count + 1, sums[row.about] + row.fen
    said = [value.lstrip("`") for value in (tail[-1].split(",") if tail else [])]
    places = (0, 5, 6) if kind is Kind.TRADE else (0, 2, 4)
    try:
        total, came, went = (said[place] for place in places)
        whole = (float(total), fen(came), fen(went)) == (count, sums["payment"], sums["refund"])
    except (IndexError, ValueError) as error:
        raise Unavailable("a bill without sums") from error
    if not whole:
        raise Unavailable("a bill that does not add up")


def fen(yuan: str) -> int:
    """
    Yuan with two decimals as fen.

    Raises:
        Unavailable: it is none.
    """
    found = _YUAN.fullmatch(yuan)
    if found is None:
        raise Unavailable("a bill with an amount that is none")
    return int(found[1]) * 100 + int(found[2])


def _traded(row: dict[str, str]) -> Row:
    if row["交易状态"] == "REFUND":
        state = {"SUCCESS": "done", "PROCESSING": "open"}.get(row["退款状态"], "failed")
        return Row("refund", _number(row["商户退款单号"]), state, fen(row["申请退款金额"]))
    if row["交易状态"] != "SUCCESS":
        raise Unavailable("a bill with a row of an unknown kind")
    return Row("payment", _number(row["商户订单号"]), "done", fen(row["订单金额"]))


def _moved(row: dict[str, str]) -> Row:
    about = "refund" if row["收支类型"] == "支出" else "payment"
    return Row(about, _number(row["业务凭证号"]), "done", fen(row["收支金额(元)"]))


def _number(text: str) -> str:
    """A number as WeChat Pay lets merchants give them."""
    if not _NUMBER.fullmatch(text):
        raise Unavailable("a bill with a number that is none")
    return text


def _table(lines: Iterator[str], tail: list[str]) -> Iterator[dict[str, str]]:
    """Rows by column; each value has a backtick before it, and the head has none."""
    head = next(lines, "").removeprefix("\ufeff").replace("（", "(").replace("）", ")").split(",")
    for values in csv.reader(_until_sums(lines, tail)):
        yield dict(zip(head, (value.lstrip("`") for value in values), strict=False))


def _until_sums(lines: Iterator[str], tail: list[str]) -> Iterator[str]:
    """All lines before the sums, whose head is the first one without a backtick."""
    for line in lines:
        if not line.startswith("`"):
            tail.append(next(lines, ""))
            return
        yield line


def _lines(file: BinaryIO) -> Iterator[str]:
    file.seek(0)
    with gzip.open(file, "rt", encoding="utf-8", newline="\n") as text:
        try:
            for line in text:
                yield line.rstrip("\r\n")
        except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
            raise Unavailable("a bill that cannot be unpacked") from error


def _check_hash(described: dict[str, Any], file: BinaryIO) -> None:
    """The hash is of the unpacked file; what unpacks without end is stopped."""
    said = described.get("hash_value")
    if described.get("hash_type") != "SHA1" or not isinstance(said, str):
        raise Unavailable("a bill without a hash")
    digest, size = hashlib.sha1(usedforsecurity=False), 0
    file.seek(0)
    try:
        with gzip.open(file, "rb") as unpacked:
            while chunk := unpacked.read(1 << 20):
                digest.update(chunk)
                size += len(chunk)
                if size > MOST_UNPACKED:
                    raise Unavailable("a bill that is too large")
    except (OSError, EOFError, zlib.error) as error:
        raise Unavailable("a bill that cannot be unpacked") from error
    if not hmac.compare_digest(digest.hexdigest(), said.lower()):
        raise Unavailable("a bill of another hash")
