"""Bills and who paid them, in the words of HL7 FHIR R4; pure, see ``hospital.fhir``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hospital import fhir
from hospital.fhir import Resource, Told
from hospital.units import stamp

_TERMS = "http://terminology.hl7.org/CodeSystem"
_KIND = fhir.word("pharmacy", f"{_TERMS}/claim-type")
_NOBODY = "自费"
_AUTHORIZES = ("prescription.authorize", "prescription.agree")


def claims(told: Sequence[Told], tag: str) -> list[Resource]:
    """
    A ``Claim`` for each bill that the patient authorized; those taken back are cancelled. What was
    given out in part has the bill that the part's entry states.

    The payers' decisions are an ``ExplanationOfBenefit`` each.
    """
    bills = [one for one in told if one.statement.kind in _AUTHORIZES]
    parts = [one for one in told if one.statement.facts.get("move") == "dispense_part"]
    live = (
        not any(
            one.statement.facts.get("to")
            in ("approved", "issued", "pending", "cancelled", "expired")
            for one in told[told.index(bills[-1]) :]
        )
        if bills
        else False
    )
    found = [_claim(one, one, tag, live=False) for one in bills[:-1]]
    found += [_claim(one, (parts or [one])[-1], tag, live=live) for one in bills[-1:]]
    decided = [one for one in told if one.statement.kind == "insurance.claim"]
    return found + [_benefit(one, bills[-1], tag) for one in decided if bills]


def _claim(one: Told, billed: Told, tag: str, *, live: bool) -> Resource:
    """``billed``: whose bill counts, the authorization's or that of a part."""
    facts = one.statement.facts
    bill: Mapping[str, Any] = billed.statement.facts["bill"]
    payers = sorted({*bill["payers"], *bill.get("at_payment", ())}) or [_NOBODY]
    lines = sorted(bill["lines"].items(), key=lambda line: int(line[0]))
    return {
        "resourceType": "Claim",
        "id": one.leaf.hex(),
        "status": "active" if live else "cancelled",
        "type": _KIND,
        "use": "claim",
        "patient": fhir.to("Patient", tag),
        "created": stamp(one.statement.at),
        "provider": fhir.who(facts["pharmacy"], "Organization"),
        "priority": fhir.word("normal", f"{_TERMS}/processpriority"),
        "insurance": [
            {"sequence": n, "focal": n == 1, "coverage": {"display": payer}}
            for n, payer in enumerate(payers, 1)
        ],
        "item": [
            {
                "sequence": n,
                "productOrService": fhir.word(f"line/{line}"),
                "net": fhir.money(amounts["total_fen"]),
                "detail": [
                    {
                        "sequence": k,
                        "productOrService": fhir.word(name.removesuffix("_fen")),
                        "net": fhir.money(amounts[name]),
                    }
                    for k, name in enumerate(("fund_fen", "insurer_fen", "patient_fen"), 1)
                ],
            }
            for n, (line, amounts) in enumerate(lines, 1)
        ],
        "total": fhir.money(bill["total_fen"]),
    }


def _benefit(one: Told, bill: Told, tag: str) -> Resource:
    facts = one.statement.facts
    amounts = {"submitted": facts["claimed_fen"], "benefit": facts["approved_fen"]}
    return {
        "resourceType": "ExplanationOfBenefit",
        "id": one.leaf.hex(),
        "status": "active",
        "type": _KIND,
        "use": "claim",
        "patient": fhir.to("Patient", tag),
        "created": stamp(one.statement.at),
        "insurer": fhir.who(facts["payer"], "Organization"),
        "provider": fhir.who(bill.statement.facts["pharmacy"], "Organization"),
        "claim": fhir.to("Claim", bill.leaf.hex()),
        "outcome": "complete",
        "disposition": f"{facts['decision']}: {facts['reason']}",
        "insurance": [{"focal": True, "coverage": {"display": facts["payer"]}}],
        "total": [
            {
                "category": fhir.word(name, f"{_TERMS}/adjudication"),
                "amount": fhir.money(fen),
            }
            for name, fen in amounts.items()
        ],
    }
