"""
A page of a patient's copy as a FHIR bundle, and the check of all its pages without a network.

A bundle is a ``collection``: a ``document`` needs a composition and an author who attests it, and
here each entry has a signature of its own. Its resources are made of the proven entries and of the
fields that open their commitments, and of nothing else. The check makes them again from the
receipts in the ``Provenance`` resources and compares; what differs, is missing or comes in addition
is named. The first page holds the proof that the list of entries is complete (``ledger.patients``).

Only ``timestamp`` and ``link`` rest on the server's word.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hospital import fhir
from hospital.fhir import Make, Resource, Told
from insurance import fhir as billed
from ledger import patients, receiptfile
from ledger.entry import leaf_hash
from ledger.note import Malformed, encode_base64
from ledger.policy import Policy
from pharmacy import fhir as dispensed
from prescriptions import fhir as prescribed

MAKERS: Mapping[str, tuple[Make, ...]] = {
    "rx": (prescribed.requests, dispensed.dispenses, billed.claims),
    "consultation": (fhir.encounter,),
    "correction": (fhir.communications,),
    "grant": (fhir.consent,),
    "optin": (fhir.consent,),
}
"""What is made of a subject, by its family; of all others, and of what was erased, events."""
HIDDEN = "picture/"
"""Fields that the copy leaves out: of them it has the digests, and elsewhere they are to be had."""
_NUMBER = re.compile(r'"\\u0000(-?[0-9.]+)"')
_TOP = {"resourceType", "type", "timestamp", "link", "entry"}


class Altered(ValueError):
    """A resource is not what the entries say, or is missing, or is too many."""


class NotWhole(ValueError):
    """Entries about the patient are missing, or nothing proves that none is."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one bundle holds; ``proofs`` are those of the patient's lists, by log."""

    tag: str
    told: Sequence[Told]
    proofs: Mapping[str, bytes]

    def resources(self) -> Iterator[Resource]:
        """Every resource of the page, in order."""
        yield fhir.patient(self.told, self.tag)
        for subject in dict.fromkeys(one.statement.subject for one in self.told):
            about = [one for one in self.told if one.statement.subject == subject]
            made = [
                each
                for make in MAKERS.get(subject.partition("/")[0], ())
                for each in make(about, self.tag)
            ] or fhir.event(about, self.tag)
            yield from made
            for one in about:
                yield fhir.provenance(one, made)
        for log, proof in self.proofs.items():
            yield _listing(log, self.tag, proof)


@dataclass(frozen=True, slots=True)
class Proven:
    """A resource that is what the entries say; ``hidden`` fields of its record are left out."""

    name: str
    hidden: int


def written(page: Page, *, at: str, following: str | None) -> bytes:
    """The bundle's bytes. Decimals are written as they are, never as binary fractions."""
    found: Resource = {"resourceType": "Bundle", "type": "collection", "timestamp": at}
    if following:
        found["link"] = [{"relation": "next", "url": following}]
    found["entry"] = [{"fullUrl": fhir.named(each), "resource": each} for each in page.resources()]
    return encoded(found).encode()


def verify(files: Sequence[bytes], policy: Policy) -> list[Proven]:
    """
    Check all pages of a copy, offline; give what is proven, in order.

    Raises:
        Malformed: a file is no bundle of this kind.
        Altered: see there; it names the resource.
        NotWhole: see there.
        ValueError: what ``receiptfile.verify`` and ``patients.verify`` raise.
    """
    pages = [_read(each, policy) for each in files]
    found = [each for bundle, page in pages for each in _compared(bundle, page)]
    tags = {page.tag for _, page in pages}
    if len(tags) != 1:
        raise Altered("the pages are not all about one patient")
    proofs = {log: proof for _, page in pages for log, proof in page.proofs.items()}
    indices: dict[str, set[int]] = {log: set() for log in proofs}
    for told in (one for _, page in pages for one in page.told):
        if told.log not in indices:
            raise NotWhole(f"nothing proves the list of {told.log}: the first page is missing")
        indices[told.log].add(told.index)
    if not proofs:
        raise NotWhole("nothing proves that the list is whole: the first page is missing")
    for log, proof in proofs.items():
        size = patients.head_of(patients.Proof.parse(proof).head).size
        below = sorted(one for one in indices[log] if one < size)
        patients.verify(proof, tags.copy().pop(), below, policy)
    return found


def _read(data: bytes, policy: Policy) -> tuple[list[Resource], Page]:
    """The entries of a bundle as they stand there, and the page that its receipts prove."""
    bundle = _parsed(data)
    told, proofs, tags = [], {}, set()
    for each in bundle:
        resource = each["resource"]
        try:
            if resource["resourceType"] == "Provenance":
                told.append(_told(_decoded(resource["signature"][0]["data"]), policy))
                tags.add(told[-1].statement.patient)
            elif resource["resourceType"] == "DocumentReference":
                tags.add(resource["identifier"][0]["value"])
                attached = resource["content"][0]["attachment"]
                proofs[attached["title"]] = _decoded(attached["data"])
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise Altered(f"{_named(resource)} is not in its form") from error
        except ValueError as error:
            raise Altered(f"{_named(resource)} is not proven: {error}") from error
    if len(tags) > 1:
        raise Altered("a Provenance is about somebody else")
    if not tags:
        raise NotWhole("there is nothing in it that proves anything")
    return bundle, Page(tags.pop(), told, proofs)


def _parsed(data: bytes) -> list[Resource]:
    try:
        bundle = json.loads(data, parse_float=_decimal, object_pairs_hook=_no_twins)
        entries = bundle["entry"]
        right = (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
        right = right and set(bundle) <= _TOP and all(_is_entry(each) for each in entries)
        names = [each["fullUrl"] for each in entries]
        right = right and len(set(names)) == len(names)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Malformed("not a bundle of FHIR resources") from error
    if not right:
        raise Malformed("not a bundle of this kind")
    return list(entries)


def _told(receipt: bytes, policy: Policy) -> Told:
    verified, file = receiptfile.verify(receipt, policy), receiptfile.read(receipt)
    leaf = leaf_hash(file.entry)
    log = verified.head.origin
    return Told(verified.statement, log, verified.index, leaf, verified.opened, receipt)


def _compared(bundle: Sequence[Resource], page: Page) -> Iterator[Proven]:
    there = {each["fullUrl"]: each for each in bundle}
    hidden = {one.leaf.hex(): len(receiptfile.read(one.receipt).digests) for one in page.told}
    for resource in page.resources():
        name, full = _named(resource), fhir.named(resource)
        found = there.pop(full, None)
        if found is None:
            raise Altered(f"{name} is missing")
        if not _is_same(found, {"fullUrl": full, "resource": resource}):
            raise Altered(f"{name} is not what the entries say")
        yield Proven(name, hidden.get(str(resource["id"]), 0))
    for extra in there.values():
        raise Altered(f"{_named(extra['resource'])} rests on no entry")


def _listing(log: str, tag: str, proof: bytes) -> Resource:
    return {
        "resourceType": "DocumentReference",
        "id": fhir.url("list", log).removeprefix("urn:uuid:"),
        "status": "current",
        "identifier": [{"system": f"https://{log}", "value": tag}],
        "subject": fhir.to("Patient", tag),
        "description": patients.FORMAT,
        "content": [
            {
                "attachment": {
                    "contentType": "text/plain",
                    "title": log,
                    "data": encode_base64(proof),
                }
            }
        ],
    }


def _is_entry(value: Any) -> bool:
    return isinstance(value["resource"], dict) and isinstance(value["fullUrl"], str)


def _is_same(found: Any, made: Resource) -> bool:
    try:
        return encoded(found) == encoded(made)
    except RecursionError:  # nothing that we make is nested so deeply
        return False


def _named(resource: Any) -> str:
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    return f"{kind}/{resource.get('id')}" if kind else "a resource"


def _decoded(text: Any) -> bytes:
    return base64.b64decode(text, validate=True)


def encoded(value: Any) -> str:
    """The one encoding of a value; a decimal goes through a text that no patient can write."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=lambda one: f"\0{one:f}")
    return _NUMBER.sub(r"\1", text)


def _decimal(text: str) -> Decimal:
    """No exponents: written out, one of nine digits would fill the memory."""
    if "e" in text.lower():
        raise ValueError("a number with an exponent")
    return Decimal(text)


def _no_twins(pairs: list[tuple[str, Any]]) -> Resource:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a member stands twice in one object")
    return fields
