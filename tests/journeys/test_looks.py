"""Whoever looks at patient data has left an entry before seeing a word of it."""

import pytest
from django.db import connection

from hospital import access, lookwords, records
from ledger import queries as ledger
from ledger.entry import Statement
from ledger.note import parse
from pharmacy.models import Scan
from prescriptions.models import Prescription
from tests.journeys import copying, narcotics, sampled, series, writes
from tests.journeys.test_roles import CALLS
from tests.journeys.watching import at_once, count_entries, raw
from tests.world import a_client


def to_check(rx: str) -> str:
    scan = Scan.objects.get(prescription__id=rx)
    return writes.of(rx, f"double-check/{scan.id}")


def consulted(world, patient):
    """Where a reviewer reads the consultation of a prescription that awaits review."""
    rx = world.issued(patient, online=True, consultation=world.answered(patient))
    return writes.of(rx, "consultation")


def erased(world, patient):
    """A record that the law keeps of a patient who has left."""
    other = world.a_patient()
    rx = world.issued(other)
    world.doctor.command(writes.of(rx, "cancel"), {"reason": "clinical"})
    other.client.command("/api/me/erasure")
    return Prescription.objects.get(id=rx)


LOOKS = {
    "GET /api/prescriptions": lambda w, p, rx: (p.client, "/api/prescriptions"),
    f"GET {writes.ONE}": lambda w, p, rx: (w.doctor, f"/api/prescriptions/{rx}"),
    f"GET {writes.ONE}/fields": lambda w, p, rx: (p.client, f"/api/prescriptions/{rx}/fields"),
    f"GET {writes.ONE}/given-out": lambda w, p, rx: (
        p.client,
        f"/api/prescriptions/{rx}/given-out",
    ),
    "GET /api/scans/<uuid:scan_id>": lambda w, p, rx: (
        w.pharmacist,
        f"/api/scans/{Scan.objects.get(prescription__id=rx).id}",
    ),
    "GET /api/scans/<uuid:scan_id>/labels": lambda w, p, rx: (
        w.pharmacist,
        f"/api/scans/{Scan.objects.get(prescription__id=rx).id}/labels",
    ),
    f"GET {writes.ONE}/versions": lambda w, p, rx: (w.doctor, f"/api/prescriptions/{rx}/versions"),
    "GET /api/change-requests": lambda w, p, rx: (w.doctor, "/api/change-requests"),
    "GET /api/me/recalls": lambda w, p, rx: (p.client, "/api/me/recalls"),
    "GET /api/me/export": lambda w, p, rx: (copying.ready(p), copying.EXPORT),
    "GET /api/parcels": lambda w, p, rx: (w.courier, "/api/parcels"),
    "GET /api/owed": lambda w, p, rx: (w.pharmacist, "/api/owed"),
    "GET /api/break-glass/<uuid:emergency_id>": lambda w, p, rx: (
        w.foreign_colleague,
        f"/api/break-glass/{writes.plea(w, p)}",
    ),
    "GET /api/emergencies/<uuid:emergency_id>": lambda w, p, rx: (
        w.regulator,
        f"/api/emergencies/{writes.emergency(w, p)}",
    ),
    "GET /api/kept/records/<uuid:record_id>": lambda w, p, rx: (
        w.regulator,
        f"/api/kept/records/{erased(w, p).record_id}",
    ),
    "GET /api/kept/(?P<family>[a-z]{1,20})/(?P<subject_id>[0-9a-f-]{36})": lambda w, p, rx: (
        w.regulator,
        f"/api/kept/rx/{erased(w, p).id}",
    ),
    "GET /api/consultations": lambda w, p, rx: (p.client, "/api/consultations"),
    "GET /api/consultations/awaiting": lambda w, p, rx: (
        w.doctor,
        "/api/consultations/awaiting",
    ),
    f"GET {writes.ONE}/countersign": lambda w, p, rx: (
        w.doctor,
        writes.of(w.submitted(p), "countersign"),
    ),
    f"GET {writes.ONE}/double-check/<uuid:scan_id>": lambda w, p, rx: (
        w.second_own_pharmacist,
        to_check(narcotics.scanned(w, p)),
    ),
    "GET /api/register": lambda w, p, rx: (w.own_pharmacist, "/api/register"),
    f"GET {writes.SERIES}": lambda w, p, rx: (w.doctor, series.path(series.drafted(w, p).id)),
    f"GET {writes.CASE}": lambda w, p, rx: (
        sampled.appraiser(w),
        sampled.path(sampled.drawn(w, rx)),
    ),
    f"GET {writes.ONE}/consultation": lambda w, p, rx: (w.reviewer, consulted(w, p)),
    f"GET {writes.ONE}/consultation/messages": lambda w, p, rx: (
        w.reviewer,
        f"{consulted(w, p)}/messages",
    ),
    f"GET {writes.ONE}/consultation/messages/<int:number>": lambda w, p, rx: (
        w.reviewer,
        f"{consulted(w, p)}/messages/2",
    ),
    "GET /api/corrections": lambda w, p, rx: (p.client, "/api/corrections"),
    f"GET {writes.CORRECTION}": lambda w, p, rx: (w.regulator, writes.appealed(w, p)),
    f"GET {writes.TALK}": lambda w, p, rx: (w.doctor, f"/api/consultations/{w.asked(p)}"),
    f"GET {writes.TALK}/messages": lambda w, p, rx: (
        w.doctor,
        f"/api/consultations/{w.answered(p)}/messages",
    ),
    f"GET {writes.TALK}/messages/<int:number>": lambda w, p, rx: (
        p.client,
        f"/api/consultations/{w.answered(p)}/messages/2",
    ),
}
NOTHING_SEALED = {
    "GET /api/offline/limits": "settings",
    "GET /api/offline/slips": "ids, times and outcomes; what was given stands in no answer",
    "GET /api/keys": "own public keys",
    "GET /api/me/face-checks/<uuid:check_id>": "whether a face was recognised",
    "GET /api/me/face-checks/<uuid:check_id>/parameters": "a number for WeChat",
    "GET /api/entries": "the public log",
    "GET /api/guardianships": "accounts and times of the own guardianships",
    "GET /api/me/entries": "the public log, the caller's own part",
    "GET /api/me/entries/proof": "hashes",
    "GET /api/me/looks": "the public log, the caller's own part, in words",
    "GET /api/me/notices": "kinds and ids",
    "GET /api/me/printed-codes": "ids, pharmacies and times",
    "GET /api/receipts/(?P<leaf>[0-9a-f]{64})": "the public log",
    "GET /api/organisations": "public names",
    "GET /api/organisations/(?P<hospital>[-a-zA-Z0-9_]{1,40})/departments": "titles and rights",
    "GET /api/medicines": "the catalogue",
    "GET /api/payments/(?P<out_trade_no>P[0-9a-f]{30})/parameters": "numbers for WeChat",
    f"GET {writes.ONE}/delivery-code": "six digits",
    f"GET {writes.ONE}/bill": "sums of the own bill, by the numbers of lines",
    f"GET {writes.ONE}/parcel": "states and times of the own parcel",
    "GET /api/parcels/coming-back": "ids, and whether it is kept cold",
    "GET /api/counter": "ids, states and ways",
    "GET /api/claims": "amounts and ids",
    "GET /api/claims/waiting": "amounts, ids and codes",
    f"GET {writes.ONE}/explanation": "amounts, rates and line numbers",
    "GET /api/reading-key": "public keys",
    f"GET {writes.TALK}/news": "a state and a number",
    "GET /api/feed": "ids, kinds and times of entries of the public log",
    "GET /api/feed/endpoints": "an organisation's addresses and public keys",
    f"GET {writes.HOOK}": "the same, and counts",
    f"GET {writes.HOOK}/failures": "ids, kinds and times",
    "GET /api/appraisals": "ids, classes and codes",
    "GET /api/appraisals/statistics": "counts, and doctors' account ids",
    "GET /api/countersignatures": "ids and times",
    "GET /api/reviews": "counts and a time",
    "GET /api/reviews/statistics": "counts and times",
    "GET /api/grants": "names of kinds of fields, and pseudonyms",
    "GET /api/offers": "public terms",
    "GET /api/me/opt-ins": "public terms and times",
    "GET /api/me/rewards": "amounts and ids",
    "GET /api/rewards/owed": "sums",
    "GET /api/me/grants": "names of organisations and of kinds of fields",
    "GET /api/kept": "ids, kinds and days",
    "GET /api/corrections/awaiting": "ids and times",
    "GET /api/emergencies": "ids and times",
    "GET /api/break-glass": "ids and times",
    "GET /api/claims/unsettled": "amounts and ids",
    "GET /api/claims/statement": "amounts and ids",
    "GET /api/settlements/made": "amounts and ids",
    "GET /api/settlements/due": "amounts and ids",
    "GET /api/settlements/terms": "what a payer has said",
    "GET /api/products": "what a payer has said",
    "GET /api/products/(?P<code>[A-Za-z0-9][A-Za-z0-9._-]*)": "what a payer has said",
    "GET /api/policies": "what a payer has said, of nobody by name",
    "GET /api/settlements/<uuid:settlement_id>/file": "amounts and ids",
    "GET /api/journal/accounts": "sums of an organisation's own",
    "GET /api/journal/postings": "amounts and ids of bills, payments, claims and batches",
    "GET /api/journal/trial-balance": "sums by organisation, and of no patient",
    "GET /api/board/figures": "counts and times, of five patients at least",
    "GET /api/board/organisations": "the same",
    "GET /api/board/alarms": "names that the public log has, and counts",
    "GET /api/board/health": "sizes, times and witnesses",
    "GET /api/double-checks": "ids and times",
    f"GET {writes.ONE}/dispensing": "line numbers and units, for who gave them out",
    "GET /api/hours": "when a pharmacy is open",
    "GET /api/carriages": "what couriers ask",
    "GET /api/stock/lots": "what lies on a shelf",
    "GET /api/stock/lots/<uuid:lot_id>/state": "who put a lot aside",
    "GET /api/stock/lots/<uuid:lot_id>/boxes": "what lies on a shelf",
    "GET /api/stock/boxes": "what became of a box, and of no prescription",
    "GET /api/stock/collisions": "codes and pharmacies",
    "GET /api/stock/consignments": "what goes between shelves",
    "GET /api/claims/reversals": "amounts and ids",
    "GET /api/stock/recalls": "public warnings",
    "GET /api/recalls": "public warnings",
    f"GET {writes.RECALL}": "a public warning",
    f"GET {writes.RECALL}/progress": "counts of many, and units on shelves",
    f"GET {writes.RECALL}/here": "lots, ids and states",
    "GET /api/reconciliation/differences": "amounts and ids",
    "GET /api/stock/reconciliation": "sums by lot, and no prescription",
}


def test_every_read_is_known_to_show_patient_data_or_not():
    """L15: a new read without a row fails here."""
    reads = {call for call in CALLS if call.startswith("GET")}
    assert reads == set(LOOKS) | set(NOTHING_SEALED)


def last_view() -> Statement:
    with connection.cursor() as cursor:
        cursor.execute("SELECT note FROM ledger_event WHERE kind = 'record.view' ORDER BY id DESC")
        return Statement.parse(parse(bytes(cursor.fetchone()[0])).text)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("call", LOOKS, ids=str)
def test_one_committed_entry_a_look(world, patient, call, method):
    """L15, L16: seen by another session as soon as the answer is there."""
    rx = world.dispensed(patient, "courier")
    client, path = LOOKS[call](world, patient, rx)
    before = count_entries(kind="record.view")

    answer = raw(client, method, path)

    assert answer.status_code == 200
    (after,) = at_once(lambda: count_entries(kind="record.view"))
    assert after == before + 1
    facts = last_view().facts
    assert client.account.replace("-", "") in facts["reader"]
    assert facts["purpose"] in lookwords.PURPOSES
    assert lookwords.basis(facts["basis"]) != facts["basis"]
    assert set(facts["fields"]) <= set(lookwords.FIELDS)


def test_a_list_is_one_entry_with_the_number_of_records(world, patient):
    """L15"""
    for _ in range(3):
        world.issued(patient)
    before = count_entries(kind="record.view")
    page = patient.client.get("/api/prescriptions", size=2)
    assert len(page["prescriptions"]) == 2
    assert last_view().facts["records"] == 2
    rest = patient.client.get("/api/prescriptions", size=2, cursor=page["next"])
    assert (len(rest["prescriptions"]), rest["next"]) == (1, None)
    assert count_entries(kind="record.view") == before + 2


def test_a_refused_look_is_recorded_and_shows_nothing(world, patient):
    """Z1, Z3, Z7: strangers, pharmacists without a code, other hospitals."""
    rx = world.paid(patient)
    strangers = [
        (world.other_patient.client, f"/api/prescriptions/{rx}", "access.wrong_patient"),
        (world.other_patient.client, f"/api/prescriptions/{rx}/fields", "access.wrong_patient"),
        (world.other_doctor, f"/api/prescriptions/{rx}", "access.wrong_doctor"),
        (world.foreign_reviewer, f"/api/prescriptions/{rx}", "access.wrong_hospital"),
        (world.reviewer, f"/api/prescriptions/{rx}", "access.no_basis"),
        (world.pharmacist, f"/api/prescriptions/{rx}", "access.wrong_role"),
        (world.fund_agent, f"/api/prescriptions/{rx}", "access.wrong_role"),
    ]
    views, refusals = count_entries(kind="record.view"), count_entries(kind="record.refuse")
    for client, path, code in strangers:
        answer = raw(client, "GET", path)
        assert (answer.status_code, answer.json()["code"]) == (403, code)
        assert "急性" not in answer.text
    assert count_entries(kind="record.view") == views
    assert count_entries(kind="record.refuse") == refusals + len(strangers)


def test_a_scan_opens_nothing_for_others_nor_after_the_withdrawal(world, patient):
    """Z3, R3, R11"""
    rx = world.scanned(patient)
    path = f"/api/scans/{Scan.objects.get(prescription__id=rx).id}"
    assert raw(world.pharmacist, "GET", path).status_code == 200
    for other in (world.second_pharmacist, world.other_pharmacist):
        answer = raw(other, "GET", path)
        assert (answer.status_code, answer.json()["code"]) == (404, "scan.unknown")
    patient.client.command(f"/api/prescriptions/{rx}/withdraw")
    answer = raw(world.pharmacist, "GET", path)
    assert (answer.status_code, answer.json()["code"]) == (404, "scan.unknown")

    patient.client.command(f"/api/prescriptions/{rx}/authorize", world.choice(patient))
    world.pay(patient, rx)
    again = raw(world.pharmacist, "GET", path)
    assert (again.status_code, again.json()["code"]) == (404, "scan.unknown")
    body = {"lines": {"1": 1, "2": 1}, "key": world.pharmacist.key_name}
    drawn = raw(world.pharmacist, "POST", f"/api/prescriptions/{rx}/dispense/statement", body=body)
    assert (drawn.status_code, drawn.json()["code"]) == (403, "scan.missing")


def test_a_payer_gets_amounts_and_nothing_else(world, patient):
    """Z4: no name, no diagnosis, no drug."""
    world.covers(patient)
    rx = world.delivered(patient)
    (claim,) = [
        c for c in world.fund_agent.each("/api/claims", "claims") if c["prescription"] == rx
    ]
    assert set(claim) == {"prescription", "subject", "pharmacy", "claimed_fen", "total_fen"}


def test_lists_hold_only_ones_own(world, patient):
    """Z7"""
    mine, other = world.issued(patient), world.issued(world.other_patient)
    listed = [one["id"] for one in patient.client.get("/api/prescriptions")["prescriptions"]]
    assert listed == [mine]
    cursor = world.doctor.get("/api/prescriptions", size=1)["next"]
    page = patient.client.get("/api/prescriptions", cursor=cursor)["prescriptions"]
    assert other not in [one["id"] for one in page]
    queue = world.foreign_reviewer.get("/api/prescriptions")["prescriptions"]
    assert queue == []


def test_content_does_not_open_before_the_entry_is_committed(world, patient):
    """L15: a bug that shows first and records later raises instead."""
    record = Prescription.objects.get(id=world.issued(patient)).record
    viewing = access.Viewing(b"", frozenset([record.id.hex]), ("",))
    with pytest.raises(access.OpenedBeforeCommit):
        access.opened(record, viewing)
    viewing.committed = True
    assert access.opened(record, viewing)
    with pytest.raises(access.OpenedBeforeCommit):
        access.opened(Prescription.objects.get(id=world.issued(patient)).record, viewing)


def test_ciphertext_moved_to_another_row_does_not_open(world, patient):
    """P2"""
    from hospital import sealing

    first = Prescription.objects.get(id=world.issued(patient)).record
    second = Prescription.objects.get(id=world.issued(patient)).record
    second.wrapped_key, second.body = first.wrapped_key, first.body
    with pytest.raises(sealing.DoesNotOpen):
        records.unsealed(second)


def test_the_public_log_is_for_members_and_names_nobody(world, patient):
    """L13: entries carry tags and digests."""
    rx = world.issued(patient)
    assert raw(a_client(), "GET", "/api/entries").status_code == 401
    for entry in ledger.entries_about(f"rx/{rx.replace('-', '')}"):
        assert patient.id_number.encode() not in entry.note
        assert patient.account.replace("-", "").encode() not in entry.note
