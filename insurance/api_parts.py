"""What a counter does besides giving out all: a part, nothing, or something else instead."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from hospital import http
from hospital.roles import Role
from hospital.units import yuan
from insurance.actions import declining, parting, substituting
from insurance.api import bill_of
from ledger.entry import Statement
from pharmacy.actions import proposing
from pharmacy.giveninputs import DispenseInput, given
from pharmacy.models import Substitution
from prescriptions.api import changed
from prescriptions.models import Prescription


def _left(prescription: Prescription) -> dict[str, Any]:
    return {"id": str(prescription.id), "lines": prescription.quantities}


class DispensePartStatement(http.Draw):
    """The statement by which the pharmacist gives out a part, and what the patient gets back."""

    roles = (Role.PHARMACIST,)

    class Input(DispenseInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement, parted = parting.draw(call.prescription_id, given(call), **call.drawer)
        units, back = sum(call.values["lines"].values()), yuan(parted.back_fen)
        said = f"部分发药：{len(call.values['lines'])}种，共{units}件，余药待取，退款{back}"
        return statement, {"zh": said, "bill": parted.quote.facts(), "back_fen": parted.back_fen}


class DispensePart(http.Command):
    """Give out a part; what is left can be fetched here or elsewhere: ``remainder``."""

    roles = (Role.PHARMACIST,)
    records_refusals = True

    class Input(DispenseInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        done = parting.dispense(call.prescription_id, given(call), call.note, **call.doer)
        prescription, entry, remainder, back_fen = done
        said = {"remainder": _left(remainder), "back_fen": back_fen}
        return {**changed(prescription, entry), **said}


class DeclineInput(http.Strict):
    reason = serializers.ChoiceField(declining.DeclineReason.choices)


class CannotServeStatement(http.Draw):
    """The statement by which the pharmacy says that it cannot serve."""

    roles = (Role.PHARMACIST,)

    class Input(DeclineInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        reason = call.values["reason"]
        statement = declining.draw(call.prescription_id, reason, **call.drawer)
        return statement, {"zh": "无法调配，退回处方，已付金额退回患者"}


class CannotServe(http.Command):
    """Serve nothing of it: the patient chooses another pharmacy."""

    roles = (Role.PHARMACIST,)

    class Input(DeclineInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        reason = call.values["reason"]
        return changed(*declining.decline(call.prescription_id, reason, call.note, **call.doer))


class ProposalInput(http.Strict):
    line = http.Text(max_length=3)
    medicine = http.Text(max_length=40, help_text="the substitute's code in the catalogue")
    reason = serializers.ChoiceField(Substitution.Reason.choices)
    salt = http.Text(max_length=24, help_text="base64 of 16 random bytes that the desk draws")


def _proposal(call: http.Call) -> proposing.Proposal:
    names = ("line", "medicine", "reason", "salt")
    return proposing.Proposal(**{name: call.values[name] for name in names})


class SubstituteStatement(http.Draw):
    """The statement by which another medicine is proposed for a line."""

    roles = (Role.PHARMACIST,)

    class Input(ProposalInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement = proposing.draw(call.prescription_id, _proposal(call), **call.drawer)
        return statement, {"zh": f"建议第{call.values['line']}行换用同通用名药品，待患者同意"}


class Substitute(http.Command):
    """Propose another medicine of the same generic name; the patient agrees or refuses."""

    roles = (Role.PHARMACIST,)
    records_refusals = True

    class Input(ProposalInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        done = proposing.propose(call.prescription_id, _proposal(call), call.note, **call.doer)
        return changed(*done)


class AgreeInput(http.Strict):
    face_check = serializers.UUIDField(default=None, help_text="passed, for `checkout`")


def _in_words(agreed: substituting.Agreed) -> dict[str, Any]:
    """What is proposed, and what it costs instead."""
    medicine, quote = agreed.proposal.item.medicine, agreed.quote
    named = f"{medicine.generic_name} {medicine.specification}（{medicine.code}）"
    own, before = yuan(quote.patient_fen), yuan(agreed.former.patient_fen)
    return {
        "zh": f"同意第{agreed.proposal.line}行换用 {named}，自付{own}（原{before}）",
        "line": agreed.proposal.line,
        "medicine": {
            "code": medicine.code,
            "generic_name": medicine.generic_name,
            "form": medicine.form,
            "specification": medicine.specification,
            "insurance_class": medicine.insurance_class,
        },
        "reason": agreed.proposal.reason,
        "bill": quote.facts(),
    }


class AgreeStatement(http.Draw):
    """What is proposed and what it costs, and the statement by which the patient agrees."""

    roles = (Role.PATIENT,)
    for_wards = True

    class Input(AgreeInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        face = call.values["face_check"]
        statement, agreed = substituting.draw(call.prescription_id, face, **call.drawer)
        return statement, _in_words(agreed)


class Agree(http.Command):
    """Agree to the other medicine: authorized anew at the same pharmacy, with another bill."""

    roles = (Role.PATIENT,)
    for_wards = True

    class Input(AgreeInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        face = call.values["face_check"]
        done = substituting.agree(call.prescription_id, face, call.note, **call.doer)
        prescription, entry, bill = done
        return {**changed(prescription, entry), "bill": bill_of(bill)}


class DisagreeStatement(http.Draw):
    """The statement by which the patient refuses the other medicine."""

    roles = (Role.PATIENT,)
    for_wards = True
    Input = http.ToSign

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement = substituting.draw_refusal(call.prescription_id, **call.drawer)
        return statement, {"zh": "不同意换药，按原处方调配"}


class Disagree(http.Command):
    """Refuse the other medicine; the authorization stays as it is."""

    roles = (Role.PATIENT,)
    for_wards = True
    Input = http.Signed

    def act(self, call: http.Call) -> dict[str, Any]:
        return changed(*substituting.refuse(call.prescription_id, call.note, **call.doer))
