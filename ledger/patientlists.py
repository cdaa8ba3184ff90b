"""
The operator's side of the patients' lists: extend the map, sign its head, have it cosigned.

After each final checkpoint the map is brought to exactly its size, from the entries; the head is
signed and posted to the validators that have cosigned this checkpoint, since they have replayed
just these entries. When enough of them find the same root, the head with their cosignatures is
published as ``patients``. Cosignatures are not kept meanwhile: a validator says the same again.

Never are two roots signed for one size: signed heads are append-only, and committed before anybody
is shown them. A validator that has another root is an alarm; so is a head that is published and
that this database does not know.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
from django.db import transaction

from ledger import (
    feeding,
    finality,
    network,
    patientmap,
    patientrows,
    patients,
    places,
    publication,
    stored,
)
from ledger import note as notes
from ledger.cosignature import Cosigner
from ledger.entry import Statement, leaf_hash
from ledger.models import Cosignature, Log, PatientHead, PatientMap
from ledger.policy import NONE, NotFinal, Policy, Witness
from ledger.publication import Refused
from ledger.readers import Folder
from ledger.tiles import Missing
from ledger.treehead import TreeHead

PIECES = 16
"""At most so many pieces of 4,096 entries are taken in one run; the next one goes on."""
_LOCK_CLASS = 0x70617473


@dataclass(frozen=True, slots=True)
class _Said:
    """A validator's cosignature, or what it has against the head; neither: ask again."""

    name: str
    line: str = ""
    against: str = ""


def advance(
    signer: notes.Signer, folder: Path, *, second: Cosigner | None = None
) -> TreeHead | None:
    """
    Bring the lists of the signer's log to its latest final checkpoint, and publish them there.

    ``signer`` and ``second`` are the log's own keys; they sign under the lists' name. No row is
    locked while validators are waited for. Returns the published head; None if there is none of
    this size yet, or another run is at work.

    Raises:
        network.UnknownLog: no log is named as the signer is.
        policy.BadPolicy: see ``finality.agreed``.
        Refused: see above.
        stored.Gap: the database lacks entries.
    """
    log = Log.objects.get(id=network.log_id(signer.verifier.name))
    policy, checkpoint = finality.agreed(log), finality.latest(log.id)
    if checkpoint is None or not _is_asked_for(policy):
        return None
    with feeding.alone(log.id, _LOCK_CLASS) as is_ours:
        if not is_ours:
            return None
        state, published = _state(log, folder)
        if published is not None and published.size == checkpoint.size:
            if state.trouble:
                raise Refused(state.trouble)
            return published
        if not _extend(log.id, state, checkpoint.size):
            return None
        head = _signed(log, checkpoint.size, signer, second)
        return _publish(log, state, head, policy, folder)


def is_whole(origin: str) -> bool:
    """Whether the lists of a log are published to its latest final checkpoint. Raises: above."""
    log = Log.objects.get(id=network.log_id(origin))
    final, head = finality.latest(log.id), published(log, places.published(origin))
    return final is None or (head is not None and head.size == final.size)


def published(log: Log, folder: Path) -> TreeHead | None:
    """
    Read the published head of a log's lists; None if there is none.

    Raises:
        Refused: it is damaged, or not signed by the log's key.
    """
    try:
        return opened(log, Folder(folder).read(publication.PATIENTS))
    except Missing:
        return None
    except (notes.Malformed, notes.BadSignature) as error:
        raise Refused(f"the published head of the patients' lists is damaged: {error}") from error


def opened(log: Log, signed: bytes) -> TreeHead:
    """Read a head of the log's lists. Raises ``Malformed`` or ``BadSignature``."""
    by_log = Policy.of_log(notes.Verifier.from_vkey(log.vkey))
    return patients.final(signed, by_log).head


def _is_asked_for(policy: Policy) -> bool:
    """Whether the policy says who makes the lists final; else there are none."""
    group = patients.quorum(policy)
    return group == NONE or group in policy.groups


def _state(log: Log, folder: Path) -> tuple[PatientMap, TreeHead | None]:
    """How far we are; a crash may have come between publishing and remembering it."""
    state, _ = PatientMap.objects.get_or_create(log=log)
    head = published(log, folder)
    if head is None:
        return state, None
    known = PatientHead.objects.filter(log=log, size=head.size).values_list("root", flat=True)
    if [bytes(root) for root in known] != [head.root]:
        raise Refused(f"the database does not know the published patients' lists at {head.size}")
    if head.size != state.published:
        state.published = head.size
        state.save(update_fields=["published"])
    return state, head


def _extend(log_id: int, state: PatientMap, size: int) -> bool:
    """Take the entries up to ``size``, a piece per transaction; whether that was reached."""
    if state.size > size:
        raise Refused(f"the patients' lists cover {state.size} entries, {size} are final")
    for number, (entries, leaves) in enumerate(stored.pieces(log_id, state.size, size)):
        if number == PIECES:
            return False
        if list(map(leaf_hash, entries)) != leaves:
            raise Refused(f"an entry from {state.size} on does not have its leaf's hash")
        seen = list(_tagged(entries, state.size))
        end = state.size + len(entries)
        with transaction.atomic(durable=True):
            if not PatientMap.objects.filter(log_id=log_id, size=state.size).update(size=end):
                raise Refused("somebody else is changing the patients' lists")
            rows = patientrows.Rows(
                log_id, state.size, becomes=end, published=min(state.published, state.size)
            )
            patientmap.Map(rows).extend(seen)
            keys = [(index, patients.key_of(tag)) for index, tag in seen]
            patientrows.add_entries(log_id, keys)
        state.size = end
    return True


def _tagged(entries: list[bytes], start: int) -> Iterator[tuple[int, str]]:
    for index, entry in enumerate(entries, start):
        tag = Statement.parse(notes.parse(entry).text).patient
        if tag:
            yield index, tag


def _signed(log: Log, size: int, signer: notes.Signer, second: Cosigner | None) -> bytes:
    """The signed head of the map, which covers ``size`` entries; the same one each time."""
    origin = patients.origin_of(log.origin)
    head = TreeHead(origin, size, patientmap.Map(patientrows.Rows(log.id, size)).root())
    if signer.verifier.vkey != log.vkey:
        raise Refused("the signer does not have the log's key")
    lines = [notes.Signer(origin, signer.seed).sign(head.text())]
    if second is not None:
        post_quantum = Cosigner(origin, second.seed, second.verifier.algorithm)
        lines.append(post_quantum.cosign(head.text(), int(time.time())))
    known, _ = PatientHead.objects.get_or_create(
        log=log,
        size=size,
        defaults={"root": head.root, "note": notes.assemble(head.text(), lines)},
    )
    if bytes(known.root) != head.root:
        raise Refused(f"the log has signed other patients' lists at {size}")
    return bytes(known.note)


def _publish(
    log: Log, state: PatientMap, head: bytes, policy: Policy, folder: Path
) -> TreeHead | None:
    """Ask for cosignatures; publish the head if they suffice; raise what is said against it."""
    said = _ask_all(head, _validators(log.id, state.size, policy))
    note = notes.parse(head)
    lines = [one.line() for one in note.signatures] + [one.line for one in said if one.line]
    whole = notes.assemble(note.text, lines)
    state.trouble = "; ".join(f"{one.name}: {one.against}" for one in said if one.against)
    try:
        found = patients.final(whole, policy).head
    except NotFinal:
        found = None
    if found is not None:
        writer = publication.Writer(folder)
        writer.replace(publication.PATIENTS, whole)
        writer.sync()
        state.published = found.size
    state.save(update_fields=["published", "trouble"])
    if state.trouble:
        raise Refused(state.trouble)
    return found


def _validators(log_id: int, size: int, policy: Policy) -> list[Witness]:
    """Who may make the lists final and has cosigned the log's checkpoint of this size."""
    cosigned = Cosignature.objects.filter(log_id=log_id, size=size).values_list("name", flat=True)
    members, waiting = set(), [patients.quorum(policy)]
    while waiting:
        name = waiting.pop()
        members.add(name)
        if name in policy.groups:
            waiting += policy.groups[name].members
    names = members & set(cosigned)
    return [one for name, one in policy.witnesses.items() if name in names and one.url]


def _ask_all(head: bytes, witnesses: list[Witness]) -> list[_Said]:
    """One request for each program, however many of its keys the policy names."""
    programs: dict[str, list[Witness]] = {}
    for one in witnesses:
        programs.setdefault(one.url, []).append(one)
    if not programs:
        return []
    with ThreadPoolExecutor(len(programs), thread_name_prefix="patients") as pool:
        said = pool.map(lambda one: _ask(one[0], one[1], head), programs.items())
        return [each for program in said for each in program]


def _ask(url: str, keys: list[Witness], head: bytes) -> list[_Said]:
    """One request, and what it says of each key; whatever comes back, this returns."""
    try:
        status, body = feeding.post(f"{url}/add-patients", head)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return [_Said(key.name) for key in keys]
    if status == 200:
        return [_cosigned(key, head, body) for key in keys]
    against = f"{status}: {feeding.words_of(body)}" if status in (403, 404, 422) else ""
    return [_Said(key.name, against=against) for key in keys]


def _cosigned(key: Witness, head: bytes, body: bytes) -> _Said:
    try:
        return _Said(key.name, feeding.line_of(key, head, body)[0])
    except ValueError:
        return _Said(key.name)
