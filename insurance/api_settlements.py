"""How payers pay over HTTP: terms, what is due, settlements with their files, remittances."""

from __future__ import annotations

from datetime import time
from typing import Any, cast
from uuid import UUID

from django.core.validators import RegexValidator
from rest_framework import serializers

from hospital import errors, http, paging, promises, queries
from hospital.models import Organisation
from hospital.roles import OrganisationKind, Role
from hospital.units import stamp, yuan
from insurance import filing, queries_settling
from insurance.actions import scheduling, settling
from insurance.actions.settling import SETTLED_AT_ONCE
from insurance.models import Batch, Settlement, Terms
from insurance.queries_settling import Owed
from insurance.settlements import REFERENCE
from ledger.entry import Statement

PAYERS = (Role.AGENT, Role.OFFICER)
PARTIES = (*PAYERS, Role.PHARMACIST)
PAGE = {"cursor": "next of the page before", "size": f"1 to {SETTLED_AT_ONCE}; 20 if left out"}
DUE = ("", "at_once", "batch")
FORMS = ("json", "csv")
CLOCK = r"\A([01][0-9]|2[0-3]):[0-5][0-9]\Z"


class BadWord(errors.Invalid):
    """This parameter has one of the words that ``known`` lists."""

    code = "query.bad_word"


class SettlementInput(http.Strict):
    pharmacy = http.Text(max_length=40)
    claims = serializers.ListField(
        child=http.Whole(min_value=1, max_value=2**62),
        allow_empty=False,
        max_length=SETTLED_AT_ONCE,
    )


class SettlementStatement(http.Draw):
    """The settlement to sign."""

    roles = (Role.AGENT,)

    class Input(SettlementInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        pharmacy, claims = _pharmacy(call), call.values["claims"]
        statement = settling.draw_settlement(pharmacy, claims, **call.drawer)
        total = yuan(statement.facts["total_fen"])
        return statement, {"zh": f"向 {pharmacy.slug} 结算{len(claims)}笔，共{total}"}


class Settlements(http.Command):
    """Pay a pharmacy for approved claims."""

    roles = (Role.AGENT,)
    success = 201

    class Input(SettlementInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        made, entry = settling.settle(
            _pharmacy(call), call.values["claims"], call.note, **call.doer
        )
        return _made(made.id, made.total_fen, promises.entered(entry))


class SettlementsMade(http.Query):
    """What the caller's organisation has paid, or was paid, oldest first."""

    roles = PARTIES
    query = {**PAGE, "state": "unremitted: those that no remittance has paid; all if left out"}

    def show(self, call: http.Call) -> dict[str, Any]:
        asked = self.request.query_params
        state = word(asked, "state", ("", "unremitted"))
        wanted = paging.Wanted.asked(asked, SETTLED_AT_ONCE)
        found, following = queries_settling.settlements(call.by, wanted, open_only=bool(state))
        shown = [_settlement(one) for one in found]
        return {"next": str(following) if following else None, "settlements": shown}


class SettlementFile(http.Query):
    """The file of a settlement, which its entry proves: a line for each claim, by subject."""

    roles = PARTIES
    query = {"form": "json: JSON lines; csv; json if left out"}

    def show(self, call: http.Call) -> dict[str, Any]:
        form = word(self.request.query_params, "form", FORMS)
        found = queries_settling.settlement(call.by, cast(UUID, call.where["settlement_id"]))
        lines = [filing.line(one) for one in queries_settling.by_subject(found.claims.all())]
        text = filing.csv_lines(lines) if form == "csv" else filing.json_lines(lines)
        return {**_settlement(found), "form": form, "text": text}


class Unsettled(http.Query):
    """Approved claims of the caller's payer that are not paid to the pharmacy yet, oldest first."""

    roles = PAYERS
    query = {**PAGE, "due": "at_once, batch: what is to be paid now; all if left out"}

    def show(self, call: http.Call) -> dict[str, Any]:
        asked, payer = self.request.query_params, call.by.organisation_id
        due, most = word(asked, "due", DUE), paging.size_of(asked, SETTLED_AT_ONCE)
        after = _after(asked, f"unsettled/{payer}")
        found, last = queries_settling.unsettled(payer, after=after, most=most, due=due)
        following = paging.packed(str(last), f"unsettled/{payer}") if last else None
        return {"next": following, "claims": [_claim(one) for one in found]}


class DueBatches(http.Query):
    """What the payer's schedule has made due, pharmacy by pharmacy, and is not all paid."""

    roles = PAYERS
    query = PAGE

    def show(self, call: http.Call) -> dict[str, Any]:
        asked, payer = self.request.query_params, call.by.organisation_id
        most, after = paging.size_of(asked, SETTLED_AT_ONCE), _after(asked, f"due/{payer}")
        found = queries_settling.batches(payer, after=after, most=most)
        more = len(found) == most
        following = paging.packed(str(found[-1].id), f"due/{payer}") if more else None
        return {"next": following, "due": [_batch(one) for one in found]}


class PaymentTerms(http.Command, http.Query):
    """When the caller's payer pays, None: whatever is approved is due at once; POST sets it."""

    roles = PAYERS

    class Input(http.Strict):
        every = serializers.ChoiceField(Terms.Every.choices)
        day = http.Whole(min_value=1, max_value=28, default=1)
        time = http.Text(max_length=5, validators=[RegexValidator(CLOCK, "A time is 02:00.")])
        minimum_fen = http.Whole(min_value=0, max_value=10**12, default=0)
        at_once_fen = http.Whole(min_value=0, max_value=10**12, default=0)

    def show(self, call: http.Call) -> dict[str, Any]:
        found = Terms.objects.filter(payer_id=call.by.organisation_id).first()
        return {"terms": _terms(found) if found else None}

    def act(self, call: http.Call) -> dict[str, Any]:
        said = dict(call.values)
        clock = time.fromisoformat(said.pop("time"))
        every, day = said.pop("every"), said.pop("day")
        return {"terms": _terms(scheduling.set_terms(every, day, clock, **said, **call.doer))}


class RemittanceInput(http.Strict):
    pharmacy = http.Text(max_length=40)
    settlements = serializers.ListField(
        child=serializers.UUIDField(), allow_empty=False, max_length=SETTLED_AT_ONCE
    )
    reference = http.Text(
        max_length=64,
        validators=[RegexValidator(REFERENCE, "6 to 64 letters, digits, - and _.")],
        help_text="the bank's or the payer's number of the transfer",
    )


class RemittanceStatement(http.Draw):
    """The remittance to sign."""

    roles = (Role.AGENT,)

    class Input(RemittanceInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        pharmacy, named, number = _pharmacy(call), *_remitted(call)
        statement = settling.draw_remittance(pharmacy, named, number, **call.drawer)
        total = yuan(statement.facts["total_fen"])
        return statement, {"zh": f"向 {pharmacy.slug} 转账{total}，结算{len(named)}批"}


class Remittances(http.Command):
    """Tell by which transfer settlements were paid; it is never changed."""

    roles = (Role.AGENT,)
    success = 201

    class Input(RemittanceInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        named, number = _remitted(call)
        made, entry = settling.remit(_pharmacy(call), named, number, call.note, **call.doer)
        return _made(made.id, made.total_fen, promises.entered(entry))


def word(asked: Any, name: str, known: tuple[str, ...]) -> str:
    """One of the words that a parameter knows, the first if left out. Raises ``BadWord``."""
    said = cast(str, asked.get(name, known[0]))
    if said not in known:
        raise BadWord(field=name, known=list(known))
    return said


def _pharmacy(call: http.Call) -> Organisation:
    named = call.values["pharmacy"]
    return queries.organisation(named, OrganisationKind.PHARMACY, field="pharmacy")


def _remitted(call: http.Call) -> tuple[list[UUID], str]:
    return call.values["settlements"], call.values["reference"]


def _after(asked: Any, about: str) -> int:
    """Behind which id a page begins; a cursor is good in its own list alone."""
    text = asked.get("cursor")
    return int(paging.unpacked(text, about)) if text else 0


def _made(made: UUID, total_fen: int, entry: dict[str, Any]) -> dict[str, Any]:
    return {"id": str(made), "total_fen": total_fen, "entry": entry}


def _claim(one: Owed) -> dict[str, Any]:
    return {
        "id": one.id,
        "prescription": str(one.prescription),
        "pharmacy": one.pharmacy,
        "line": one.line,
        "approved_fen": one.paid_fen,
    }


def _batch(one: Batch) -> dict[str, Any]:
    return {
        "pharmacy": one.pharmacy.slug,
        "claims": one.claims_count,
        "total_fen": one.total_fen,
        "left": one.left,
        "prepared_at": stamp(one.prepared_at),
    }


def _settlement(one: Settlement) -> dict[str, Any]:
    paid = one.remittance
    return {
        "id": str(one.id),
        "subject": one.subject,
        "payer": one.payer.slug,
        "pharmacy": one.pharmacy.slug,
        "claims": one.claims_count,
        "total_fen": one.total_fen,
        "settled_at": stamp(one.settled_at),
        "file": bytes(one.digest or b"").hex(),
        "remittance": paid.subject if paid else None,
        "reference": paid.reference if paid else None,
    }


def _terms(one: Terms) -> dict[str, Any]:
    return {
        "every": one.every,
        "day": one.day,
        "time": f"{one.time:%H:%M}",
        "minimum_fen": one.minimum_fen,
        "at_once_fen": one.at_once_fen,
        "next_at": stamp(one.next_at),
    }
