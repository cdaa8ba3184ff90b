"""What a test looks at from outside: all that is stored, entries, calls at one moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
from django.apps import apps
from django.db import connection, connections

from hospital.client import Client, Problem
from hospital.models import Account
from ledger import queries as ledger

APPS = (
    *("hospital", "faces", "feeds", "guardians", "notices", "readingkeys"),
    *("consultations", "corrections"),
    *("prescriptions", "appraisal", "sharing", "pharmacy", "insurance", "journal"),
)


def everything() -> dict[str, Any]:
    """
    A fingerprint of all that is stored: rows and the transactions that last wrote them.

    Any insert, update or delete changes it. Refusals that were written down do not count.
    """
    tables = [
        model._meta.db_table
        for name in APPS
        for model in apps.get_app_config(name).models.values()
        if model._meta.label != "pharmacy.ScanRefusals"
    ]
    parts = [f"SELECT '{t}', count(*), sum(xmin::text::bigint) FROM {t}" for t in tables]
    parts.append("SELECT 'entries', count(*), 0 FROM ledger_event WHERE kind <> 'record.refuse'")
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return {name: (count, written) for name, count, written in cursor.fetchall()}


def subject(rx: str) -> str:
    return f"rx/{rx.replace('-', '')}"


def kinds(rx: str) -> list[str]:
    """The kinds of the entries about a prescription, in order."""
    return [entry.kind for entry in ledger.entries_about(subject(rx))]


def count_entries(**conditions: str) -> int:
    """How many entries the log holds of a kind, or about a subject."""
    where = " AND ".join(f"{name} = %s" for name in conditions) or "true"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ledger_event WHERE {where}", [*conditions.values()])
        return int(cursor.fetchone()[0])


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run all at one moment, each in a thread with a connection of its own; what each gave."""
    results: list[Any] = [None] * len(calls)
    start = threading.Barrier(len(calls))

    def run(number: int, call: Callable[[], Any]) -> None:
        try:
            start.wait()
            results[number] = call()
        except Exception as fault:
            results[number] = fault
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=one) for one in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def outcomes(results: list[Any]) -> list[Any]:
    """``done`` or the code of the refusal, sorted; anything else is a fault of the test."""
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, Problem):
            raise result
    return sorted(one.code if isinstance(one, Problem) else "done" for one in results)


def drawn(client: Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """The body of a signed command, ready to be sent."""
    return {
        **body,
        **client.signed(client.post(f"{path}/statement", {**body, "key": client.key_name})),
    }


def raw(
    client: Client,
    method: str,
    path: str,
    *,
    key: str | None = "",
    content: bytes | None = None,
    body: Any = None,
    headers: dict[str, Any] | None = None,
) -> httpx.Response:
    """One request as it is, its answer as it comes. ``key``: '' a new one, None none at all."""
    sent = {"Authorization": f"Bearer {client.token}"} if client.token else {}
    if method == "POST" and key is not None:
        sent["Idempotency-Key"] = key or uuid4().hex
    if content is not None:
        sent["Content-Type"] = "application/json"
    return client.http.request(
        method,
        path,
        headers={**sent, **(headers or {})},
        **(
            {"content": content}
            if content is not None
            else {"json": body}
            if method == "POST"
            else {}
        ),
    )


def account(client: Client) -> Account:
    return Account.objects.get(id=client.account)
