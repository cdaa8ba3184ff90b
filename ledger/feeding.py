"""
Feeding: every witness of the policy is shown the newest checkpoint, all of them at once; one that
has several keys under one address, once.

A witness answers with a cosignature, which is verified before it is kept; with 409 and the size
that it knows, from which the proof is made again; or not at all, and is asked again later, after a
pause that doubles from 1 to 15 seconds, so that one which is back, or was only slow, is asked well
within the time in which entries are promised to be final. Two answers are alarms: 422 or 403 (it
will not vouch for our log, and says why), and a size beyond ours (the witness has seen more of the
log than this database knows: we were restored from a backup, and signing on would be a fork).

No row is locked while the network is waited for. Two feeders at once are harmless; the second
leaves the work to the first.
"""

import functools
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from django.conf import settings
from django.db import connection, transaction

from ledger import cosignature, finality, merkle, tiles
from ledger import note as notes
from ledger.models import Checkpoint, Log
from ledger.policy import Policy, Witness
from ledger.readers import Folder
from ledger.witness import requests

LONGEST_PAUSE_S = 15.0
MAX_ANSWER = 64 << 10
AHEAD, REFUSED, SILENT = "ahead", "refused", "silent"
_LOCK_CLASS = 0x66656564


@dataclass(frozen=True, slots=True)
class _Told:
    """What a witness answered. ``size`` is the latest that it is known to have cosigned."""

    witness: Witness
    size: int
    line: str = ""
    at_s: int = 0
    trouble: str = ""
    text: str = ""

    @property
    def is_conflict(self) -> bool:
        """Whether it has cosigned another size than we thought."""
        return not self.line and not self.trouble


def feed(log: Log, folder: Path) -> None:
    """
    Show the newest checkpoint to all witnesses that are due, and keep what they say.

    Takes as long as the slowest witness, and at most twice the time-out (LEDGER_WITNESS_TIMEOUT_S).
    """
    policy = finality.agreed(log)
    newest = Checkpoint.objects.filter(log_id=log.id).order_by("-size").first()
    if newest is None or not policy.witnesses:
        return
    with alone(log.id) as is_ours:
        if not is_ours:
            return
        due = _due(log.id, policy, newest.size)
        if due:
            try:
                told = _ask_all(folder, newest.size, bytes(newest.note), due)
            except tiles.Missing:
                return  # it is being published at this moment
            _remember(log.id, newest.size, told)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One program: its keys of the policy, and the last size that it is known to have cosigned."""

    url: str
    witnesses: tuple[Witness, ...]
    size: int


def _due(log_id: int, policy: Policy, size: int) -> list[_Asked]:
    """Witnesses that have not cosigned this size and may be asked now, with their last size."""
    with connection.cursor() as cursor:
        cursor.execute(_CONTACTS, [size, log_id])
        contacts = {name: (last, may_wait) for name, last, may_wait in cursor.fetchall()}
    due: dict[str, list[Witness]] = {}
    known: dict[str, int] = {}
    for name, witness in policy.witnesses.items():
        last, may_wait = contacts.get(name, (0, False))
        if not witness.url or may_wait:
            continue
        due.setdefault(witness.url, []).append(witness)
        known[witness.url] = max(min(last, size), known.get(witness.url, 0))
    return [_Asked(url, tuple(keys), known[url]) for url, keys in due.items()]


def _ask_all(folder: Path, size: int, checkpoint: bytes, due: list[_Asked]) -> list[_Told]:
    source = tiles.hash_source(Folder(folder), size)

    def ask(pool: ThreadPoolExecutor, asked: list[_Asked]) -> list[list[_Told]]:
        proofs = {old: _proof(old, size, source) for old in {one.size for one in asked}}
        return list(pool.map(lambda one: _ask(one, size, proofs[one.size], checkpoint), asked))

    with ThreadPoolExecutor(len(due), thread_name_prefix="feed") as pool:
        first = ask(pool, due)
        # 409: the witness knows another size than we thought; once more, from there
        again = [
            _Asked(one.url, one.witnesses, told[0].size)
            for one, told in zip(due, first, strict=True)
            if told[0].is_conflict
        ]
        second = ask(pool, again)
    settled = [one for told in first if not told[0].is_conflict for one in told]
    return settled + [_given_up(one) for told in second for one in told]


def _proof(old: int, size: int, source: merkle.Source) -> tuple[bytes, ...]:
    return tuple(merkle.consistency(old, size, source)) if 0 < old < size else ()


def _ask(asked: _Asked, size: int, proof: tuple[bytes, ...], checkpoint: bytes) -> list[_Told]:
    """One request, and what it says of each key; whatever comes back, this returns."""

    def all_of_them(size: int, trouble: str = "", text: str = "") -> list[_Told]:
        return [_Told(one, size, trouble=trouble, text=text) for one in asked.witnesses]

    old = asked.size
    try:
        status, body = post(f"{asked.url}/add-checkpoint", _body(old, proof, checkpoint))
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return all_of_them(old, SILENT, f"{type(error).__name__}: {error}")
    if status == 200:
        return [_cosigned(one, old, size, checkpoint, body) for one in asked.witnesses]
    if status == 409:
        return all_of_them(*_conflict(old, size, body))
    text = f"{status}: {words_of(body)}"
    return all_of_them(old, REFUSED if status in (403, 404, 422) else SILENT, text)


def _body(old: int, proof: tuple[bytes, ...], checkpoint: bytes) -> bytes:
    return requests.encode(old, proof, checkpoint)


def _cosigned(witness: Witness, old: int, size: int, checkpoint: bytes, body: bytes) -> _Told:
    """Keep the line by the policy's key, if it is there and holds."""
    try:
        line, at_s = line_of(witness, checkpoint, body)
    except ValueError as error:
        return _Told(witness, old, trouble=SILENT, text=f"no cosignature: {error}")
    return _Told(witness, size, line, at_s)


def words_of(answer: bytes) -> str:
    """What a witness says, fit to be stored and shown: at most 500 characters, none of them NUL."""
    return answer.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}").strip()[:500]


def line_of(witness: Witness, signed: bytes, answer: bytes) -> tuple[str, int]:
    """
    Give the line by the witness's key in its answer to a signed head, and its time in seconds.

    Raises:
        Malformed, BadSignature: there is none, or it does not hold.
    """
    text, key = notes.parse(signed).text, witness.verifier
    note = notes.parse(text + b"\n" + answer)
    if note.text != text:  # an empty line in the answer would make it end later
        raise notes.Malformed("the answer is not signature lines alone")
    times = cosignature.cosigned_by(note, [key])
    if key not in times:
        raise notes.BadSignature("no line by the policy's key")
    own = [one for one in note.signatures if (one.name, one.key_id) == (key.name, key.key_id)]
    latest = max(own, key=lambda one: key.time_of(text, one.value) or 0)
    return latest.line(), times[key]


def _conflict(old: int, size: int, body: bytes) -> tuple[int, str, str]:
    """The size that the witness says it knows; size, trouble and words."""
    text = body.decode("ascii", errors="replace").strip()
    if not text.isascii() or not text.isdigit() or len(text) > 16:
        return old, SILENT, "409 without a size"
    if int(text) > size:
        return old, AHEAD, f"it has cosigned {text} entries, this database has signed {size}"
    return int(text), "", ""


def _given_up(told: _Told) -> _Told:
    """A second 409: somebody else is feeding this witness too; later."""
    if not told.is_conflict:
        return told
    return _Told(told.witness, told.size, trouble=SILENT, text="409 twice")


@functools.cache
def _client() -> httpx.Client:
    """One per process: connections are kept, and TLS is set up once."""
    return httpx.Client(trust_env=False)


def post(url: str, body: bytes) -> tuple[int, bytes]:
    """
    Post, within the time-out as a whole, and read at most 64 KiB. Redirects are not followed.

    Raises:
        httpx.HTTPError: no answer in time, or none that is one.
    """
    timeout_s = settings.LEDGER_WITNESS_TIMEOUT_S
    until = time.monotonic() + timeout_s
    with _client().stream("POST", url, content=body, timeout=timeout_s) as answer:
        read = bytearray()
        for part in answer.iter_raw():
            read += part
            if time.monotonic() > until:
                raise httpx.ReadTimeout("the answer takes too long")
            if len(read) > MAX_ANSWER:
                raise httpx.RemoteProtocolError("the answer is too long")
        return answer.status_code, bytes(read)


@transaction.atomic
def _remember(log_id: int, size: int, told: list[_Told]) -> None:
    with connection.cursor() as cursor:
        kept = [(one.witness.name, one.line, one.at_s) for one in told if one.line]
        if kept:
            cursor.execute(_COSIGNED, [log_id, size, *map(list, zip(*kept, strict=True))])
        said = [(one.witness.name, one.size, one.trouble, one.text) for one in told]
        columns = zip(("name", "size", "trouble", "text"), zip(*said, strict=True), strict=True)
        values = {name: list(column) for name, column in columns}
        cursor.execute(_CONTACTED, {**values, "log": log_id, "longest": LONGEST_PAUSE_S})


@contextmanager
def alone(log_id: int, task: int = _LOCK_CLASS) -> Iterator[bool]:
    """
    Whether no other process is feeding this log (or at another ``task``, a number of its own).

    The lock ends with the connection.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [task, log_id])
        (is_ours,) = cursor.fetchone()
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [task, log_id])


_CONTACTS = """
    SELECT name, size, next_try_at > clock_timestamp() OR EXISTS (
        SELECT FROM ledger_cosignature s
        WHERE s.log_id = k.log_id AND s.name = k.name AND s.size = %s)
    FROM ledger_contact k WHERE log_id = %s
"""
_COSIGNED = """
    INSERT INTO ledger_cosignature (log_id, size, name, line, at_s)
    SELECT %s, %s, * FROM unnest(%s::text[], %s::text[], %s::bigint[]) ON CONFLICT DO NOTHING
"""
_CONTACTED = """
    INSERT INTO ledger_contact AS known
        (log_id, name, size, trouble, text, failures, next_try_at, tried_at)
    SELECT %(log)s, name, size, trouble, text, (trouble <> '')::int,
           clock_timestamp() + interval '1 s' * (trouble <> '')::int, clock_timestamp()
    FROM unnest(%(name)s::text[], %(size)s::bigint[], %(trouble)s::text[], %(text)s::text[])
        AS told (name, size, trouble, text)
    ON CONFLICT (log_id, name) DO UPDATE SET
        size = excluded.size, trouble = excluded.trouble, text = excluded.text,
        failures = CASE WHEN excluded.trouble = '' THEN 0 ELSE known.failures + 1 END,
        tried_at = clock_timestamp(),
        next_try_at = clock_timestamp() + CASE WHEN excluded.trouble = '' THEN interval '0'
            ELSE interval '1 s' * least(%(longest)s, power(2, least(known.failures, 10)))
                * (0.75 + random() / 4) END
"""
