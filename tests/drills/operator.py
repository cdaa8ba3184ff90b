"""
What the operator's processes do with one database and one folder: ``python -m … VERB[:NUMBER]…``.

    open            open the log and register a doctor
    append:N        append N entries about seven prescriptions, each in a transaction of its own
    sequence        one run of the sequencer
    sign            one run of the signer and exporter
    size            what is published, verified whole
    audit           the database itself, verified whole

Prints one JSON value a verb, in a list: numbers; where it was refused, the error's name and words.
"""

import json
import sys
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import DatabaseError, transaction  # noqa: E402

from ledger import audit as auditing  # noqa: E402
from ledger import (  # noqa: E402
    chain,
    checkpoints,
    inspection,
    keyfile,
    note,
    opening,
    places,
    publication,
    readers,
    sequencer,
)

DOCTOR = "hospital/doctor/1"
ORIGIN = str(settings.LEDGER_ORIGIN)


def _doctor() -> note.Signer:
    return keyfile.load_or_make(settings.KEY_FOLDER / "doctor.key", DOCTOR)


def _registrar() -> note.Signer:
    return keyfile.load_or_make(settings.KEY_FOLDER / "registrar.key", f"{ORIGIN}/registrar")


def _append(subject: str, kind: str, facts: dict[str, Any], *signers: note.Signer) -> None:
    now = datetime.now(UTC)
    with transaction.atomic():
        statement = chain.draw(kind=kind, subject=subject, by=DOCTOR, at=now, facts=facts)
        chain.append(note.sign(statement.text(), *signers), drawn=statement)


def open_() -> int:
    """Tables, log, doctor."""
    call_command("migrate", verbosity=0)
    keys = {"registrar": _registrar().verifier.vkey}
    now = datetime.now(UTC)
    opening.open_log(places.make_keys(ORIGIN), service_keys=keys, policy="", law="", at=now)
    facts = {"vkey": _doctor().verifier.vkey, "role": "doctor", "organisation": "hospital"}
    _append(f"key/{uuid.uuid4().hex}", "key.register", facts, _doctor(), _registrar())
    return 2


def append(count: int) -> int:
    """So many entries."""
    for number in range(count):
        _append(f"rx/{number % 7}", "rx.issue", {"n": number}, _doctor())
    return count


def sequence() -> int:
    """How many events became leaves."""
    return sequencer.sequence(ORIGIN)


def sign() -> int:
    """The published size."""
    head = checkpoints.advance(places.signer(ORIGIN), settings.LOG_FOLDER)
    return head.size if head else 0


def size() -> int:
    """The size that the published files prove by themselves."""
    vkey = places.signer(ORIGIN).verifier.vkey
    return auditing.files(readers.Folder(settings.LOG_FOLDER), vkey).size


def audit() -> int:
    """The size that the database proves."""
    return inspection.database(ORIGIN, lambda done, total: None).size


VERBS: dict[str, Callable[..., int]] = {
    "open": open_,
    "append": append,
    "sequence": sequence,
    "sign": sign,
    "size": size,
    "audit": audit,
}
REFUSALS = (publication.Refused, sequencer.Contradiction, chain.WrongClock, DatabaseError, OSError)


def _answer(word: str) -> int | list[str]:
    verb, _, number = word.partition(":")
    try:
        return VERBS[verb](*([int(number)] if number else []))
    except REFUSALS as error:
        return [type(error).__name__, str(error)]


if __name__ == "__main__":
    sys.stdout.write(json.dumps([_answer(word) for word in sys.argv[1:]]))
