"""
A page of a patient's copy as a FHIR bundle, and the check of all its pages without a network.

A bundle is a ``collection``: a ``document`` needs a composition and an author who attests it, and
here each entry has a signature of its own. Its resources are made of the proven entries and of the
fields that open their commitments, and of nothing else. The check makes them again from the
receipts in the ``Provenance`` resources and compares; what differs, is missing or comes in addition
is named. The first page holds the proof that the list of entries is complete (``ledger.patients``)
and the first entry of each log, which names the log before (``continuity``).

Messages and pictures open what entries commit to (``sayings``). What the database alone says, an
address or a device's name, is tagged ``STATED``: it rests on the server's word, and so do
``timestamp`` and ``link``.
"""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hospital import fhir, guardianlaw
from hospital.consultations import fhir as of_sayings
from hospital.consultations.fhir import Picture, Saying
from hospital.fhir import Make, Resource, Told
from insurance import continuity, fhirjson, sayings
from insurance import fhir as billed
from ledger import opening, patients, receiptfile
from ledger.entry import leaf_hash
from ledger.note import encode_base64
from ledger.policy import Policy
from pharmacy import fhir as dispensed
from prescriptions import fhir as prescribed

MAKERS: Mapping[str, tuple[Make, ...]] = {
    "rx": (prescribed.requests, dispensed.dispenses, billed.claims),
    "consultation": (fhir.encounter,),
    "correction": (fhir.communications,),
    "grant": (fhir.consent,),
    "optin": (fhir.consent,),
    guardianlaw.FAMILY: (fhir.guardian,),
}
"""What is made of a subject, by its family; of all others, and of what was erased, events."""
HIDDEN = "picture/picture"
"""The field that has a resource of its own; the receipt has its digest."""
STATED = {"system": "urn:smart-hospital", "code": "stated"}
STATED_KINDS = {
    *("Person", "Location", "Device", "VerificationResult", "RelatedPerson", "Communication"),
    *("Basic", "Coverage", "PaymentNotice", "AuditEvent", "SupplyDelivery"),
}
"""What may rest on the server's word."""


class Altered(ValueError):
    """A resource is not what the entries say, or is missing, or is too many."""


class NotWhole(ValueError):
    """Entries about the patient are missing, or nothing proves that none is."""


@dataclass(frozen=True, slots=True)
class Page:
    """
    What one bundle holds. ``proofs`` are those of the patient's lists, by log; ``openings`` are the
    first entries of those logs; ``stated`` are resources that rest on the server's word.
    """

    tag: str
    told: Sequence[Told]
    proofs: Mapping[str, bytes]
    openings: Sequence[Told] = ()
    said: Sequence[Saying | Picture] = ()
    stated: Sequence[Resource] = ()

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
        for each in self.said:
            yield each.resource(self.tag)
        yield from self.stated
        for log, proof in self.proofs.items():
            yield _document(log, self.tag, patients.FORMAT, proof)
        for one in self.openings:
            yield _document(one.log, self.tag, opening.KIND, one.receipt)


@dataclass(frozen=True, slots=True)
class Proven:
    """
    A resource that is what the entries say, or is ``stated`` by the server and by nobody else.

    ``hidden`` fields of its record have resources of their own.
    """

    name: str
    hidden: int
    stated: bool


def written(page: Page, *, at: str, following: str | None) -> bytes:
    """The bundle's bytes. Decimals are written as they are, never as binary fractions."""
    found: Resource = {"resourceType": "Bundle", "type": "collection", "timestamp": at}
    if following:
        found["link"] = [{"relation": "next", "url": following}]
    found["entry"] = [{"fullUrl": fhir.named(each), "resource": each} for each in page.resources()]
    return fhirjson.encoded(found).encode()


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
    told = [one for _, page in pages for one in page.told]
    tag = tags.pop()
    _check_lists([page for _, page in pages], told, tag, policy)
    try:
        said = [one for _, page in pages for one in page.said]
        unproven = {_named(one.resource(tag)) for one in sayings.unproven(told, said)}
    except sayings.Unsaid as error:
        raise NotWhole(str(error)) from error
    return [dataclasses.replace(one, stated=one.stated or one.name in unproven) for one in found]


def _check_lists(pages: Sequence[Page], told: Sequence[Told], tag: str, policy: Policy) -> None:
    """No entry is missing, in no log of the line. Raises ``NotWhole``."""
    proofs = {log: proof for page in pages for log, proof in page.proofs.items()}
    indices: dict[str, set[int]] = {log: set() for log in proofs}
    for one in told:
        if one.log not in indices:
            raise NotWhole(f"nothing proves the list of {one.log}: the first page is missing")
        indices[one.log].add(one.index)
    if not proofs:
        raise NotWhole("nothing proves that the list is whole: the first page is missing")
    covered = {}
    for log, proof in proofs.items():
        covered[log] = patients.head_of(patients.Proof.parse(proof).head).size
        below = sorted(one for one in indices[log] if one < covered[log])
        patients.verify(proof, tag, below, policy)
    try:
        continuity.check({one.log: one for page in pages for one in page.openings}, covered)
    except continuity.Broken as error:
        raise NotWhole(str(error)) from error


def _read(data: bytes, policy: Policy) -> tuple[list[Resource], Page]:
    """The entries of a bundle as they stand there, and the page that its receipts prove."""
    bundle, found = fhirjson.parsed(data), _Found()
    for each in bundle:
        resource = each["resource"]
        try:
            found.take(resource, policy)
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise Altered(f"{_named(resource)} is not in its form") from error
        except ValueError as error:
            raise Altered(f"{_named(resource)} is not proven: {error}") from error
    if len(found.tags) > 1:
        raise Altered("a Provenance is about somebody else")
    if not found.tags:
        raise NotWhole("there is nothing in it that proves anything")
    return bundle, found.page(found.tags.pop())


@dataclass(slots=True)
class _Found:
    """What a page's resources bring from which all of them can be made again."""

    tags: set[str] = field(default_factory=set)
    told: list[Told] = field(default_factory=list)
    proofs: dict[str, bytes] = field(default_factory=dict)
    openings: list[Told] = field(default_factory=list)
    said: list[Saying | Picture] = field(default_factory=list)
    stated: list[Resource] = field(default_factory=list)

    def take(self, resource: Any, policy: Policy) -> None:
        """Raises ValueError and what a resource raises that is not in its form."""
        match resource:
            case {"meta": {"tag": [tag]}} if tag == STATED:
                _check_stated(resource)
                self.stated.append(resource)
            case {"resourceType": "Provenance"}:
                self.told.append(_told(_decoded(resource["signature"][0]["data"]), policy))
                self.tags.add(self.told[-1].statement.patient)
            case {"resourceType": "DocumentReference"}:
                self.tags.add(resource["identifier"][0]["value"])
                attached = resource["content"][0]["attachment"]
                if resource["description"] == opening.KIND:
                    self.openings.append(_told(_decoded(attached["data"]), policy))
                else:
                    self.proofs[attached["title"]] = _decoded(attached["data"])
            case {"resourceType": "Patient"}:
                self.tags.add(resource["id"])
            case _ if of_sayings.is_said(resource):
                self.said.append(of_sayings.read(resource))

    def page(self, tag: str) -> Page:
        return Page(tag, self.told, self.proofs, self.openings, self.said, self.stated)


def _check_stated(resource: Resource) -> None:
    """What entries can prove does not rest on the server's word."""
    if resource["resourceType"] not in STATED_KINDS or of_sayings.is_said(resource):
        raise Altered(f"{_named(resource)} needs a proof")


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
        if not fhirjson.is_same(found, {"fullUrl": full, "resource": resource}):
            raise Altered(f"{name} is not what the entries say")
        yield Proven(name, hidden.get(str(resource["id"]), 0), resource in page.stated)
    for extra in there.values():
        raise Altered(f"{_named(extra['resource'])} rests on no entry")


def _document(log: str, tag: str, form: str, proof: bytes) -> Resource:
    """The proof of the patient's list in a log, or of the log's first entry."""
    return {
        "resourceType": "DocumentReference",
        "id": fhir.url(form, log).removeprefix("urn:uuid:"),
        "status": "current",
        "identifier": [{"system": f"https://{log}", "value": tag}],
        "subject": fhir.to("Patient", tag),
        "description": form,
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


def _named(resource: Any) -> str:
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    return f"{kind}/{resource.get('id')}" if kind else "a resource"


def _decoded(text: Any) -> bytes:
    return base64.b64decode(text, validate=True)
