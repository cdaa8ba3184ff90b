"""The journal over HTTP: each organisation its own accounts, the regulator all of them."""

from __future__ import annotations

import re
from typing import Any

from hospital import errors, http, paging
from hospital.roles import Role
from hospital.units import stamp
from insurance.journal import accounts, queries

ACCOUNT_MAX = 72


class UnknownAccount(errors.NotFound):
    """There is no such account of yours."""

    code = "journal.unknown_account"


class Accounts(http.Query):
    """The caller's organisation's accounts and their balances in fen; a debit is positive."""

    roles = (Role.PHARMACIST, Role.AGENT, Role.OFFICER)

    def show(self, call: http.Call) -> dict[str, Any]:
        found = queries.balances(accounts.of_organisation(call.by.organisation))
        return {"accounts": [_line(name, fen) for name, fen in found.items() if fen]}


class Postings(http.Query):
    """What was posted to one of the caller's accounts, newest first."""

    roles = (Role.PHARMACIST, Role.AGENT, Role.OFFICER)
    query = {
        "account": "its name, as the list of accounts has it",
        "cursor": "next of the page before",
        "size": "1 to 50; 20 if left out",
    }

    def show(self, call: http.Call) -> dict[str, Any]:
        name = self.request.query_params.get("account", "")
        if name not in accounts.of_organisation(call.by.organisation):
            raise UnknownAccount(field="account")
        wanted = paging.Wanted.asked(self.request.query_params)
        found, following = queries.statement(name, wanted)
        return {
            "next": str(following) if following else None,
            "postings": [
                {
                    "kind": one.entry.kind,
                    "cause": one.entry.cause,
                    "fen": one.fen,
                    "at": stamp(one.at),
                }
                for one in found
            ],
        }


class TrialBalance(http.Query):
    """
    The accounts of all organisations and of the clearing, in the order of their names.

    Patients' are left out one by one: as the books balance, together they are what the whole list
    lacks to zero.
    """

    roles = (Role.REGULATOR,)
    query = {"after": "the last account of the page before", "size": "1 to 50; 20 if left out"}

    def show(self, call: http.Call) -> dict[str, Any]:
        parameters = self.request.query_params
        size = paging.size_of(parameters)
        after = parameters.get("after", "")
        if after and not (len(after) <= ACCOUNT_MAX and re.fullmatch(accounts.NAME, after)):
            raise paging.BadCursor(field="after")
        found = queries.trial_balance(after, size + 1)
        page = found[:size]
        return {
            "next": page[-1].account if found[size:] else None,
            "accounts": [_line(one.account, one.fen) for one in page],
        }


def _line(account: str, fen: int) -> dict[str, Any]:
    return {"account": account, "balance_fen": fen}
