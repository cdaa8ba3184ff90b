"""An organisation that holds its own key reads what nobody on the way to it can."""

import base64
import json
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from nacl.public import PrivateKey

from hospital import access, aead, boxes, idempotency, readingkeylaw, records, sealing
from hospital.actions import people
from hospital.models import Answer, SealedRecord
from hospital.readingkeys.models import ReadingKey, Rekeying
from hospital.roles import OrganisationKind, Role
from insurance.agent import Agent
from ledger import queries as ledger
from prescriptions.actions import rekeying
from prescriptions.models import Prescription
from tests import invariants
from tests.journeys import looking, reading, writes
from tests.journeys.guarding import refused
from tests.journeys.reading import ONE, held, in_force, is_box, lifts, people_of, text_of
from tests.journeys.test_payers_agent import agreed, decisions, delivered
from tests.journeys.watching import (
    account,
    at_once,
    count_entries,
    drawn,
    everything,
    outcomes,
    raw,
)
from tests.world import a_doctor, a_member, an_organisation, enrolled

OTHER = PrivateKey.generate()
NOT_A_KEY = ("", "x", base64.b64encode(bytes(31)).decode(), base64.b64encode(bytes(32)).decode())
"""None at all, no base64, a byte too few, a point to which nothing can be sealed."""


@pytest.fixture
def key():
    return PrivateKey.generate()


@pytest.fixture
def officers(world):
    """Two of an insurer without a reading key."""
    return people_of(an_organisation(OrganisationKind.INSURER))


@pytest.fixture
def sealed(key, officers):
    """The same two; their insurer's key is in force, and they hold it."""
    in_force(key, *officers)
    for one in officers:
        one.reading_keys.append(key)
    return officers


def of(officer):
    """The organisation of this one."""
    found = account(officer).organisation
    assert found is not None
    return found


def claims(officer):
    return raw(officer, "GET", "/api/claims").content


class TestReading:
    def test_an_officer_reads_claims_in_a_box_that_no_other_key_opens(self, key, sealed):
        """P1"""
        answer = claims(sealed[0])
        assert is_box(answer)
        assert json.loads(answer)["key"] == boxes.fingerprint(bytes(key.public_key))
        assert json.loads(answer)["sealed_to"] == sealed[0].get(ONE)["subject"]
        assert held(answer, key) == {"looks": [], "answer": {"claims": [], "next": None}}
        with pytest.raises(boxes.DoesNotOpen):
            held(answer, OTHER)
        assert sealed[0].get("/api/claims") == {"claims": [], "next": None}

    def test_the_look_is_bound_into_the_box(self, world, patient, key):
        """L15: the leaf of the very entry that was made for it; the content is not outside."""
        hospital = an_organisation(OrganisationKind.HOSPITAL)
        doctor, colleague = a_doctor(hospital), a_doctor(hospital)
        world.delivered(patient)
        looking.grants(patient, hospital.slug)
        in_force(key, doctor, colleague)
        asked = {"patient": patient.id_number}

        answer = raw(doctor, "POST", looking.ASKED, key=None, body=asked)

        box = held(answer.content, key)
        (leaf,) = box["looks"]
        entry = ledger.entries_by_leaves([bytes.fromhex(leaf)])[bytes.fromhex(leaf)]
        assert entry.kind == "record.view"
        assert "J06.9" in json.dumps(box["answer"])
        assert "J06.9" not in answer.text
        assert colleague.account not in answer.text

    def test_of_a_refusal_the_code_is_read_and_its_facts_are_not(self, key, sealed):
        """G2, P1: a wrong input is told by name, and the name is the caller's word."""
        answer = raw(sealed[0], "POST", "/api/coverages", body={"金丝雀": 1})
        said = answer.json()
        assert (answer.status_code, said["code"]) == (422, "body.invalid")
        assert "fields" not in said
        assert "金丝雀" not in answer.text
        assert "金丝雀" in boxes.opened(said, [key])["fields"]

    def test_other_organisations_and_patients_read_as_before(self, sealed, world, patient):
        for client, path in ((world.doctor, "/api/prescriptions"), (patient.client, "/api/keys")):
            assert not is_box(raw(client, "GET", path).content)


class TestKeepingAnswers:
    """I2, P4: what is remembered of a write is a box too, and is given again as it stands."""

    def promise(self, world):
        patient = world.a_patient()
        now = timezone.now()
        return {
            "patient": patient.id_number,
            "rates_bp": {"甲": 5_000},
            "valid_from": (now - timedelta(days=1)).isoformat(),
            "valid_until": (now + timedelta(days=365)).isoformat(),
        }

    def remembered(self, officer, key):
        """What a thief of the database and of all keys of the server finds."""
        row = Answer.objects.get(account_id=officer.account, key=key)
        return sealing.unseal(row.body, idempotency._about(UUID(officer.account), key))

    def test_the_server_keeps_no_answer_that_it_could_open(self, world, key, sealed):
        body, name = self.promise(world), uuid4().hex
        first = raw(sealed[0], "POST", "/api/coverages", key=name, body=body)
        again = raw(sealed[0], "POST", "/api/coverages", key=name, body=body)
        assert first.status_code == 201
        assert again.headers["Idempotency-Replayed"] == "true"
        assert is_box(first.content)
        assert self.remembered(sealed[0], name) == first.content == again.content
        assert held(first.content, key)["answer"]["valid_until"][:10] == body["valid_until"][:10]

    def test_an_answer_from_before_the_key_leaves_in_a_box_too(self, world, key, officers):
        body, name = self.promise(world), uuid4().hex
        clear = raw(officers[0], "POST", "/api/coverages", key=name, body=body)
        in_force(key, *officers)
        again = raw(officers[0], "POST", "/api/coverages", key=name, body=body)
        assert held(again.content, key)["answer"] == clear.json()

    def test_an_answer_to_a_replaced_key_is_given_again_to_that_key(self, world, key, sealed):
        body, name = self.promise(world), uuid4().hex
        first = raw(sealed[0], "POST", "/api/coverages", key=name, body=body)
        in_force(OTHER, *sealed)
        again = raw(sealed[0], "POST", "/api/coverages", key=name, body=body)
        assert again.content == first.content
        assert held(again.content, key)


class TestGettingAKey:
    def test_two_of_the_organisation_put_it_in_force(self, key, officers):
        first, second = officers
        assert first.get(ONE)["state"] == "unknown"
        first.propose_reading_key(key)
        waits = second.get(ONE)
        assert (waits["state"], waits["key"]) == ("unknown", None)
        assert waits["proposal"]["key"]["public_key"] == text_of(key)
        assert first.account.replace("-", "") in waits["proposal"]["by"]
        assert not is_box(claims(first))

        made = second.command(f"{ONE}/register", {"public_key": text_of(key)})

        assert (made["state"], made["proposal"]) == ("sealed", None)
        assert made["entry"]["version"] == 2
        assert is_box(claims(first))

    def test_who_proposes_shows_that_the_private_key_is_there(self, key, officers):
        """Not guessed, not another challenge's; and nothing is stored of what was refused."""
        first, second = officers
        path, said = f"{ONE}/propose", {"public_key": text_of(key)}
        others = first.post(f"{path}/statement", {**said, "key": first.key_name})["shows"]
        earlier = boxes.unsealed(base64.b64decode(others["challenge"]), [key]).decode()
        for answer in ("", "0" * 64, earlier):
            body = {**drawn(first, path, said), "answer": answer}
            before = everything()
            shown = raw(first, "POST", path, body=body)
            assert (shown.status_code, shown.json()["code"]) == (403, "readingkey.not_held")
            assert everything() == before
        assert second.get(ONE)["proposal"] is None

    @pytest.mark.parametrize("text", NOT_A_KEY, ids=["none", "nonsense", "short", "zero"])
    def test_what_is_no_key_is_refused(self, officers, text):
        code = "readingkey.wrong_state" if not text else "readingkey.bad_public_key"
        said = {"public_key": text, "key": officers[0].key_name}
        assert refused(officers[0].post, f"{ONE}/propose/statement", said)[1] == code

    def test_one_person_is_not_two(self, key, officers):
        """Z10: not with a second account either, and not the colleague with another key."""
        first, second = officers
        mine = account(first)
        again = people.employ(
            Role.OFFICER, of(first), at=timezone.now(), person=mine.person,
            license_number=uuid4().hex[:20],
        )  # fmt: skip
        twin = enrolled(again)
        first.propose_reading_key(key)
        said = {"public_key": text_of(key)}
        for one in (first, twin):
            refusal = refused(one.command, f"{ONE}/register", said)
            assert refusal == (403, "readingkey.own_proposal")
        other = {"public_key": text_of(OTHER)}
        assert refused(second.command, f"{ONE}/register", other)[1] == "readingkey.no_proposal"
        assert refused(second.command, f"{ONE}/lift")[1] == "readingkey.wrong_state"

    def test_nobody_signs_for_another_organisation(self, world, key, officers):
        """Z4"""
        officers[0].propose_reading_key(key)
        stranger, _ = people_of(an_organisation(OrganisationKind.INSURER))
        said = {"public_key": text_of(key)}
        assert refused(stranger.command, f"{ONE}/register", said)[1] == "readingkey.no_proposal"
        assert stranger.get(ONE)["proposal"] is None

    def test_two_at_once_are_one_after_the_other(self, key, officers):
        """F1: the first proposals of an organisation, and two who sign second."""
        first, second = officers
        third = a_member(Role.OFFICER, of(first))
        proposals = at_once(*(lambda one=one: one.propose_reading_key(key) for one in officers))
        assert outcomes(proposals) == ["done", "done"]
        first.propose_reading_key(key)
        said = {"public_key": text_of(key)}
        signed = at_once(
            *(lambda one=one: one.command(f"{ONE}/register", said) for one in (second, third))
        )
        assert outcomes(signed) == ["done", "readingkey.no_proposal"]
        assert third.get(ONE)["state"] == "sealed"

    def test_a_program_signs_nothing_and_reads_all_the_same(self, key, sealed):
        agent = a_member(Role.AGENT, of(sealed[0]))
        assert refused(agent.command, f"{ONE}/revoke")[1] == "access.wrong_role"
        assert is_box(claims(agent))
        assert agent.get(ONE)["state"] == "sealed"


class TestLosingAKey:
    def test_a_new_key_opens_new_answers_and_the_old_one_old_ones(self, key, sealed):
        before = claims(sealed[0])
        in_force(OTHER, *sealed)
        after = claims(sealed[0])
        assert held(before, key) == held(after, OTHER)
        for answer, wrong in ((before, OTHER), (after, key)):
            with pytest.raises(boxes.DoesNotOpen):
                held(answer, wrong)
        sealed[0].reading_keys.append(OTHER)
        assert sealed[0].get("/api/claims") == {"claims": [], "next": None}

    def test_who_has_lost_the_private_key_gets_another(self, key, officers):
        """What that takes is never sealed; and nothing else is clear."""
        in_force(key, *officers)
        in_force(OTHER, *officers)
        assert held(claims(officers[0]), OTHER)

    def test_a_revoked_key_closes_all_until_another_is_in_force(self, key, sealed):
        sealed[0].command(f"{ONE}/revoke")
        for one in sealed:
            assert refused(one.get, "/api/claims") == (403, "readingkey.revoked")
            assert refused(one.command, f"{ONE}/revoke")[1] == "readingkey.wrong_state"
        assert sealed[0].get(ONE)["key"] is None
        in_force(OTHER, *sealed)
        assert held(claims(sealed[0]), OTHER)

    def test_two_lift_the_requirement_and_answers_are_clear_again(self, key, sealed):
        """Not one alone, and a proposal of another key is none to have none."""
        first, second = sealed
        assert refused(second.command, f"{ONE}/lift")[1] == "readingkey.no_proposal"
        first.propose_reading_key(OTHER)
        assert refused(second.command, f"{ONE}/lift")[1] == "readingkey.no_proposal"
        second.command(f"{ONE}/revoke")
        assert lifts(first, second)["state"] == "clear"
        assert not is_box(claims(first))

    def test_a_doctor_with_a_revoked_key_is_refused_before_anything_is_opened(self, world, key):
        """L15, L16: the refusal is written down, and no look is."""
        hospital = an_organisation(OrganisationKind.HOSPITAL)
        doctor, colleague = a_doctor(hospital), a_doctor(hospital)
        in_force(key, doctor, colleague)
        colleague.command(f"{ONE}/revoke")
        views, refusals = (count_entries(kind=f"record.{one}") for one in ("view", "refuse"))
        answer = raw(doctor, "GET", f"/api/prescriptions/{uuid4()}")
        assert (answer.status_code, answer.json()["code"]) == (403, "readingkey.revoked")
        assert count_entries(kind="record.view") == views
        assert count_entries(kind="record.refuse") == refusals + 1


def test_what_a_stolen_database_opens_with_all_keys_of_the_server(world, patient):
    """P4: the records, since the server reads them; of what an organisation read, nothing."""
    with reading.keyed(world) as there:
        rx = there.issued(patient)
        ready = writes.of(rx, "review"), {"decision": "approve"}
        there.reviewer.command(*ready)
    record = Prescription.objects.get(id=rx).record
    viewing = access.Viewing(b"", frozenset([record.id.hex]), ("",), committed=True)
    assert access.opened(record, viewing)
    read = [
        sealing.unseal(row.body, idempotency._about(row.account_id, row.key))
        for one in (there.doctor, there.reviewer)
        for row in Answer.objects.filter(account_id=one.account)
    ]
    assert len(list(filter(is_box, read))) == 3, "drafted, issued, reviewed"
    assert {body[:8] for body in read if not is_box(body)} == {b'{"name":'}, "own signing keys"


def test_a_payers_agent_that_holds_the_key_decides_and_settles(world, tmp_path):
    """C1, P1: it gets nothing but boxes, and its key from a file."""
    path = tmp_path / "reading.key"
    boxes.make(path)
    insurer = world.insurer
    officers, patient = people_of(insurer), world.a_patient()
    world.covers(patient, insurer_bp=1_000)
    (rx,) = delivered(world, patient)
    in_force(boxes.load(path), *officers)
    try:
        assert is_box(claims(world.insurer_agent))
        world.insurer_agent.reading_keys.append(boxes.load(path))
        Agent(world.fund_agent, world.fund.slug, agreed, 10**6).step()
        assert not invariants.come_to_rest()
        Agent(world.insurer_agent, insurer.slug, agreed, 10**6).step()
    finally:
        lifts(*officers)
        world.insurer_agent.reading_keys.clear()
    assert Prescription.objects.get(id=rx).status == "claimed"
    assert decisions(world, rx) == ["approve"]


def test_the_database_keeps_a_key_where_answers_are_sealed(sealed):
    row = ReadingKey.objects.get(organisation=of(sealed[0]))
    assert (row.state, len(row.public_key)) == (readingkeylaw.SEALED, boxes.KEY_BYTES)
    assert row.subject == sealed[0].get(ONE)["subject"]


class TestAfterAWithdrawal:
    """P4, Z3: the next look ends at once, and a copied record key opens nothing that is stored."""

    def withdrawn(self, world, patient, key=None):
        """A grant to a hospital, with this key in force there, withdrawn; the record's old key."""
        hospital = an_organisation(OrganisationKind.HOSPITAL)
        if key:
            in_force(key, a_doctor(hospital), a_doctor(hospital))
        rx = world.issued(patient)
        record = Prescription.objects.get(id=rx).record
        copied = sealing.unseal(record.wrapped_key, f"record/{record.id.hex}")
        looking.withdraws(patient, looking.grants(patient, hospital.slug))
        return rx, record, copied

    def test_the_records_get_other_keys_and_stay_what_they_are(self, world, patient, key):
        rx, before, copied = self.withdrawn(world, patient, key)
        about = f"record/{before.id.hex}"
        assert aead.unseal_with(copied, before.body, about)
        fields = patient.client.get(f"/api/prescriptions/{rx}")["fields"]

        assert rekeying.rekey_withdrawn() >= 1

        after = Prescription.objects.get(id=rx).record
        with pytest.raises(aead.DoesNotOpen):
            aead.unseal_with(copied, after.body, about)
        assert after.commitment == before.commitment
        assert patient.client.get(f"/api/prescriptions/{rx}")["fields"] == fields
        assert not Rekeying.objects.filter(grant__patient_id=patient.account).exists()
        assert rekeying.rekey_withdrawn() == 0

    def test_a_reader_without_a_key_leaves_them_as_they_are(self, world, patient):
        _, before, _ = self.withdrawn(world, patient)
        assert not Rekeying.objects.filter(grant__patient_id=patient.account).exists()
        rekeying.rekey_withdrawn()
        before.refresh_from_db()
        assert before.body == Prescription.objects.get(record=before).record.body

    def test_what_dies_midway_is_done_by_the_next_run(self, world, patient, key, monkeypatch):
        """F3: the records and the note that they are due change together."""
        _, before, copied = self.withdrawn(world, patient, key)
        with monkeypatch.context() as patch:
            patch.setattr(Rekeying, "delete", dies)
            with pytest.raises(OSError, match="power"):
                rekeying.rekey_withdrawn()
        about = f"record/{before.id.hex}"
        assert aead.unseal_with(copied, SealedRecord.objects.get(id=before.id).body, about)
        assert rekeying.rekey_withdrawn() >= 1
        with pytest.raises(aead.DoesNotOpen):
            aead.unseal_with(copied, SealedRecord.objects.get(id=before.id).body, about)

    def test_what_is_erased_at_the_same_moment_stays_erased(self, world, patient, monkeypatch):
        """P4: and is not brought back under another key."""
        record = Prescription.objects.get(id=world.issued(patient)).record
        which, seal = SealedRecord.objects.filter(id=record.id), aead.seal_with

        def erased_meanwhile(*said):
            records.forget(which)
            return seal(*said)

        monkeypatch.setattr(aead, "seal_with", erased_meanwhile)
        assert records.rekey(which) == 0
        assert SealedRecord.objects.get(id=record.id).wrapped_key == b""


def dies(self):
    raise OSError("no power")
