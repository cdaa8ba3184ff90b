"""The sealing keys are rotated while all go on working; the old ones then open nothing."""

import io
import threading

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import models

from config import sealed
from hospital import aead, keyring, records, resealing, sealing
from hospital.actions import login, people
from hospital.models import Account, Person, SealedRecord
from prescriptions.models import Prescription
from tests.world import Patient, World

PUBLIC = {
    "commitment": "a digest with salts",
    "leaf": "the hash of a public entry",
    "entry": "the hash of a public entry",
    "approval": "the hash of a public entry",
    "salt": "of a commitment to what its row names anyway: a lot, a box, a proposed medicine",
    "request_digest": "a digest of a body that holds random signatures",
    "code_index": "a digest of a random code",
    "digest": "a digest of a file of amounts, public in its entry or of what a bank said",
    "seed": "published hashes",
    "public_key": "a public key",
    "proposed": "a public key",
    "id_number_index": "a keyed digest",
    "phone_index": "a keyed digest",
    "wechat_index": "a keyed digest",
    "upload_number": "a keyed digest",
    "upload_digest": "a keyed digest",
}
BY_ITS_OWN_KEY = {"SealedRecord.body"}


def rotated() -> str:
    out = io.StringIO()
    call_command("keys", "rotate", stdout=out)
    return out.getvalue()


def values() -> list[tuple[str, bytes]]:
    """Every sealed value of the database, with what it is about."""
    return [
        (columns.about(row, field), bytes(getattr(row, field)))
        for columns in sealed.COLUMNS
        for field in columns.fields
        for row in columns.model._default_manager.all()
        if getattr(row, field)
    ]


def test_every_binary_column_is_sealed_or_no_secret():
    """P4: a new column is either rotated with the others, or said here to need no seal."""
    known = {
        f"{columns.model.__name__}.{field}"
        for columns in sealed.COLUMNS
        for field in columns.fields
    }
    for model in apps.get_models():
        for field in model._meta.get_fields():
            name = f"{model.__name__}.{field.name}"
            if isinstance(field, models.BinaryField) and model._meta.app_label != "ledger":
                assert name in known | BY_ITS_OWN_KEY or field.name in PUBLIC, name


def test_all_is_readable_and_no_older_key_opens_anything(world: World, patient: Patient):
    """P4: a copy of the old keys is worth nothing beside a copy of today's database."""
    rx = world.delivered(patient)
    before = patient.client.get(f"/api/prescriptions/{rx}")["fields"]
    account = Account.objects.get(id=patient.client.account)
    older = list(keyring.sealing_keys(settings.KEY_FOLDER).values())
    assert account.person is not None
    name, openid = people.name_of(account.person), login.openid(account)

    said = rotated()

    account.refresh_from_db()
    account.person.refresh_from_db()
    assert people.name_of(account.person) == name
    assert login.openid(account) == openid
    assert patient.client.get(f"/api/prescriptions/{rx}")["fields"] == before
    found = values()
    assert len(found) > 20
    assert {value[1:5] for _, value in found} == {sealing.newest_key().id}
    for about, value in found:
        for key in older:
            with pytest.raises(aead.DoesNotOpen):
                aead.unseal_with(key.secret, value[5:], about)
    assert f"{older[-1].id.hex()} made" in said
    assert ": 0 values" in said


def test_work_goes_on_while_the_keys_are_rotated(world: World, patient: Patient):
    """P3, P4, F3: whoever writes and reads at that moment notices nothing."""
    ends, faults = threading.Event(), []

    def work(who: Patient) -> None:
        try:
            while not ends.is_set():
                rx = world.issued(who)
                assert who.client.get(f"/api/prescriptions/{rx}")["fields"]
        except Exception as fault:  # whatever it is, the test says it
            faults.append(fault)

    workers = [threading.Thread(target=work, args=(one,)) for one in (patient, world.a_patient())]
    for worker in workers:
        worker.start()
    for _ in range(3):
        rotated()
    ends.set()
    for worker in workers:
        worker.join(60)
    assert faults == []
    for about, value in values():
        sealing.unseal(value, about)


def test_what_is_erased_meanwhile_stays_erased(
    world: World, patient: Patient, monkeypatch: pytest.MonkeyPatch
):
    """P4, G6: between reading a value and exchanging it somebody erases the record."""
    record = Prescription.objects.get(id=world.issued(patient)).record
    seal = sealing.seal

    def erasing(plain: bytes, about: str) -> bytes:
        if about.endswith(record.id.hex):
            records.forget(SealedRecord.objects.filter(id=record.id))
        return seal(plain, about)

    monkeypatch.setattr(sealing, "seal", erasing)
    rotated()
    record.refresh_from_db()
    assert not record.wrapped_key
    with pytest.raises(records.RecordErased):
        records.unsealed(record)
    rotated()
    record.refresh_from_db()
    assert not record.wrapped_key


def test_what_does_not_open_is_named_and_left(world: World, patient: Patient):
    """P4, Z5: one damaged value keeps no other from being sealed anew."""
    person = Account.objects.get(id=patient.client.account).person
    assert person is not None
    damaged = bytes(person.phone)[:-1] + bytes([bytes(person.phone)[-1] ^ 1])
    Person.objects.filter(pk=person.pk).update(phone=damaged)
    err = io.StringIO()
    with pytest.raises(CommandError, match="1 values do not open"):
        call_command("keys", "rotate", stdout=io.StringIO(), stderr=err)
    assert f"hospital.Person.phone of {person.pk} does not open" in err.getvalue()
    person.refresh_from_db()
    assert bytes(person.phone) == damaged
    assert bytes(person.name)[1:5] == sealing.newest_key().id
    Person.objects.filter(pk=person.pk).update(
        phone=sealing.seal(b"13800138000", people.SEALED.about(person, "phone"))
    )


def test_costs_an_update_a_batch(world: World, patient: Patient, django_assert_num_queries):
    """Two looks and one update for each batch, however many values there are in it."""
    world.issued(patient)
    keyring.rotate(settings.KEY_FOLDER, now=sealing.newest_key().made)
    known = Person.objects.exclude(name=b"").count()  # of the others the name was erased
    batches = -(-known // resealing.BATCH)
    with django_assert_num_queries(2 * batches + 1):
        done = resealing.reseal(people.SEALED, "name")
    assert done.resealed == known
