"""Entries of the log: by subject, by patient, and what proves them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from hospital import errors, http, keydrafts
from hospital.roles import Actor, Role
from ledger import queries as ledger
from ledger.entry import MAX_INTEGER

PAGE_MAX = 100
LOG_PARAMETER = "origin of one of the caller's logs; the newest if left out"
_NUMBER = re.compile("0|[1-9][0-9]{0,15}")


class UnknownEntry(errors.NotFound):
    """The log has no such entry."""

    code = "entry.unknown"


class NotYetPublished(errors.Conflict):
    """No published checkpoint covers this entry yet; ask again in a second."""

    code = "entry.not_yet_published"


class BadPage(errors.Invalid):
    """No page of entries: no page's cursor, a size not from 1 to 100, no log of the caller's."""

    code = "entry.bad_page"


class Entries(http.Query):
    """
    The entries about a subject, as the public log has them, in order; or the one at a place of a
    log, or none.
    """

    query = {
        "subject": "for example rx/… or key/…",
        "log": "with index and in the place of subject: the log's origin",
        "index": "the entry's number in this log, from 0",
        "receipts": "1 adds the receipt of each",
    }

    def show(self, call: http.Call) -> dict[str, Any]:
        asked = self.request.query_params
        entries = _at(asked["index"], asked.get("log", "")) if "index" in asked else _about(asked)
        proofs = [_receipt(one.leaf) for one in entries] if asked.get("receipts") == "1" else []
        shown = [_entry(one) for one in entries]
        for one, proof in zip(shown, proofs, strict=False):
            one["receipt"] = proof.decode()
        return {"entries": shown}


def _about(asked: Mapping[str, str]) -> list[ledger.Entry]:
    return ledger.entries_about(_plain(asked.get("subject", "")))


def _at(index: str, log: str) -> list[ledger.Entry]:
    number = _number(index, "index", within=range(MAX_INTEGER), usual=0)
    return ledger.entries_at(_plain(log), number)


def _plain(text: str) -> str:
    """As a question to the database may hold it."""
    return text[:200].replace("\x00", "")


def _entry(entry: ledger.Entry) -> dict[str, Any]:
    return {
        "version": entry.version,
        "kind": entry.kind,
        "note": entry.note.decode(),
        "leaf": entry.leaf.hex(),
        "index": entry.index,
    }


def _receipt(leaf: bytes, make: Callable[[bytes], bytes] = ledger.receipt_for) -> bytes:
    try:
        return make(leaf)
    except LookupError as fault:
        raise UnknownEntry from fault
    except ledger.NotYetPublished as fault:
        raise NotYetPublished(retry_after_s=1) from fault


class Receipt(http.Endpoint):
    """The receipt of an entry: a C2SP tlog-proof that anybody can check without us."""

    answers_in_clear = True
    query = {"file": "1 adds the entry and the registrations of its signers' keys"}

    def get(self, request: Request, leaf: str) -> HttpResponse:
        whole = request.query_params.get("file") == "1"
        make = ledger.receipt_file_for if whole else ledger.receipt_for
        proof = _receipt(bytes.fromhex(leaf), make)
        return HttpResponse(proof, content_type="text/plain; charset=utf-8")


class MyEntries(http.Query):
    """
    All entries about the caller, oldest first, and the tag that they carry.

    Whoever wants to be sure that none is missing asks for the proof first, then takes all indices
    below the proof's size. No view is recorded: the entries are public, nothing sealed is opened,
    and an entry about each look would make the list longer while it is checked.
    """

    roles = (Role.PATIENT,)
    query = {
        "cursor": "next of the page before",
        "size": "1 to 100; 50 if left out",
        "log": LOG_PARAMETER,
    }

    def show(self, call: http.Call) -> dict[str, Any]:
        asked = self.request.query_params
        after = _number(asked.get("cursor"), "cursor", within=range(MAX_INTEGER), usual=-1)
        size = _number(asked.get("size"), "size", within=range(1, PAGE_MAX + 1), usual=50)
        logs, tag = _place(call.by)
        log = _log(asked.get("log"), logs)
        found = ledger.entries_of_patient(log, tag, after=after, most=size + 1)
        more = len(found) > size
        return {
            "tag": tag,
            "log": log,
            "logs": logs,
            "entries": [{**_entry(one), "subject": one.subject} for one in found[:size]],
            "next": str(found[size - 1].index) if more else None,
        }


class MyProof(http.Endpoint):
    """The proof that a list of the caller's entries is complete (``ledger.patients``)."""

    roles = (Role.PATIENT,)
    query = {"log": LOG_PARAMETER}

    def get(self, request: Request) -> HttpResponse:
        logs, tag = _place(self.actor)
        try:
            proof = ledger.list_proof(_log(request.query_params.get("log"), logs), tag)
        except ledger.NotYetPublished as fault:
            raise NotYetPublished(retry_after_s=1) from fault
        return HttpResponse(proof, content_type="text/plain; charset=utf-8")


def _place(by: Actor) -> tuple[list[str], str]:
    """The logs that hold the caller's entries, the oldest first, and the tag of the entries."""
    line, tag = keydrafts.place_of(by)
    return ledger.logs_of(line), tag


def _log(asked: str | None, logs: list[str]) -> str:
    if asked is None:
        return logs[-1]
    if asked not in logs:
        raise BadPage(field="log")
    return asked


def _number(text: str | None, field: str, *, within: range, usual: int) -> int:
    if text is None:
        return usual
    if not _NUMBER.fullmatch(text) or int(text) not in within:
        raise BadPage(field=field)
    return int(text)
