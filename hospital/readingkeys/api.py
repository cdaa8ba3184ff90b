"""
An organisation's reading key over HTTP.

All of it answers in clear, for there is nothing of a patient in it, and whoever has lost the key
gets another here.
"""

from __future__ import annotations

import base64
from typing import Any, ClassVar

from hospital import boxes, http, promises, readingkeylaw
from hospital.readingkeylaw import LIFT, NO_KEY, REGISTER, REVOKE, Move
from hospital.readingkeys import actions
from hospital.readingkeys.models import ReadingKey
from hospital.roles import EMPLOYERS, Role
from hospital.units import stamp
from ledger.entry import Statement


class KeyInput(http.Strict):
    public_key = http.Text(max_length=44, help_text="base64 of 32 bytes, X25519")


class ProposalInput(http.Strict):
    public_key = http.Text(
        max_length=44,
        allow_blank=True,
        default=NO_KEY,
        help_text="base64 of 32 bytes, X25519; none: answers are to be clear again",
    )


def _key(public_key: bytes | memoryview | None) -> dict[str, str] | None:
    if not public_key:
        return None
    raw = bytes(public_key)
    return {
        "public_key": base64.b64encode(raw).decode(),
        "fingerprint": boxes.fingerprint(raw),
    }


def _shown(row: ReadingKey, organisation: str) -> dict[str, Any]:
    proposal = None
    if row.proposer is not None:
        proposal = {"key": _key(row.proposed), "by": row.proposer.actor.name}
    return {
        "subject": f"{readingkeylaw.FAMILY}/{organisation}",
        "state": row.state,
        "key": _key(row.public_key),
        "since": stamp(row.since) if row.since else None,
        "proposal": proposal,
    }


class InClear:
    """Of all calls here."""

    answers_in_clear: ClassVar[bool] = True
    roles: ClassVar[tuple[Role, ...]] = readingkeylaw.ROLES


class Standing(InClear, http.Query):
    """The reading key of the caller's organisation, and what is proposed."""

    roles = tuple(EMPLOYERS)

    def show(self, call: http.Call) -> dict[str, Any]:
        return _shown(actions.standing(call.by), call.by.organisation)


class Proposal(InClear, http.Command):
    """Propose a key, with the answer to the challenge; or, without one, that there be none."""

    class Input(ProposalInput, http.Signed):
        answer = http.Text(
            max_length=64, allow_blank=True, default="", help_text="what the challenge held"
        )

    def act(self, call: http.Call) -> dict[str, Any]:
        said = call.values["public_key"], call.values["answer"], call.note
        _, entry = actions.propose(*said, **call.doer)
        shown = _shown(actions.standing(call.by), call.by.organisation)
        return {**shown, "entry": promises.entered(entry)}


class ProposalStatement(InClear, http.Draw):
    """The statement that proposes, and a challenge that only the new private key opens."""

    class Input(ProposalInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        public_key = call.values["public_key"]
        statement, challenge = actions.draw_proposal(public_key, **call.drawer)
        zh = "提议本机构的阅读密钥" if public_key else "提议停用本机构的阅读密钥，恢复明文"
        return statement, {"zh": f"{zh}，须另一人签署", "challenge": challenge}


class _Move(InClear, http.Command):
    move: ClassVar[Move]
    Input = http.Signed

    def act(self, call: http.Call) -> dict[str, Any]:
        public_key = call.values.get("public_key", NO_KEY)
        row, entry = actions.make(self.move, public_key, call.note, **call.doer)
        return {**_shown(row, call.by.organisation), "entry": promises.entered(entry)}


class _MoveStatement(InClear, http.Draw):
    move: ClassVar[Move]
    zh: ClassVar[str]
    Input = http.ToSign

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        public_key = call.values.get("public_key", NO_KEY)
        return actions.draw(self.move, public_key, **call.drawer), {"zh": self.zh}


class Registration(_Move):
    """Sign second: from now on answers to the organisation are sealed to the proposed key."""

    move = REGISTER

    class Input(KeyInput, http.Signed):
        pass


class RegistrationStatement(_MoveStatement):
    """The statement that puts the proposed key in force."""

    move = REGISTER
    zh = "启用所提议的阅读密钥：此后本机构只能以该私钥阅读答复"

    class Input(KeyInput, http.ToSign):
        pass


class Lifting(_Move):
    """Sign second: answers to the organisation are clear again."""

    move = LIFT


class LiftingStatement(_MoveStatement):
    """The statement that lifts the reading key."""

    move = LIFT
    zh = "停用本机构的阅读密钥：此后答复为明文"


class Revocation(_Move):
    """Revoke the key at once: the organisation reads nothing until another is in force."""

    move = REVOKE


class RevocationStatement(_MoveStatement):
    """The statement that revokes the reading key."""

    move = REVOKE
    zh = "吊销本机构的阅读密钥：在启用新密钥之前，本机构不能阅读任何内容"
