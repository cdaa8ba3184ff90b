"""Who may come in, how often, and when it ends: at once."""

import os
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.utils import timezone
from knox.models import AuthToken

from config.demo import phone
from hospital.actions import login
from hospital.models import Account, EnrolmentCode, LoginChallenge
from hospital.roles import Role
from tests.journeys import writes
from tests.journeys.watching import at_once, everything, raw
from tests.world import a_client, a_member, an_id_number


@pytest.fixture
def member(world):
    return a_member(Role.PHARMACIST, world.pharmacy)


def code_of(answer) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def enter(client, challenge):
    return raw(a_client(), "POST", "/api/login/key", body={"note": client.sign(challenge)})


def challenge_for(client) -> str:
    asked = raw(a_client(), "POST", "/api/login/challenge", body={"key": client.key_name})
    return str(asked.json()["challenge"])


def test_a_token_ends_with_the_log_out(member):
    """T5: at once; another session of the same account goes on."""
    first = member.token
    member.enter_with_key()
    assert raw(member, "POST", "/api/logout").status_code == 204
    assert code_of(raw(member, "GET", "/api/keys")) == (401, "token.invalid")
    member.token = first
    assert raw(member, "GET", "/api/keys").status_code == 200


def test_a_token_ends_with_the_account(member):
    """T5: disabled is out, and cannot come back in."""
    Account.objects.filter(id=member.account).update(is_active=False)
    assert code_of(raw(member, "GET", "/api/keys")) == (401, "token.invalid")
    assert code_of(enter(member, challenge_for(member))) == (401, "login.failed")


def test_a_token_ends_by_itself(member):
    """T2"""
    AuthToken.objects.filter(user_id=member.account).update(expiry=timezone.now())
    assert code_of(raw(member, "GET", "/api/keys")) == (401, "token.invalid")


def test_tokens_are_stored_as_digests(member):
    """T6, P1"""
    (stored,) = AuthToken.objects.filter(user_id=member.account)
    assert member.token not in (stored.digest, stored.token_key)


def test_a_challenge_is_good_once(member):
    """T9, K3: also when it comes twice at the same moment."""
    challenge = challenge_for(member)
    answers = at_once(*[lambda: enter(member, challenge).status_code] * 2)
    assert sorted(answers) == [200, 401]
    assert code_of(enter(member, challenge)) == (401, "login.failed")


def test_a_challenge_is_good_for_a_minute(member):
    """T9"""
    challenge = challenge_for(member)
    nonce = challenge.split("\n")[3]
    LoginChallenge.objects.filter(nonce=nonce).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )
    assert code_of(enter(member, challenge)) == (401, "login.failed")


def test_a_challenge_is_good_for_its_key_only(world, member):
    """K1: another member's key does not answer it; nor does an altered text."""
    challenge = challenge_for(member)
    assert code_of(enter(world.pharmacist, challenge)) == (401, "login.failed")
    assert code_of(enter(member, challenge.replace("v1", "v2"))) == (401, "login.failed")
    assert code_of(enter(member, challenge + "more\n")) == (401, "login.failed")
    assert enter(member, challenge).status_code == 200


def test_a_revoked_key_does_not_log_in(member):
    """K6, T5: neither with a new challenge nor with one from before."""
    second = writes.another_key(member)
    name = second.verifier.name
    before = raw(a_client(), "POST", "/api/login/challenge", body={"key": name}).json()["challenge"]
    member.command("/api/keys/revoke", {"name": name})
    asked = raw(a_client(), "POST", "/api/login/challenge", body={"key": name})
    assert code_of(asked) == (403, "key.revoked")
    member.signer = second
    assert code_of(enter(member, before)) == (403, "key.revoked")


def test_an_enrolment_code_is_good_once(member):
    """T9, T11: not twice, not after its end, not a guess."""
    account = Account.objects.get(id=member.account)
    code = login.make_enrolment_code(account, at=timezone.now())
    body = {"code": code}
    answers = at_once(
        *[lambda: raw(a_client(), "POST", "/api/login/enrolment", body=body).status_code] * 2
    )
    assert sorted(answers) == [200, 401]
    old = login.make_enrolment_code(account, at=timezone.now() - login.ENROLMENT_LIFE)
    for wrong in (code, old, "x", uuid4().hex):
        answer = raw(a_client(), "POST", "/api/login/enrolment", body={"code": wrong})
        assert code_of(answer) == (401, "login.failed")
    EnrolmentCode.objects.filter(account=account).delete()


def test_wechats_code_is_good_once_and_ours_only(world, bench):
    """T10: spent, guessed, and made for another mini-program."""
    openid = f"o{uuid4().hex[:27]}"
    code = world.wechat_code(openid)
    a_client().enter_with_wechat(code)
    foreign = bench.tell("code", openid=openid, appid="wx0000000000000000")["code"]
    before = everything()
    for wrong in (code, foreign, "guess"):
        answer = raw(a_client(), "POST", "/api/login/wechat", body={"code": wrong})
        assert code_of(answer) == (401, "login.failed")
    assert everything() == before


def test_a_pages_code_leads_to_the_same_account(world, bench):
    """T10: by WeChat's page (OAuth), said to be one; neither way takes the other's code."""
    openid = f"o{uuid4().hex[:27]}"
    known = a_client().enter_with_wechat(world.wechat_code(openid))["account"]
    query = {
        "appid": bench.merchant.appid,
        "redirect_uri": "https://hospital.example/enter",
        "response_type": "code",
        "scope": "snsapi_base",
    }
    tapped = world.wechat.post("/connect/oauth2/authorize", params=query, data={"openid": openid})
    code = parse_qs(urlsplit(tapped.headers["Location"]).query)["code"][0]
    as_h5 = {"code": world.wechat_code(openid), "via": "h5"}
    for wrong in ({"code": code}, as_h5):
        answer = raw(a_client(), "POST", "/api/login/wechat", body=wrong)
        assert code_of(answer) == (401, "login.failed")
    answer = raw(a_client(), "POST", "/api/login/wechat", body={"code": code, "via": "h5"})
    assert answer.json()["account"] == known


def test_headers_make_nobody_somebody_else(world, patient):
    """Z8, T1: identity comes from the token alone."""
    headers = {
        "X-User-Id": patient.account,
        "X-Forwarded-For": "127.0.0.1",
        "Cookie": "sessionid=1",
    }
    assert raw(a_client(), "GET", "/api/prescriptions", headers=headers).status_code == 401
    for token in ("", "null", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "\x7f", "x" * 5_000):
        answer = raw(a_client(), "GET", "/api/keys", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401


def test_an_identity_is_bound_once(world, patient):
    """Z5, Z11: not to a second account, and no account to a second person."""
    newcomer, openid = a_client(), f"o{uuid4().hex[:27]}"
    newcomer.enter_with_wechat(world.wechat_code(openid))
    same = {"name": "别人", "id_number": patient.id_number, "phone": "13900139000"}
    seen = phone.face(newcomer, world.wechat, openid, "identity", **same)
    other = {**same, "id_number": an_id_number(), "purpose": "identity"}
    before = everything()
    for client, path, asked, refusal in (
        (newcomer, "/api/me/identity", {"face_check": seen}, (409, "identity.taken")),
        (patient.client, "/api/me/identity", {"face_check": seen}, (404, "face.unknown")),
        (patient.client, "/api/me/face-checks", other, (409, "identity.taken")),
    ):
        answer = raw(client, "POST", path, body=asked)
        assert code_of(answer) == refusal
    assert everything() == before


def test_an_unidentified_patient_registers_no_key(world):
    """Z3"""
    newcomer = a_client()
    newcomer.enter_with_wechat(world.wechat_code(f"o{uuid4().hex[:27]}"))
    with pytest.raises(Exception, match=r"identity\.missing"):
        newcomer.register_key(os.urandom(32))
