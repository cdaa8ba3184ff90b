"""
Canaries: what the sample says of its people must be readable nowhere.

Not in a column, not in Valkey, not in a log file or any other file of the home, dead rows and
write-ahead log included. Names of medicines and organisations are public.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import redis
from django.db import connection

from config import home
from config.sample import loader

SHORTEST_NUMBER = 11  # shorter ones, in lines that are wrong on purpose, are found by chance
PUBLIC = {"prescriptions_medicine", "hospital_organisation"}


def canaries() -> dict[str, str]:
    """Text → what it is: names, identity numbers, phones and addresses of the sample's people."""
    found: dict[str, str] = {}
    for raw in loader.PRESCRIPTIONS.read_bytes().splitlines():
        try:
            line = json.loads(raw)
        except ValueError:
            continue
        visit = line.get("mdtrtinfo", {})
        found |= {visit.get("patnName", ""): "a patient's name"}
        found |= {visit.get("certno", ""): "a patient's identity number"}
        found |= {visit.get("tel", ""): "a patient's phone"}
        found |= {line.get("extras", {}).get("address", ""): "an address"}
    for member in (member for one in loader.network() for member in one.staff):
        found |= {member.id_number or "": "a member's identity number"}
        found |= {member.phone or "": "a member's phone"}
    return {
        text: what
        for text, what in found.items()
        if isinstance(text, str) and len(text) >= (SHORTEST_NUMBER if text.isascii() else 2)
    }


def spellings(text: str) -> set[bytes]:
    """The bytes in which a text could stand somewhere: encodings, JSON escapes, base64."""
    plain = text.encode()
    found = {plain, text.encode("gb18030"), text.encode("utf-16-le")}
    found.add(json.dumps(text)[1:-1].encode())
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + plain)
        found.add(coded[-(-shift * 8 // 6) : len(coded) // 4 * 4 - 4])
    return {one for one in found if len(one) >= 6 and b"\n" not in one}


def faults() -> Iterator[str]:
    """Where a canary can be read: columns, Valkey, files of the home."""
    texts = canaries()
    with tempfile.TemporaryDirectory(prefix="rx-canaries-") as folder:
        patterns = Path(folder) / "patterns"
        patterns.write_bytes(b"\n".join(sorted(set().union(*map(spellings, texts)))) + b"\n")
        tables = Path(folder) / "tables"
        tables.mkdir()
        for name, values in [*_tables(), ("valkey", _valkey())]:
            (tables / name).write_bytes(b"\0".join(values))
        yield from _found(patterns, tables)
        yield from _found(patterns, home.HOME)


def _found(patterns: Path, folder: Path) -> Iterator[str]:
    """Files that contain a pattern, and which line of the patterns it is."""
    grep = shutil.which("grep")
    assert grep, "this check needs grep"
    ran = subprocess.run(
        [grep, "-rao", "-m1", "-F", "-f", patterns, folder],
        capture_output=True,
        env={**os.environ, "LC_ALL": "C"},
        check=False,
    )
    for line in ran.stdout.splitlines():
        yield f"readable: {line.decode(errors='backslashreplace')}"


def _tables() -> Iterator[tuple[str, list[bytes]]]:
    """Every column of every table that is not public, as bytes."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table in PUBLIC:
                continue
            cursor.execute(f'SELECT * FROM "{table}"')  # the names are our own tables'
            for number, column in enumerate(cursor.description or ()):
                cursor.execute(f'SELECT "{column.name}" FROM "{table}"')
                values = [_bytes(row[0]) for row in cursor.fetchall()]
                yield f"{table}.{column.name}.{number}", values


def _bytes(value: object) -> bytes:
    if isinstance(value, memoryview | bytes):
        return bytes(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False).encode()
    return str(value).encode()


def _valkey() -> list[bytes]:
    """All keys and values of the queue's server."""
    found: list[bytes] = []
    with redis.Redis.from_url(home.redis_url()) as client:
        for key in client.scan_iter():
            kind = client.type(key)
            found.append(key)
            if kind == b"string":
                found.append(client.get(key) or b"")
            elif kind == b"list":
                found += client.lrange(key, 0, -1)
            elif kind == b"set":
                found += client.smembers(key)
            elif kind == b"zset":
                found += [member for member, _ in client.zrange(key, 0, -1, withscores=True)]
            elif kind == b"hash":
                found += [part for pair in client.hgetall(key).items() for part in pair]
    return found
