"""Consultations over HTTP: ask, accept, decline, withdraw, close; the directory of doctors."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from hospital import http, paging, promises
from hospital.calendar import legal_day
from hospital.consultations import queries
from hospital.consultations.actions import answering, asking, ending, viewing
from hospital.consultations.inputs import AcceptInput, DeclineInput, QuestionInput
from hospital.consultations.models import Consultation
from hospital.roles import Role
from hospital.units import stamp
from ledger import chain
from ledger.entry import Statement


def about(call: http.Call) -> UUID:
    """Which consultation the call's address names."""
    found: UUID = call.where["consultation_id"]
    return found


def changed(consultation: Consultation, entry: chain.Appended) -> dict[str, Any]:
    """What every change of state answers."""
    return {
        "id": str(consultation.id),
        "state": consultation.state,
        "entry": promises.entered(entry),
    }


def shown(opened: viewing.Opened) -> dict[str, Any]:
    """A consultation as its readers get it."""
    consultation = opened.consultation
    return {
        "id": str(consultation.id),
        "state": consultation.state,
        "hospital": consultation.hospital.slug,
        "department": consultation.department.name,
        "doctor": str(consultation.doctor_id) if consultation.doctor_id else None,
        "follow_up": consultation.follow_up,
        "guardian": consultation.guardian,
        "created_at": stamp(consultation.created_at),
        "accept_until": stamp(consultation.accept_until),
        "close_until": stamp(consultation.close_until),
        "messages": consultation.messages_count,
        "erased": opened.erased,
        "fields": opened.fields,
        "amendments": [one.shown() for one in opened.amendments],
    }


def _page(found: list[viewing.Opened], following: paging.Cursor | None) -> dict[str, Any]:
    return {
        "consultations": [shown(one) for one in found],
        "next": str(following) if following else None,
    }


PAGES = {"cursor": "next of the page before", "size": "1 to 50; 20 if left out"}


class Departments(http.Endpoint):
    """A hospital's departments with their doctors: titles and rights, no names. Public."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get(self, request: Request, hospital: str) -> Response:
        today = legal_day(timezone.now())
        return Response(
            {
                "departments": [
                    {
                        "id": one.id,
                        "name": one.name,
                        "paediatric": one.paediatric,
                        "doctors": [
                            {
                                "account": str(doctor.id),
                                "title": doctor.title,
                                "antimicrobials": doctor.antimicrobials,
                                "online": queries.online(doctor, today),
                            }
                            for doctor in doctors
                        ],
                    }
                    for one, doctors in queries.directory(hospital)
                ]
            }
        )


class Consultations(http.Command):
    """List the own consultations (a patient's, a doctor's); write a question, to be asked next."""

    roles = (Role.PATIENT, Role.DOCTOR)
    for_wards = True
    query = PAGES
    Input = QuestionInput
    success = 201

    def get(self, request: Request) -> Response:
        wanted = paging.Wanted.asked(request.query_params)
        return Response(_page(*viewing.view_own(wanted, by=self.actor, at=timezone.now())))

    def post(self, request: Request, **where: Any) -> HttpResponse:
        if self.actor.role is not Role.PATIENT:
            raise http.WrongRole(role=self.actor.role.value, needed=[Role.PATIENT.value])
        return super().post(request, **where)

    def act(self, call: http.Call) -> dict[str, Any]:
        made = asking.write(call.values, **call.doer)
        return {"id": str(made.id), "state": made.state, "accept_until": stamp(made.accept_until)}


class Awaiting(http.Query):
    """What the doctor's department was asked and nobody has accepted, the oldest first."""

    roles = (Role.DOCTOR,)
    query = PAGES

    def show(self, call: http.Call) -> dict[str, Any]:
        wanted = paging.Wanted.asked(self.request.query_params)
        return _page(*viewing.view_awaiting(wanted, **call.doer))


class ConsultationDetail(http.Query):
    """Read one question; the look is recorded before the content is opened."""

    roles = (Role.PATIENT, Role.DOCTOR)
    for_wards = True
    records_refusals = True

    def show(self, call: http.Call) -> dict[str, Any]:
        return shown(viewing.view(about(call), **call.doer))


class News(http.Query):
    """
    How far the conversation is: its state and how many messages it has, nothing of what they say.

    This is what a chat asks every few seconds. No view is recorded, since nothing sealed is opened;
    whoever finds more messages than are shown reads them, and that is.
    """

    roles = (Role.PATIENT, Role.DOCTOR)
    for_wards = True
    records_refusals = True

    def show(self, call: http.Call) -> dict[str, Any]:
        consultation, _ = viewing.own_or_asked(about(call), call.by)
        return {"state": consultation.state, "messages": consultation.messages_count}


class AskStatement(http.Draw):
    """The statement by which the patient asks."""

    roles = (Role.PATIENT,)
    for_wards = True
    Input = http.ToSign

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        return asking.draw_ask(about(call), **call.drawer), {"zh": "向科室提出问诊"}


class Ask(http.Command):
    """Ask."""

    roles = (Role.PATIENT,)
    for_wards = True
    Input = http.Signed

    def act(self, call: http.Call) -> dict[str, Any]:
        return changed(*asking.ask(about(call), call.note, **call.doer))


class AcceptStatement(http.Draw):
    """The statement by which a doctor of the department accepts."""

    roles = (Role.DOCTOR,)

    class Input(AcceptInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        said = call.values["follow_up"], call.values["guardian"]
        visit = "复诊，已查看既往诊断依据" if said[0] else "初诊，不开具处方"
        guarded = "；监护人在场" if said[1] else ""
        statement = answering.draw_accept(about(call), *said, **call.drawer)
        return statement, {"zh": f"接诊（{visit}{guarded}）"}


class Accept(http.Command):
    """Accept."""

    roles = (Role.DOCTOR,)

    class Input(AcceptInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        said = call.values["follow_up"], call.values["guardian"]
        return changed(*answering.accept(about(call), *said, call.note, **call.doer))


class DeclineStatement(http.Draw):
    """The statement by which a doctor sends the patient to be seen in person."""

    roles = (Role.DOCTOR,)

    class Input(DeclineInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        reason = call.values["reason"]
        statement = ending.draw_decline(about(call), reason, **call.drawer)
        return statement, {"zh": f"不适合互联网诊疗：{ending.DeclineReason(reason).value}"}


class Decline(http.Command):
    """Decline, or end what was begun, with a reason."""

    roles = (Role.DOCTOR,)

    class Input(DeclineInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        reason = call.values["reason"]
        return changed(*ending.decline(about(call), reason, call.note, **call.doer))


class WithdrawStatement(http.Draw):
    """The statement by which the patient takes the question back, or leaves."""

    roles = (Role.PATIENT,)
    for_wards = True
    Input = http.ToSign

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        return ending.draw_withdraw(about(call), **call.drawer), {"zh": "撤回问诊"}


class Withdraw(http.Command):
    """Take the question back, or leave."""

    roles = (Role.PATIENT,)
    for_wards = True
    Input = http.Signed

    def act(self, call: http.Call) -> dict[str, Any]:
        return changed(*ending.withdraw(about(call), call.note, **call.doer))


class CloseStatement(http.Draw):
    """The statement by which the doctor closes; it commits to every message."""

    roles = (Role.DOCTOR,)
    Input = http.ToSign

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement = ending.draw_close(about(call), **call.drawer)
        return statement, {"zh": f"结束问诊，共{statement.facts['messages']}条消息"}


class Close(http.Command):
    """Close."""

    roles = (Role.DOCTOR,)
    Input = http.Signed

    def act(self, call: http.Call) -> dict[str, Any]:
        return changed(*ending.close(about(call), call.note, **call.doer))
