"""
Giving out without the server: what a pharmacy's device checks by itself, and what it then signs.

The patient's phone shows the receipt files of all entries about the prescription, with the lines
opened, and a code as at any counter. From these and the consortium's policy the device knows that
this pharmacy was chosen, that the patient's share is paid, what was prescribed, and that the phone
which authorized it is here. What it cannot know is whether something came after: the patient may
have taken it back a minute ago. So the limits are narrow, the pharmacy answers for what it gives,
and the slip is brought in as soon as the server answers (``actions.offline``), where what collides
is shown for what it is.

Pure: no database, no clock, no network. Raises ``NotGiven`` alone, whose code says why.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ledger import note, proven
from ledger.entry import Statement, leaf_hash
from ledger.policy import Policy
from ledger.receiptfile import Verified, read
from pharmacy.codes import Code, Kind, Standing
from pharmacy.slips import Slip, digest_of_code
from prescriptions.facts import Form

RECONCILE = timedelta(hours=24)
"""Within what time a slip is brought in; the law knows it."""
FORMS = (Form.ORDINARY, Form.EMERGENCY, Form.PAEDIATRIC)
"""What is written on other forms is not given out unseen: somebody could fetch it twice."""
_NOT_LIVE = {Standing.ENDED: "code.expired", Standing.AHEAD: "code.too_early"}
_BRING = ("prescription.issue", "prescription.upload", "prescription.change")


class NotGiven(ValueError):
    """Nothing is given out offline on this; ``code`` is stable, the message says more."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Limits:
    """What the pharmacy may give out offline, as the server told it when it last answered."""

    total_fen: int
    """The bill's total, fen; a higher one waits."""


@dataclass(frozen=True, slots=True)
class Device:
    """
    What the pharmacy's device keeps: which service and pharmacy it is of, the policy, its limits,
    digests of the codes that it took, and the hashes of the last entries on which it gave out
    something already.
    """

    origin: str
    pharmacy: str
    policy: Policy
    limits: Limits
    taken: Collection[str]
    given_on: Collection[str]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the patient showed: it is proven. ``lines`` are the opened lines of the content."""

    origin: str
    subject: str
    leaf: str
    quantities: Mapping[str, int]
    lines: Mapping[str, Any]


def show(files: Sequence[bytes], code: str, device: Device, *, at: datetime) -> Shown:
    """
    Check what the patient's phone shows, before anything leaves the shelf.

    Raises ``NotGiven``.
    """
    scanned = _code(code)
    (subject,) = scanned.subjects
    entries = _proven(files, subject, device.policy)
    last = entries[-1].statement
    authorized = _authorized(entries)
    statement = authorized.statement
    if last.facts.get("to") != "paid":
        raise NotGiven("receipt.not_paid", "the last entry shown does not leave it paid")
    if statement.facts["pharmacy"] != device.pharmacy:
        raise NotGiven("receipt.other_pharmacy", "the patient chose another pharmacy")
    _check_code(scanned, code, authorized, device, at)
    _check_limits(entries, statement, device, at)
    leaf = leaf_hash(read(files[-1]).entry).hex()
    if leaf in device.given_on:
        raise NotGiven("offline.given", "it was given out here already")
    return Shown(scanned.origin, subject, leaf, _quantities(entries), _opened(entries))


def slip(
    shown: Shown, code: str, lines: Mapping[str, int], device: Device, *, at: datetime
) -> Slip:
    """
    What the pharmacist signs when handing out these units; before the medicines leave.

    Raises ``NotGiven``.
    """
    if lines != shown.quantities:
        raise NotGiven("offline.quantity", "offline exactly what was prescribed is given out")
    return Slip(
        origin=shown.origin,
        subject=shown.subject,
        pharmacy=device.pharmacy,
        after=shown.leaf,
        code=digest_of_code(code),
        lines=dict(lines),
        given_at=at,
    )


def _code(text: str) -> Code:
    try:
        code = Code.parse(note.parse(text.encode()).text)
    except ValueError as fault:
        raise NotGiven("code.invalid", "this is no patient's code") from fault
    if code.kind is not Kind.SCREEN or len(code.subjects) > 1:
        raise NotGiven("code.invalid", "offline a phone shows a code for one prescription")
    return code


def _proven(files: Iterable[bytes], subject: str, policy: Policy) -> list[Verified]:
    try:
        found = proven.entries(files, subject, policy)
    except proven.BadEvidence as fault:
        raise NotGiven("receipt.invalid", str(fault)) from fault
    if not found:
        raise NotGiven("receipt.missing", "the phone shows no receipt")
    return found


def _authorized(entries: Sequence[Verified]) -> Verified:
    """The authorization in force; what was agreed on afterwards waits for the server."""
    for one in reversed(entries):
        if one.statement.kind == "prescription.agree":
            raise NotGiven("offline.substitute", "something else is to be given: ask the server")
        if one.statement.kind == "prescription.authorize":
            return one
    raise NotGiven("receipt.not_authorized", "no authorization is shown")


def _check_code(code: Code, text: str, authorized: Verified, device: Device, at: datetime) -> None:
    """It is fresh and new, for here, and signed by the phone that authorized."""
    if (code.origin, code.pharmacy) != (device.origin, device.pharmacy):
        raise NotGiven("code.other_pharmacy", "the code is for another pharmacy or service")
    standing = code.standing(at)
    if standing is not Standing.LIVE:
        raise NotGiven(_NOT_LIVE[standing], "the phone makes a new one")
    if digest_of_code(text) in device.taken:
        raise NotGiven("code.used", "the phone makes a new one")
    try:
        names = note.verified_by(note.parse(text.encode()), authorized.keys)
    except note.BadSignature as fault:
        raise NotGiven("code.other_key", "another phone authorized it") from fault
    if names != (authorized.statement.by,):
        raise NotGiven("code.other_key", "another phone authorized it")


def _check_limits(
    entries: Sequence[Verified], authorized: Statement, device: Device, at: datetime
) -> None:
    content = _content(entries)
    if content.facts["form"] not in FORMS:
        raise NotGiven("offline.form", "what is written on this form waits for the server")
    if authorized.facts["bill"]["total_fen"] > device.limits.total_fen:
        raise NotGiven("offline.amount", f"above {device.limits.total_fen} fen")
    if authorized.facts["lines"] != content.facts["lines"]:
        raise NotGiven("offline.part", "only a part is authorized: it waits for the server")
    if at + RECONCILE > _valid_until(entries):
        raise NotGiven("offline.ends_soon", "it would end before the slip has to be brought in")


def _valid_until(entries: Sequence[Verified]) -> datetime:
    stated = [one.statement.facts["valid_until"] for one in entries if _states_end(one.statement)]
    return datetime.fromisoformat(stated[-1])


def _states_end(statement: Statement) -> bool:
    return "valid_until" in statement.facts


def _content(entries: Sequence[Verified]) -> Statement:
    return next(one.statement for one in reversed(entries) if one.statement.kind in _BRING)


def _quantities(entries: Sequence[Verified]) -> dict[str, int]:
    return dict(_content(entries).facts["lines"])


def _opened(entries: Sequence[Verified]) -> dict[str, Any]:
    """The lines of the content in force, all of them: it is to be read before it is given."""
    commitment = entries[-1].statement.commitment
    opened = {
        name.partition("/")[2]: value
        for one in entries
        if one.statement.commitment == commitment
        for name, value in one.opened.items()
        if name.startswith("line/")
    }
    if opened.keys() != _quantities(entries).keys():
        raise NotGiven("receipt.not_opened", "the phone shows the lines opened")
    return opened
