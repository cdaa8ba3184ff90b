"""Log-in, addresses, keys, and the public directory of organisations."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from hospital import http, promises, queries
from hospital.actions import keys, login, people
from hospital.models import Key
from hospital.roles import OrganisationKind, Role
from hospital.units import stamp


class Public(http.Endpoint):
    """Anybody may call it: there is no caller yet."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


def _session(session: login.Session) -> dict[str, Any]:
    by = session.account.actor
    return {
        "token": session.token,
        "expires_at": stamp(session.expires_at),
        "account": str(session.account.id),
        "role": by.role.value,
        "organisation": by.organisation,
        "identified": session.account.person_id is not None or by.role is not Role.PATIENT,
    }


class Challenge(Public):
    """Ask for a text that the named key signs to log in."""

    class Input(http.Strict):
        key = http.Text(max_length=160)

    def post(self, request: Request) -> Response:
        text, expires_at = login.challenge(self.read()["key"], at=timezone.now())
        return Response({"challenge": text, "expires_at": stamp(expires_at)})


class KeyLogin(Public):
    """Log in with the signed challenge."""

    Input = http.Signed

    def post(self, request: Request) -> Response:
        return Response(_session(login.answer(self.read()["note"], at=timezone.now())))


class WeChatLogin(Public):
    """Log in with the code of ``wx.login``; a new openid becomes a new patient account."""

    class Input(http.Strict):
        code = http.Text(max_length=128)

    def post(self, request: Request) -> Response:
        return Response(_session(login.with_wechat(self.read()["code"], at=timezone.now())))


class EnrolmentLogin(Public):
    """First log-in of staff and agents, to register a key; the code is then spent."""

    class Input(http.Strict):
        code = http.Text(max_length=128)

    def post(self, request: Request) -> Response:
        code = self.read()["code"]
        return Response(_session(login.with_enrolment_code(code, at=timezone.now())))


class Logout(http.Endpoint):
    """End this session's token at once."""

    answers = 204

    def post(self, request: Request) -> Response:
        request.auth.delete()
        return Response(status=204)


class Addresses(http.Command):
    """Store an address to which a courier may bring medicines."""

    roles = (Role.PATIENT,)
    success = 201

    class Input(http.Strict):
        recipient = http.Text(max_length=50)
        phone = http.Text(max_length=20)
        text = http.Text(max_length=300)

    def act(self, call: http.Call) -> dict[str, Any]:
        return {"id": str(people.add_address(**call.values, by=call.by).id)}


def _key(key: Key) -> dict[str, Any]:
    return {
        "name": key.name,
        "registered_at": stamp(key.registered_at),
        "revoked_at": stamp(key.revoked_at) if key.revoked_at else None,
    }


class Keys(http.Command):
    """Own keys; register another with the statement it signed."""

    class Input(http.SignedTogether):
        public_key = http.Text(max_length=44)
        face_check = serializers.UUIDField(
            default=None, help_text='for a patient\'s further keys: a passed one of purpose "key"'
        )

    success = 201

    def get(self, request: Request) -> Response:
        return Response({"keys": [_key(key) for key in queries.keys_of(self.actor.account)]})

    def act(self, call: http.Call) -> dict[str, Any]:
        public_key, face_check = call.values["public_key"], call.values["face_check"]
        key, entry = keys.register(public_key, call.notes, face_check, **call.doer)
        return {**_key(key), "entry": promises.entered(entry)}


class KeysStatement(http.Draw):
    """The statement by which a new key is registered; the new key signs it."""

    class Input(http.Strict):
        public_key = http.Text(max_length=44, help_text="base64 of 32 bytes, Ed25519")

    def draw(self, call: http.Call) -> tuple[http.Drawn, dict[str, Any]]:
        drawn = keys.draw_registration(call.values["public_key"], **call.doer)
        return drawn, {"zh": f"登记签名密钥 {drawn[0].by}"}


class Revocation(http.Command):
    """Revoke one of the own keys."""

    class Input(http.SignedTogether):
        name = http.Text(max_length=160)

    def act(self, call: http.Call) -> dict[str, Any]:
        key, entry = keys.revoke(call.values["name"], call.notes, **call.doer)
        return {**_key(key), "entry": promises.entered(entry)}


class RevocationStatement(http.Draw):
    """The statement that revokes a key."""

    class Input(http.ToSign):
        name = http.Text(max_length=160)

    def draw(self, call: http.Call) -> tuple[http.Drawn, dict[str, Any]]:
        drawn = keys.draw_revocation(call.values["name"], **call.drawer)
        return drawn, {"zh": f"吊销签名密钥 {call.values['name']}"}


class Organisations(Public):
    """The organisations of the network; their names are public."""

    query = {"kind": "hospital, pharmacy, insurer, social_fund, regulator or courier"}

    def get(self, request: Request) -> Response:
        kind = request.query_params.get("kind")
        wanted = kind if kind in OrganisationKind.values else None
        found = queries.organisations(wanted)
        return Response(
            {
                "organisations": [
                    {
                        "slug": one.slug,
                        "kind": one.kind,
                        "name": one.name,
                        "hospital": one.hospital.slug if one.hospital else None,
                    }
                    for one in found
                ]
            }
        )
