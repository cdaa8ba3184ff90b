"""
Whether messages, questions and pictures of a copy are those to which its entries commit. Pure.

The entry that ends a consultation counts its messages and has the digest of their commitments; the
entry of a change request has the question's commitment; the entry that asks commits to a record of
which the receipt leaves out the picture. What no entry of the copy commits to yet, the messages of
a consultation that goes on, is told as the server's word.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence

from hospital.consultations.fhir import REQUEST, Picture, Saying
from hospital.fhir import Told
from ledger import receiptfile


class Unsaid(ValueError):
    """A message, a question or a picture is missing, or is not what the entries commit to."""


def unproven(told: Sequence[Told], said: Sequence[Saying | Picture]) -> list[Saying | Picture]:
    """
    Check all that was said in a copy; give what is about no entry of it, or is not counted yet.

    Raises ``Unsaid``.
    """
    later = _later_pictures(told, [one for one in said if isinstance(one, Picture)])
    words = [one for one in said if isinstance(one, Saying)]
    asked = {
        (one.statement.subject, str(one.statement.facts[REQUEST])) for one in told if _asks(one)
    }
    requests = {(one.about, one.commitment.hex()) for one in words if one.number == 0}
    for subject, _ in asked - requests:
        raise Unsaid(f"a question about {subject} is missing")
    ended = _check_messages(told, [one for one in words if one.number])
    return [*later, *(one for one in words if not _is_counted(one, ended, asked))]


def _is_counted(one: Saying, ended: set[str], asked: set[tuple[str, str]]) -> bool:
    return one.about in ended if one.number else (one.about, one.commitment.hex()) in asked


def _asks(one: Told) -> bool:
    return one.statement.kind == "prescription.change_request"


def _check_messages(told: Sequence[Told], messages: Sequence[Saying]) -> set[str]:
    """The consultations that have ended: an entry of the copy has counted their messages."""
    by_subject: dict[str, dict[int, bytes]] = defaultdict(dict)
    for one in messages:
        if one.number in by_subject[one.about]:
            raise Unsaid(f"message {one.number} of {one.about} is there twice")
        by_subject[one.about][one.number] = one.commitment
    ended = {
        one.statement.subject: one.statement.facts
        for one in told
        if "transcript" in one.statement.facts
    }
    for subject, facts in ended.items():
        found = by_subject[subject]
        numbers = range(1, int(facts["messages"]) + 1)
        if sorted(found) != list(numbers):
            raise Unsaid(f"messages of {subject} are missing, or too many")
        digest = hashlib.sha256(b"".join(found[number] for number in numbers)).hexdigest()
        if digest != facts["transcript"]:
            raise Unsaid(f"the messages of {subject} are not those that were said")
    return set(ended)


def _later_pictures(told: Sequence[Told], pictures: Sequence[Picture]) -> list[Picture]:
    """Those of questions of which the copy has no entry."""
    subjects = {one.statement.subject for one in told}
    hidden: Mapping[bytes, str] = {
        digest: one.statement.subject
        for one in told
        for digest in receiptfile.read(one.receipt).digests
    }
    later = [one for one in pictures if one.about not in subjects]
    shown = {one.digest for one in pictures if one.about in subjects}
    for digest in shown - set(hidden):
        raise Unsaid(f"a picture, {digest.hex()}, is not what an entry commits to")
    for one in pictures:
        if one.about in subjects and hidden[one.digest] != one.about:
            raise Unsaid(f"the picture of {one.about} is another question's")
    for digest, subject in hidden.items():
        if digest not in shown:
            raise Unsaid(f"the picture of {subject} is missing")
    return later
