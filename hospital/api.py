"""Log-in, addresses, keys, and the public directory of organisations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from hospital import http, promises, queries
from hospital.actions import keys, login, people, recovering
from hospital.gateways import wechat
from hospital.keystate import KeyState
from hospital.models import Key
from hospital.roles import OrganisationKind, Role
from hospital.units import stamp


class Public(http.Endpoint):
    """Anybody may call it: there is no caller yet."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


def _recovery(key: Key | None) -> dict[str, Any] | None:
    """What the holder of the other keys has to know, and can object to."""
    if key is None or key.active_from is None:
        return None
    return {"key": key.name, "active_from": stamp(key.active_from)}


def _session(session: login.Session) -> dict[str, Any]:
    by = session.account.actor
    told = {}
    if by.role is Role.PATIENT:
        told["recovery"] = _recovery(queries.recovery_of(by.account, at=timezone.now()))
    return {
        **told,
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
    """
    Log in with the code of ``wx.login`` or of a page's OAuth; a new openid becomes a new patient
    account.
    """

    class Input(http.Strict):
        code = http.Text(max_length=128)
        via = serializers.ChoiceField(
            [one.value for one in wechat.Via],
            default=wechat.Via.MINI_PROGRAM.value,
            help_text="`h5`: the code came back to a page from /connect/oauth2/authorize",
        )

    def post(self, request: Request) -> Response:
        asked = self.read()
        via = wechat.Via(asked["via"])
        return Response(_session(login.with_wechat(asked["code"], via, at=timezone.now())))


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
    answers_in_clear = True

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


def _key(key: Key, at: datetime) -> dict[str, Any]:
    state = key.state(at)
    gone = key.replaced_from if state is KeyState.REPLACED else key.revoked_at
    return {
        "name": key.name,
        "device": keys.device_of(key),
        "state": state.value,
        "registered_at": stamp(key.registered_at),
        "last_used_on": key.last_used_on.isoformat() if key.last_used_on else None,
        "active_from": stamp(key.active_from) if key.active_from else None,
        "revoked_at": stamp(gone) if gone else None,
    }


class Device(http.Text):
    """What a patient calls the phone that a key lies in."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=30, help_text="what you call this phone", **options)


class Keys(http.Command):
    """Own keys; register another with the statement it signed."""

    answers_in_clear = True

    class Input(http.SignedTogether):
        public_key = http.Text(max_length=44)
        face_check = serializers.UUIDField(
            default=None, help_text='for a patient\'s further keys: a passed one of purpose "key"'
        )
        device = Device(default="")

    success = 201

    def get(self, request: Request) -> Response:
        now = timezone.now()
        found = queries.keys_of(self.actor.account)
        return Response({"keys": [_key(key, now) for key in found]})

    def act(self, call: http.Call) -> dict[str, Any]:
        said = (call.values[name] for name in ("face_check", "device"))
        public_key = call.values["public_key"]
        key, entry = keys.register(public_key, call.notes, *said, **call.doer)
        return {**_key(key, call.at), "entry": promises.entered(entry)}


class KeysStatement(http.Draw):
    """The statement by which a new key is registered; the new key signs it."""

    answers_in_clear = True

    class Input(http.Strict):
        public_key = http.Text(max_length=44, help_text="base64 of 32 bytes, Ed25519")

    def draw(self, call: http.Call) -> tuple[http.Drawn, dict[str, Any]]:
        drawn = keys.draw_registration(call.values["public_key"], **call.doer)
        return drawn, {"zh": f"登记签名密钥 {drawn[0].by}"}


class Recovery(http.Command):
    """
    Register the key of a new phone in the place of all others, which were lost. It signs nothing
    before ``active_from``; until then any of the others objects by revoking it.
    """

    roles = (Role.PATIENT,)
    success = 201

    class Input(http.SignedTogether):
        public_key = http.Text(max_length=44)
        face_check = serializers.UUIDField(help_text='a passed one of purpose "recovery"')
        device = Device(default="")

    def act(self, call: http.Call) -> dict[str, Any]:
        said = (call.values[name] for name in ("face_check", "device"))
        public_key = call.values["public_key"]
        key, entry = recovering.recover(public_key, call.notes, *said, **call.doer)
        return {**_key(key, call.at), "entry": promises.entered(entry)}


class RecoveryStatement(http.Draw):
    """The statement by which a key takes the place of lost ones; the new key signs it."""

    roles = (Role.PATIENT,)

    class Input(http.Strict):
        public_key = http.Text(max_length=44, help_text="base64 of 32 bytes, Ed25519")

    def draw(self, call: http.Call) -> tuple[http.Drawn, dict[str, Any]]:
        drawn = recovering.draw(call.values["public_key"], **call.doer)
        facts = drawn[0].facts
        zh = f"手机遗失：新密钥 {drawn[0].by} 将取代您现有的 {len(facts['replaces'])} 个密钥"
        return drawn, {"zh": zh, "active_from": facts["active_from"]}


class Revocation(http.Command):
    """Revoke one of the own keys."""

    answers_in_clear = True

    class Input(http.SignedTogether):
        name = http.Text(max_length=160)

    def act(self, call: http.Call) -> dict[str, Any]:
        key, entry = keys.revoke(call.values["name"], call.notes, **call.doer)
        return {**_key(key, call.at), "entry": promises.entered(entry)}


class RevocationStatement(http.Draw):
    """The statement that revokes a key."""

    answers_in_clear = True

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
