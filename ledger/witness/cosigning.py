"""
The rule by which a witness cosigns: a checkpoint that extends all it has seen of the log.

HTTP knows nothing of it and it knows nothing of HTTP but the status codes:

    200  the cosignature lines                     409  ``old`` is not our latest size; it follows
    400  malformed, or ``old`` beyond the size     422  the proof does not hold, another root at the
    403  no key that we trust signed it                 same size, leaves in an empty tree, or the
    404  a log that we do not know                      validator found an unlawful entry
                                                   503  the validator has not come so far yet

Source: https://c2sp.org/tlog-witness.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ledger import cosignature, merkle, policy, treehead
from ledger import note as notes
from ledger.witness.records import Latest, Records
from ledger.witness.requests import AddCheckpoint

TEXT = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"
Admit = Callable[[treehead.TreeHead], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes
    content_type: str = TEXT


class NotAdmitted(Exception):
    """The validator does not vouch for the entries: 422 for ever, or 503 for now."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


class Cosigning:
    """
    One log as one of our keys sees it.

    ``logs`` is a policy whose log lines are the keys that may sign this log's checkpoints.
    ``admit`` is asked before anything is stored, however long it takes; it raises ``NotAdmitted``.
    """

    def __init__(
        self,
        origin: str,
        logs: policy.Policy,
        keys: Sequence[cosignature.Cosigner],
        records: Records,
        *,
        admit: Admit = lambda head: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.origin, self.records = origin, records
        self._logs, self._keys, self._admit, self._clock = logs, keys, admit, clock

    def add_checkpoint(self, request: AddCheckpoint) -> Answer:
        """Cosign a checkpoint of this log, or say why not."""
        try:
            policy.open_signed(request.checkpoint, self._logs)
        except (notes.Malformed, notes.BadSignature) as error:
            return _refused(403, str(error))
        # A second history is evidence, whatever else is wrong with the request that shows it.
        if proven := self._is_contradiction(request.head):
            self._suspect(request, proven=True)
        if request.old > request.head.size:
            return _refused(400, "the old size is beyond the new one")
        latest = self.records.latest(self.origin)
        if request.old != latest.size:
            return _conflict(latest)
        if fault := _inconsistency(request, latest):
            if 0 < latest.size < request.head.size and not proven:
                self._suspect(request, proven=False)
            return _refused(422, fault)
        try:
            self._admit(request.head)
        except NotAdmitted as refusal:
            return _refused(refusal.status, refusal.text)
        return self._store(request, latest)

    def _store(self, request: AddCheckpoint, latest: Latest) -> Answer:
        text, head = request.note.text, request.head
        while True:
            # A clock that was set back must not make our words look older than earlier ones.
            at_s = max(int(self._clock()), latest.at_s)
            lines = [key.cosign(text, at_s) for key in self._keys]
            note = notes.assemble(text, [*self._signed(request.note), *lines])
            if self.records.replace(self.origin, latest, Latest(head.size, head.root, note, at_s)):
                return Answer(200, "".join(f"{line}\n" for line in lines).encode())
            newer = self.records.latest(self.origin)
            if (newer.size, newer.root) != (latest.size, latest.root):
                return _conflict(newer)
            latest = newer  # somebody had the same head cosigned again: another time, that is all

    def _is_contradiction(self, head: treehead.TreeHead) -> bool:
        """Whether we cosigned another root at its size, or it has leaves where none can be."""
        if head.size == 0:
            return head.root != merkle.EMPTY_ROOT
        known = self.records.cosigned(self.origin, head.size)
        return bool(known.root) and known.root != head.root

    def _suspect(self, request: AddCheckpoint, *, proven: bool) -> None:
        note = notes.assemble(request.note.text, self._signed(request.note))
        self.records.suspect(request.head, note, proven=proven)

    def _signed(self, note: notes.Note) -> list[str]:
        """Give one line by each of the log's keys; what strangers have added is not kept."""
        found = {(one.name, one.key_id): one.line() for one in note.signatures}
        keys = [(log.verifier.name, log.verifier.key_id) for log in self._logs.logs]
        return [found[key] for key in keys if key in found]


def _inconsistency(request: AddCheckpoint, latest: Latest) -> str:
    """Say why the checkpoint does not extend the latest one; empty if it does."""
    head = request.head
    if head.size == 0 and head.root != merkle.EMPTY_ROOT:
        return "an empty tree has another root"
    if request.old == 0:
        return "there is nothing to prove from size 0" if request.proof else ""
    if merkle.is_consistent(latest.size, head.size, latest.root, head.root, request.proof):
        return ""
    if latest.size == head.size:
        return "we know another root at this size, or a proof where none is needed"
    return "the consistency proof does not hold"


def _refused(status: int, text: str) -> Answer:
    return Answer(status, f"{text}\n".encode())


def _conflict(latest: Latest) -> Answer:
    return Answer(409, f"{latest.size}\n".encode(), SIZE)
