"""The patient's right to be forgotten, over HTTP."""

from __future__ import annotations

from typing import Any

from hospital import http, promises
from hospital.roles import Role
from hospital.units import SHANGHAI
from insurance.actions import erasing
from ledger.entry import Statement


class Erasure(http.Command):
    """Have all data about oneself erased; the account ends, and all its sessions with it."""

    roles = (Role.PATIENT,)
    answers_who_left = True
    Input = http.Signed

    def act(self, call: http.Call) -> dict[str, Any]:
        outcome, entry = erasing.erase(call.note, **call.doer)
        return {**outcome.facts, "entry": promises.entered(entry)}


class ErasureStatement(http.Draw):
    """The statement by which the patient has everything erased, and what it comes to."""

    roles = (Role.PATIENT,)
    answers_who_left = True
    Input = http.ToSign

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement, outcome = erasing.draw(**call.drawer)
        text = f"注销账户，立即永久删除{outcome.erased}份记录"
        if outcome.until:
            last = f"{outcome.until.astimezone(SHANGHAI):%Y年%m月%d日}"
            text += f"；{outcome.kept}份依法保留，最迟至{last}删除，其间仅监管部门可以查阅"
        return statement, {"zh": text, **outcome.facts}
