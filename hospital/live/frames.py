"""
What the feed says of an entry, as a server-sent event. Pure.

All of it stands in the public log, and nothing else: subjects, keys and patients have there the
names that tell nobody who they are. Source of the form: WHATWG HTML, 9.2, server-sent events.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hospital.units import stamp
from ledger import tailing
from ledger.entry import Statement
from ledger.tailing import Position, Read

HEARTBEAT = b":\n\n"
"""A comment: it keeps proxies from closing a silent connection, and no reader sees it."""
RETRY_MS = 2_000


@dataclass(frozen=True, slots=True)
class Frame:
    """One event, and the place of its entry."""

    log_id: int
    index: int
    data: bytes


def who(statement: Statement) -> tuple[str, str]:
    """
    The organisation and the role of the one who acts; without an organisation, an empty one.

    A look and a refusal are signed by the server, and their facts say who looked or was refused.

    >>> # "hospital-1/doctor/<key>" → ("hospital-1", "doctor"); "patient/<key>" → ("", "patient")
    """
    if statement.by == statement.log:
        return "", "log"
    if statement.by.startswith(f"{statement.log}/"):
        facts = statement.facts
        service = statement.by.rpartition("/")[2]
        return str(facts.get("organisation", "")), str(facts.get("role", service))
    *organisation, role, _ = ("", *statement.by.split("/"))[-3:]
    return "".join(organisation), role


def shown(entry: Read) -> dict[str, Any]:
    """The event's content."""
    said = entry.statement
    organisation, role = who(said)
    return {
        "log": entry.log,
        "index": entry.index,
        "leaf": entry.leaf.hex(),
        "at": stamp(said.at),
        "stored_at": stamp(entry.stored_at),
        "subject": said.subject,
        "version": said.version,
        "kind": said.kind,
        "move": str(said.facts.get("move", "")),
        "state": str(said.facts.get("to", "")),
        "patient": said.patient,
        "organisation": organisation,
        "role": role,
        "by": said.by,
    }


def frame(entry: Read, position: Position) -> Frame:
    """``position`` is where a reader is who has read the entry: the event's id."""
    data = json.dumps(shown(entry), ensure_ascii=False, separators=(",", ":"))
    text = f"id: {tailing.written(position)}\nevent: entry\ndata: {data}\n\n"
    return Frame(entry.log_id, entry.index, text.encode())


def greeting(position: Position) -> bytes:
    """Tells a reader to whom nothing has happened yet where to go on."""
    at = tailing.written(position)
    return f'retry: {RETRY_MS}\nid: {at}\nevent: ready\ndata: {{"position":"{at}"}}\n\n'.encode()


def framed(entries: list[Read], position: Position) -> tuple[list[Frame], dict[int, int]]:
    """The events of what was read behind ``position``, and where that leads."""
    at, made = dict(position), []
    for entry in entries:
        at[entry.log_id] = entry.index + 1
        made.append(frame(entry, at))
    return made, at
