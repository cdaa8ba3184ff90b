"""Which role may make which call: the whole matrix, against a table written by hand."""

from uuid import uuid4

import pytest

from hospital.client import Client
from hospital.roles import OrganisationKind, Role
from tests.journeys.watching import everything, raw
from tests.routes import EXAMPLES, every_route, example, fields_of, other_routes
from tests.world import World, a_client, a_member, an_organisation
from web.areas import AREAS
from web.views import KEPT_AREAS

PEOPLE = tuple(role for role in Role if role not in (Role.CLOCK, Role.CASHIER))
P, D, R, H, C, A, F, G, S, Q = (
    {Role.PATIENT},
    {Role.DOCTOR},
    {Role.REVIEWER},
    {Role.PHARMACIST},
    {Role.COURIER},
    {Role.AGENT},
    {Role.OFFICER},
    {Role.REGULATOR},
    {Role.SYSTEM},
    {Role.RESEARCHER},
)
ALL, NOBODY_YET = set(PEOPLE), None
STAFF = ALL - P
RX, CLAIM = "/api/prescriptions/<uuid:prescription_id>", "/api/claims/<uuid:prescription_id>"
GRANT, EMERGENCY = "/api/me/grants/<uuid:grant_id>", "/api/emergencies/<uuid:emergency_id>"
WARD = "/api/guardianships/<uuid:guardianship_id>"
OFFER, OPT_IN = "/api/offers/<uuid:offer_id>", "/api/me/opt-ins/<uuid:opt_in_id>"
PLEA = "/api/break-glass/<uuid:emergency_id>"
CASE = "/api/appraisals/<uuid:prescription_id>"
TALK = "/api/consultations/<uuid:consultation_id>"
SERIES = "/api/series/<uuid:series_id>"
CORRECTION = "/api/corrections/<uuid:correction_id>"
HOOK = "/api/feed/endpoints/<uuid:endpoint_id>"
RECALL = "/api/recalls/<uuid:recall_id>"
# fmt: off
TABLE = {
    "POST /api/login/challenge": NOBODY_YET,
    "POST /api/login/key": NOBODY_YET,
    "POST /api/login/wechat": NOBODY_YET,
    "POST /api/login/enrolment": NOBODY_YET,
    "GET /api/organisations": NOBODY_YET,
    "POST /api/logout": ALL,
    "POST /api/me/identity": P,
    "POST /api/me/face-checks": P,
    "GET /api/me/face-checks/<uuid:check_id>": P,
    "GET /api/me/face-checks/<uuid:check_id>/parameters": P,
    "POST /api/me/addresses": P,
    "GET /api/keys": ALL,
    "POST /api/keys": ALL,
    "POST /api/keys/statement": ALL,
    "POST /api/keys/recover": P,
    "POST /api/keys/recover/statement": P,
    "POST /api/keys/revoke": ALL,
    "POST /api/keys/revoke/statement": ALL,
    "GET /api/entries": ALL,
    "GET /api/me/entries": P,
    "GET /api/me/entries/proof": P,
    "GET /api/me/looks": P,
    "GET /api/me/export": P,
    "GET /api/me/notices": P,
    "POST /api/me/notices/read": P,
    "POST /api/me/notices/subscriptions": P,
    "GET /api/me/grants": P,
    "GET /api/register": R | H | G,
    "GET /api/offers": P | Q | G,
    "POST /api/offers": Q,
    "POST /api/offers/statement": Q,
    f"POST {OFFER}/decide": G,
    f"POST {OFFER}/decide/statement": G,
    f"POST {OFFER}/close": Q,
    f"POST {OFFER}/close/statement": Q,
    f"POST {OFFER}/opt-in": P,
    f"POST {OFFER}/opt-in/statement": P,
    f"POST {OFFER}/records": Q,
    f"POST {OFFER}/counts": Q,
    "GET /api/me/opt-ins": P,
    f"POST {OPT_IN}/withdraw": P,
    f"POST {OPT_IN}/withdraw/statement": P,
    "GET /api/me/rewards": P,
    "GET /api/rewards/owed": Q,
    "POST /api/me/erasure": P,
    "POST /api/me/erasure/statement": P,
    "POST /api/me/grants": P,
    "POST /api/me/grants/statement": P,
    f"POST {GRANT}/withdraw": P,
    f"POST {GRANT}/withdraw/statement": P,
    "POST /api/history": D | H | F | Q,
    "GET /api/grants": D | H | F | Q,
    "GET /api/guardianships": P,
    "POST /api/guardianships": P,
    "POST /api/guardianships/statement": P,
    f"POST {WARD}/key": P,
    f"POST {WARD}/key/statement": P,
    f"POST {WARD}/end": P,
    f"POST {WARD}/end/statement": P,
    f"POST {WARD}/history": P,
    "POST /api/break-glass": D,
    "POST /api/break-glass/statement": D,
    "GET /api/break-glass": D,
    f"GET {PLEA}": D,
    f"POST {PLEA}/second": D,
    f"POST {PLEA}/second/statement": D,
    "GET /api/kept": G,
    "GET /api/kept/records/<uuid:record_id>": G,
    "GET /api/kept/(?P<family>[a-z]{1,20})/(?P<subject_id>[0-9a-f-]{36})": G,
    "GET /api/emergencies": G,
    f"GET {EMERGENCY}": G,
    f"POST {EMERGENCY}/review": G,
    f"POST {EMERGENCY}/review/statement": G,
    "GET /api/receipts/(?P<leaf>[0-9a-f]{64})": ALL,
    "GET /api/organisations/(?P<hospital>[-a-zA-Z0-9_]{1,40})/departments": NOBODY_YET,
    "GET /api/consultations": P | D,
    "POST /api/consultations": P,
    "GET /api/consultations/awaiting": D,
    f"GET {TALK}": P | D,
    f"POST {TALK}/ask/statement": P,
    f"POST {TALK}/ask": P,
    f"POST {TALK}/accept/statement": D,
    f"POST {TALK}/accept": D,
    f"POST {TALK}/decline/statement": D,
    f"POST {TALK}/decline": D,
    f"POST {TALK}/withdraw/statement": P,
    f"POST {TALK}/withdraw": P,
    f"POST {TALK}/close/statement": D,
    f"POST {TALK}/close": D,
    f"GET {TALK}/messages": P | D,
    f"GET {TALK}/news": P | D,
    f"POST {TALK}/messages": P | D,
    f"GET {TALK}/messages/<int:number>": P | D,
    f"POST {TALK}/pictures": P | D,
    "GET /api/corrections": P,
    "POST /api/corrections": P,
    "POST /api/corrections/statement": P,
    "GET /api/corrections/awaiting": D | G,
    f"GET {CORRECTION}": P | D | G,
    f"POST {CORRECTION}/accept/statement": D,
    f"POST {CORRECTION}/accept": D,
    f"POST {CORRECTION}/refuse/statement": D,
    f"POST {CORRECTION}/refuse": D,
    f"POST {CORRECTION}/take-back/statement": P,
    f"POST {CORRECTION}/take-back": P,
    f"POST {CORRECTION}/appeal/statement": P,
    f"POST {CORRECTION}/appeal": P,
    f"POST {CORRECTION}/decide/statement": G,
    f"POST {CORRECTION}/decide": G,
    "GET /api/medicines": ALL,
    "GET /api/prescriptions": P | D | R,
    "POST /api/prescriptions": D,
    "POST /api/prescriptions/check": D,
    f"GET {RX}": P | D | R | G,
    f"GET {RX}/fields": P,
    f"POST {RX}/issue/statement": D,
    f"POST {RX}/issue": D,
    "GET /api/countersignatures": D,
    f"GET {RX}/countersign": D,
    f"POST {RX}/countersign": D,
    f"POST {RX}/countersign/statement": D,
    f"POST {RX}/review/statement": R,
    f"POST {RX}/review": R,
    f"POST {RX}/review/release": R,
    f"GET {RX}/consultation": R,
    f"GET {RX}/consultation/messages": R,
    f"GET {RX}/consultation/messages/<int:number>": R,
    "GET /api/reviews": R,
    "GET /api/reviews/statistics": R | G,
    "POST /api/reviews/next": R,
    f"GET {RX}/versions": P | D,
    f"POST {RX}/versions": D,
    f"POST {RX}/change-request/statement": H,
    f"POST {RX}/change-request": H,
    f"POST {RX}/keep/statement": D,
    f"POST {RX}/keep": D,
    f"POST {RX}/change/statement": D,
    f"POST {RX}/change": D,
    f"POST {RX}/extend/statement": D,
    f"POST {RX}/extend": D,
    "GET /api/change-requests": D | H,
    f"POST {RX}/cancel/statement": D | P | S,
    f"POST {RX}/cancel": D | P | S,
    "POST /api/uploads": S,
    "POST /api/uploads/sign": S,
    "GET /api/appraisals": R | G,
    "GET /api/appraisals/statistics": R | G,
    f"GET {CASE}": R,
    f"POST {CASE}/judge/statement": R,
    f"POST {CASE}/judge": R,
    f"GET {SERIES}": P | D,
    f"POST {SERIES}/issue/statement": D,
    f"POST {SERIES}/issue": D,
    f"POST {SERIES}/review/statement": R,
    f"POST {SERIES}/review": R,
    f"POST {SERIES}/stop/statement": D | P,
    f"POST {SERIES}/stop": D | P,
    f"POST {RX}/pharmacies": P,
    f"POST {RX}/authorize/statement": P,
    f"POST {RX}/authorize": P,
    f"POST {RX}/withdraw/statement": P,
    f"POST {RX}/withdraw": P,
    f"POST {RX}/dispense-part/statement": H,
    f"POST {RX}/dispense-part": H,
    f"GET {RX}/dispensing": H,
    "GET /api/offline/limits": H | G,
    "GET /api/offline/slips": H | G,
    "POST /api/offline/statement": H,
    "POST /api/offline": H,
    f"POST {RX}/decline/statement": H,
    f"POST {RX}/decline": H,
    f"POST {RX}/substitute/statement": H,
    f"POST {RX}/substitute": H,
    f"POST {RX}/agree/statement": P,
    f"POST {RX}/agree": P,
    f"POST {RX}/disagree/statement": P,
    f"POST {RX}/disagree": P,
    f"POST {RX}/pay": P,
    "GET /api/payments/(?P<out_trade_no>P[0-9a-f]{30})/parameters": P,
    "POST /api/prescriptions/<uuid:prescription_id>/take-up": H,
    "POST /api/scans": H,
    "GET /api/scans/<uuid:scan_id>": H,
    "GET /api/scans/<uuid:scan_id>/labels": H,
    "GET /api/me/printed-codes": P,
    "POST /api/me/printed-codes": P,
    "POST /api/me/printed-codes/<uuid:printed_id>/lose": P,
    f"GET {RX}/double-check/<uuid:scan_id>": H,
    f"POST {RX}/double-check/statement": H,
    f"POST {RX}/double-check": H,
    f"POST {RX}/dispense/statement": H,
    f"POST {RX}/dispense": H,
    "GET /api/parcels": C,
    f"POST {RX}/ship/statement": C,
    f"POST {RX}/ship": C,
    f"GET {RX}/delivery-code": P,
    f"GET {RX}/bill": P,
    f"POST {RX}/deliver/statement": P | C | H,
    f"POST {RX}/deliver": P | C | H,
    f"POST {RX}/attempt/statement": C,
    f"POST {RX}/attempt": C,
    f"POST {RX}/take-back/statement": H,
    f"POST {RX}/take-back": H,
    f"GET {RX}/parcel": P,
    "GET /api/parcels/coming-back": H,
    "GET /api/counter": H,
    "GET /api/owed": H,
    "GET /api/double-checks": H,
    "GET /api/hours": H,
    "POST /api/hours": H,
    "GET /api/carriages": H,
    "POST /api/carriages": H,
    "POST /api/stock": H,
    "POST /api/stock/receipts": H,
    "GET /api/stock/lots": H,
    "GET /api/stock/lots/<uuid:lot_id>/state": H,
    "POST /api/stock/lots/<uuid:lot_id>/state": H,
    "GET /api/stock/lots/<uuid:lot_id>/boxes": H,
    "POST /api/stock/lots/<uuid:lot_id>/boxes": H,
    "GET /api/stock/boxes": H | G,
    "GET /api/stock/collisions": G,
    "GET /api/stock/consignments": H,
    "POST /api/stock/consignments": H,
    "POST /api/stock/consignments/<uuid:consignment_id>/accept": H,
    "POST /api/stock/consignments/<uuid:consignment_id>/refuse": H,
    "POST /api/stock/consignments/<uuid:consignment_id>/take-back": H,
    f"GET {RX}/given-out": P,
    "POST /api/stock/counts": H,
    "POST /api/stock/counts/<uuid:count_id>/confirm": H,
    "GET /api/stock/reconciliation": H | G,
    "POST /api/stock/lots/<uuid:lot_id>/destroy": H,
    "POST /api/stock/destructions/<uuid:destruction_id>/confirm": H,
    f"POST {RX}/return/statement": H,
    f"POST {RX}/return": H,
    "GET /api/claims/reversals": A | F,
    f"POST {CLAIM}/reverse/statement": A,
    f"POST {CLAIM}/reverse": A,
    "POST /api/clawbacks/statement": A,
    "POST /api/clawbacks": A,
    "POST /api/reconciliation/statements": A | F,
    "GET /api/reconciliation/differences": A | F,
    "POST /api/reconciliation/differences/<uuid:difference_id>/close": F,
    "GET /api/stock/recalls": H,
    "GET /api/recalls": G,
    "POST /api/recalls": G,
    "POST /api/recalls/statement": G,
    f"GET {RECALL}": ALL,
    f"POST {RECALL}/lift": G,
    f"POST {RECALL}/lift/statement": G,
    f"GET {RECALL}/progress": G,
    f"GET {RECALL}/here": H,
    f"POST {RECALL}/collect": H,
    "GET /api/me/recalls": P,
    "POST /api/coverages": F | A,
    "POST /api/products": F | A,
    "POST /api/policies": F | A,
    "GET /api/products": F | A,
    "GET /api/products/(?P<code>[A-Za-z0-9][A-Za-z0-9._-]*)": F | A,
    "GET /api/policies": F | A,
    "GET /api/claims": A | F,
    f"POST {CLAIM}/decide/statement": A | F,
    f"POST {CLAIM}/decide": A | F,
    "GET /api/claims/waiting": F,
    f"POST {CLAIM}/pend/statement": A | F,
    f"POST {CLAIM}/pend": A | F,
    f"POST {CLAIM}/ask/statement": F,
    f"POST {CLAIM}/ask": F,
    f"POST {CLAIM}/withhold/statement": P,
    f"POST {CLAIM}/withhold": P,
    f"POST {CLAIM}/reopen/statement": F,
    f"POST {CLAIM}/reopen": F,
    f"POST {CLAIM}/appeal/statement": P,
    f"POST {CLAIM}/appeal": P,
    f"GET {RX}/explanation": P | H,
    "GET /api/claims/unsettled": A | F,
    "GET /api/claims/statement": A | F,
    "GET /api/settlements/made": A | F | H,
    "GET /api/settlements/due": A | F,
    "GET /api/settlements/terms": A | F,
    "POST /api/settlements/terms": A | F,
    "GET /api/settlements/<uuid:settlement_id>/file": A | F | H,
    "POST /api/remittances/statement": A,
    "POST /api/remittances": A,
    "POST /api/claims/history": F,
    "POST /api/settlements/statement": A,
    "POST /api/settlements": A,
    "GET /api/journal/accounts": H | A | F,
    "GET /api/journal/postings": H | A | F,
    "GET /api/journal/trial-balance": G,
    "GET /api/board/figures": G,
    "GET /api/board/organisations": G,
    "GET /api/board/alarms": G,
    "POST /api/board/alarms/<uuid:alarm_id>/acknowledge": G,
    "GET /api/board/health": G,
    "GET /api/feed": H | C | A | F,
    "GET /api/feed/endpoints": H | C | A | F,
    "POST /api/feed/endpoints": H | C | A | F,
    f"GET {HOOK}": H | C | A | F,
    f"GET {HOOK}/failures": H | C | A | F,
    f"POST {HOOK}/key": H | C | A | F,
    f"POST {HOOK}/replay": H | C | A | F,
    f"POST {HOOK}/test": H | C | A | F,
    f"POST {HOOK}/remove": H | C | A | F,
    "GET /api/reading-key": STAFF,
    "POST /api/reading-key/propose": STAFF - A - S,
    "POST /api/reading-key/propose/statement": STAFF - A - S,
    "POST /api/reading-key/register": STAFF - A - S,
    "POST /api/reading-key/register/statement": STAFF - A - S,
    "POST /api/reading-key/lift": STAFF - A - S,
    "POST /api/reading-key/lift/statement": STAFF - A - S,
    "POST /api/reading-key/revoke": STAFF - A - S,
    "POST /api/reading-key/revoke/statement": STAFF - A - S,
}
# fmt: on
OUTSIDE = {
    "/check",
    "/healthz",
    "/api/payments/notice",
    "/api/parcels/news",
    "/api/schema/",
    "/api/docs/",
    "/words.js",
    *(f"/{area}/worker.js" for area in KEPT_AREAS),
    *(f"/{page.path}" for area in AREAS for page in area.pages),
}
SESSION_CALLS = {call for call, roles in TABLE.items() if roles is not NOBODY_YET}
CALLS = {
    f"{method} {route}": (method, route) for route in every_route() for method in route.methods
}


@pytest.fixture(scope="session")
def one_of_each(session_world: World) -> dict[Role, Client]:
    """One member of each role."""
    world = session_world
    regulator = a_member(Role.REGULATOR, an_organisation(OrganisationKind.REGULATOR))
    return {
        Role.PATIENT: world.a_patient().client,
        Role.DOCTOR: world.doctor,
        Role.REVIEWER: world.reviewer,
        Role.PHARMACIST: world.pharmacist,
        Role.COURIER: world.courier,
        Role.AGENT: world.fund_agent,
        Role.OFFICER: a_member(Role.OFFICER, world.fund),
        Role.REGULATOR: regulator,
        Role.SYSTEM: world.system,
        Role.RESEARCHER: world.researcher,
    }


def test_every_call_is_in_the_table():
    """Z2, G4: a new route without a row fails here."""
    assert set(CALLS) == set(TABLE)


def test_what_is_no_endpoint_of_ours_is_known():
    """Z2, G4"""
    assert {path for path in other_routes() if not path.startswith(("/log/", "/logs/"))} == OUTSIDE


@pytest.mark.parametrize("call", sorted(SESSION_CALLS))
def test_nobody_without_a_session(world, call):
    """Z2, T1: nothing, nonsense, another scheme."""
    method, route = CALLS[call]
    before = everything()
    for header in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp4"}):
        answer = raw(a_client(), method, route.path(), body={}, headers=header)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert everything() == before


@pytest.mark.parametrize("call", sorted(SESSION_CALLS - {"POST /api/logout"}))
def test_every_role_at_every_call(world, one_of_each, call):
    """Z2, R9: the wrong roles get 403, the right ones something else; never a 500."""
    method, route = CALLS[call]
    body = {name: example(field) for name, field in fields_of(route.view.Input).items()}
    before = everything()
    allowed = set()
    for role, client in one_of_each.items():
        answer = raw(client, method, route.path(), body=body)
        assert answer.status_code < 500, answer.text
        assert answer.status_code != 401
        code = answer.json().get("code", "") if "json" in answer.headers["Content-Type"] else ""
        if code != "access.wrong_role":
            allowed.add(role)
        else:
            assert answer.status_code == 403
    assert allowed == TABLE[call]
    if method == "POST":
        assert everything() == before or call in (
            "POST /api/me/addresses",
            "POST /api/reviews/next",
            "POST /api/hours",
        )


def test_nobody_but_a_doctor_drafts(world, patient):
    """Z2, R7"""
    body, others = world.draft(patient), (patient.client, world.reviewer)
    before = everything()
    for client in others:
        answer = raw(client, "POST", "/api/prescriptions", body=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "access.wrong_role")
    assert everything() == before


@pytest.mark.parametrize("route", every_route(), ids=str)
def test_other_verbs_are_refused(world, one_of_each, route):
    """R8, D5: no PUT, PATCH or DELETE anywhere, and no unknown verb."""
    before = everything()
    roles = [role for role in PEOPLE if role in route.view.roles]
    client = one_of_each[roles[0]]
    for method in ("PUT", "PATCH", "DELETE", "TRACE", "FROBNICATE"):
        answer = client.http.request(
            method, route.path(), headers={"Authorization": f"Bearer {client.token}"}, json={}
        )
        assert answer.status_code == 405, (method, answer.text)
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert everything() == before


def test_ids_that_are_no_ids_are_nowhere(world, patient):
    """Z6, D4"""
    for text in ("1", "0" * 32, "%00", "..%2f..", "ä", "x" * 500, uuid4().hex + "%0a"):
        for path in (
            "/api/prescriptions/{}",
            "/api/scans/{}",
            "/api/payments/{}/parameters",
            "/api/receipts/{}",
        ):
            client = world.pharmacist if "scans" in path else patient.client
            answer = raw(client, "GET", path.format(text))
            assert answer.status_code in (404, 405), (path, text, answer.text)
    assert EXAMPLES
