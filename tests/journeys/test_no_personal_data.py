"""Planted words are found nowhere in clear: no table, no log line, no key of Redis."""

import base64
import hashlib
import logging
import random
from uuid import uuid4

import pytest
import redis
from django.conf import settings
from django.db import connection

from tests.journeys import writes
from tests.journeys.looking import breaks_glass, parcels_of
from tests.journeys.watching import raw
from tests.world import World, a_client, an_id_number

NAME, DIAGNOSIS, NOTE = "金丝雀氏", "金丝雀热病", "金丝雀随餐服"
ALLERGY, STREET = "金丝雀羽毛过敏", "金丝雀巷七号"
EMERGENCY = "金丝雀坠楼昏迷"
REQUEST = "金丝雀吃得太多，请减量"
HOSPITAL, COMPLAINT = "金丝雀医院", "金丝雀一样的咳嗽"
QUESTION, ANSWER = "金丝雀怎么办？", "金丝雀多喝水。"
PHOTO = base64.b64encode(b"\xff\xd8\xff" + b"canary-photo" * 9 + b"\xff\xd9").decode()


def a_phone() -> str:
    return f"139{random.SystemRandom().randrange(10**8):08d}"


@pytest.fixture
def canaries(world: World, caplog) -> dict[str, str]:
    """A patient whose every word is a canary goes the whole way, and is refused on it."""
    caplog.set_level(logging.DEBUG)
    planted = {
        "name": NAME,
        "id_number": an_id_number(),
        "phone": a_phone(),
        "other phone": a_phone(),
        "openid": f"o{uuid4().hex[:27]}",
        "diagnosis": DIAGNOSIS,
        "note": NOTE,
        "allergy": ALLERGY,
        "street": STREET,
        "emergency": EMERGENCY,
        "request": REQUEST,
        "earlier hospital": HOSPITAL,
        "complaint": COMPLAINT,
        "question": QUESTION,
        "answer": ANSWER,
        "picture": PHOTO,
    }
    patient = world.a_patient()
    newcomer = a_client()
    newcomer.enter_with_wechat(world.wechat_code(planted["openid"]))
    identity = {name: planted[name] for name in ("name", "id_number", "phone")}
    world.binds(newcomer, planted["openid"], **identity)
    newcomer.register_key(uuid4().bytes * 2)
    patient.client, patient.id_number = newcomer, planted["id_number"]
    walk(world, patient, planted)
    return planted


def talk(world: World, patient) -> str:
    """A consultation all of whose words are canaries, its picture's bytes too."""
    earlier = {
        "hospital": HOSPITAL,
        "on": "2026-01-05",
        "diagnoses": [{"code": "J06.9", "name": DIAGNOSIS}],
        "picture": PHOTO,
    }
    consultation = world.consulted(patient, complaint=COMPLAINT, earlier=earlier)
    path = f"/api/consultations/{consultation}"
    patient.client.write(f"{path}/messages", {"text": QUESTION})
    patient.client.write(f"{path}/pictures", {"picture": PHOTO})
    world.doctor.write(f"{path}/messages", {"text": ANSWER})
    raw(patient.client, "POST", f"{path}/pictures", body={"picture": QUESTION})
    raw(patient.client, "POST", f"{path}/messages", body={"text": ANSWER, COMPLAINT: 1})
    for client in (patient.client, world.doctor):
        assert client.get(f"{path}/messages")["messages"][0]["text"] == QUESTION
        assert client.get(path)["fields"]["complaint"] == COMPLAINT
    return consultation


def walk(world: World, patient, planted) -> None:
    draft = world.draft(patient)
    words = {
        "diagnoses": [{"code": "J06.9", "name": DIAGNOSIS, "main": True}],
        "lines": [{**line, "note": NOTE} for line in draft["lines"]],
        "allergies": ALLERGY,
    }
    raw(world.doctor, "POST", "/api/prescriptions", body={**draft, **words, DIAGNOSIS: NAME})
    raw(world.doctor, "POST", "/api/prescriptions", body={**draft, **words, "valid_days": NAME})
    world.covers(patient)
    rx = world.approved(patient, **words, online=True, consultation=talk(world, patient))
    place = {"recipient": NAME, "phone": planted["other phone"], "text": STREET}
    address = patient.client.write("/api/me/addresses", place)["id"]
    choice = {"pharmacy": world.pharmacy.slug, "way": "courier", "address": address}
    choice["courier"] = world.courier_company.slug
    patient.client.command(writes.of(rx, "authorize"), choice)
    world.pay(patient, rx)
    made = world.pharmacist.write("/api/scans", {"code": world.code(patient, rx)})
    (scan,) = made["scans"]
    shown = world.pharmacist.get(f"/api/scans/{scan['id']}")
    assert shown["fields"]["diagnosis/1"]["name"] == DIAGNOSIS
    change(world, rx, {**words, "lines": words["lines"][:1]})
    patient.client.command(writes.of(rx, "authorize"), choice)
    world.pay(patient, rx)
    world.pharmacist.write("/api/scans", {"code": world.code(patient, rx)})
    world.pharmacist.command(writes.of(rx, "dispense"), {"lines": {"1": 1}})
    (parcel,) = [one for one in parcels_of(world.courier) if one["prescription"] == rx]
    assert parcel["to"]["text"] == STREET
    world.courier.command(writes.of(rx, "ship"))
    patient.client.command(writes.of(rx, "deliver"))
    raw(world.other_doctor, "GET", f"/api/prescriptions/{rx}")
    opened = breaks_glass(world.foreign_doctor, patient, reason=EMERGENCY)
    past = world.foreign_doctor.post("/api/history", {"patient": planted["id_number"]})
    assert past["prescriptions"][0]["fields"]["diagnosis/1"]["name"] == DIAGNOSIS
    assert world.regulator.get(f"/api/emergencies/{opened['id']}")["reason"] == EMERGENCY
    body = {"decision": "approve", "approved_fen": writes.owed(world.fund_agent, rx)}
    world.fund_agent.command(f"/api/claims/{rx}/decide", body)


def change(world: World, rx: str, content) -> None:
    """The pharmacist asks in words that are canaries; the doctor answers with another content."""
    asked = writes.asking(words=REQUEST)
    raw(world.pharmacist, "POST", writes.of(rx, "change-request"), body={**asked, REQUEST: 1})
    world.pharmacist.command(writes.of(rx, "change-request"), asked)
    waiting = world.doctor.get("/api/change-requests")["requests"]
    assert REQUEST in [one["words"] for one in waiting if one["prescription"] == rx]
    world.doctor.write(writes.of(rx, "versions"), content)
    world.doctor.command(writes.of(rx, "change"))
    versions = world.doctor.get(writes.of(rx, "versions"))["versions"]
    assert [one["fields"]["diagnosis/1"]["name"] for one in versions] == [DIAGNOSIS] * 2
    world.reviewer.command(writes.of(rx, "review"), {"decision": "approve"})


def forms(word: str) -> set[str]:
    """A word as it could show up: itself, its bytes in hex, JSON's escapes, its bare digest."""
    data = word.encode()
    digests = {hashlib.new(name, data).hexdigest() for name in ("sha256", "sha1", "md5")}
    return {word, data.hex(), word.encode("unicode_escape").decode(), *digests}


def test_no_canary_is_found_anywhere(world, canaries, caplog):
    """L13, P1: every column of every table as text, every log line, every key of Redis."""
    wanted = {form: name for name, word in canaries.items() for form in forms(word)}
    places = {**tables(), "log": caplog.text, "redis": redis_dump()}
    assert places["hospital_person"]
    assert "prescription.shipped" in places["notices_notice"]
    found = [
        (place, name)
        for place, text in places.items()
        for form, name in wanted.items()
        if form in text
    ]
    assert found == []


def test_the_search_itself_finds_what_is_there(world):
    """Of the test: a public name, and the bytes of a public key in hex, are found in the dump."""
    dump = tables()
    assert world.pharmacy.name in dump["hospital_organisation"]
    assert world.doctor.signer.verifier.public_key.hex() in dump["hospital_key"]


def tables() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        names = [name for (name,) in cursor.fetchall()]
        dump = {}
        for name in names:
            cursor.execute(f'SELECT string_agg(t::text, chr(10)) FROM "{name}" t')
            dump[name] = cursor.fetchone()[0] or ""
    return dump


def redis_dump() -> str:
    url = settings.CELERY_BROKER_URL.replace("redis+socket", "unix")
    server = redis.Redis.from_url(url)
    keys = list(server.scan_iter())
    return repr([(key, server.dump(key)) for key in keys])
