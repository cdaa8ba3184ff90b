"""The sample data is what it claims to be: valid, varied, and broken only where it says so."""

import json
import re
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal

import pytest
from stdnum.cn import ric, uscc

from config.sample import loader
from config.sample.load import PAEDIATRICS
from hospital import identity
from hospital.rights import Title
from prescriptions import facts, national, rules, uploaded
from prescriptions.facts import Control, InsuranceClass
from prescriptions.national import Uploaded
from prescriptions.reading import Fault

CATALOGUE = loader.medicines()
NETWORK = {one.slug: one for one in loader.network()}
ANSWERS = dict(national.read_file(loader.PRESCRIPTIONS, CATALOGUE))
READ = {number: rx for number, rx in ANSWERS.items() if isinstance(rx, Uploaded)}
REFUSED = [rx for rx in READ.values() if rx.extras.ending == "refused_by_rule"]
PLAYED = [rx for rx in READ.values() if rx.extras.ending != "refused_by_rule"]
STAFF = [(place, member) for place in NETWORK.values() for member in place.staff]
PROGRAMS = ("agent", "system")
DOCTORS = {member.license_number: (place, member) for place, member in STAFF}


def findings(rx):
    """Of a prescription that comes of a consultation about these very diagnoses, if online."""
    _, doctor = DOCTORS[rx.doctor_code]
    right = rules.Prescriber(
        controlled=doctor.rights.controlled,
        practising_since=doctor.rights.practising_since,
        paediatric=doctor.department == PAEDIATRICS,
    )
    known = frozenset(one.code for one in rx.diagnoses)
    seen = rules.Consulted(follow_up=True, known=known) if rx.online else None
    draft = uploaded.draft_of(rx, CATALOGUE, prescriber=right, consulted=seen)
    return rules.check(draft, rx.prescribed_at)


def named(rx):
    return rx.hospital_number


class TestMedicines:
    def test_are_at_least_ninety_and_each_code_stands_once(self):
        text = (loader.FOLDER / "medicines.csv").read_text(encoding="utf-8")

        assert len(CATALOGUE) == len(text.splitlines()) - 1 >= 90

    def test_have_codes_routes_and_frequencies_of_the_lists(self):
        for code, one in CATALOGUE.items():
            assert re.fullmatch(r"X[A-Z][0-9]{2}[A-Z]{2}[A-Z0-9]{17}|Z[A-Z0-9]{19}", code)
            assert facts.ROUTES[one.route] == one.route_name
            assert one.frequency in facts.FREQUENCIES
            assert one.atc == "" or code[1:].startswith(one.atc[:5])

    def test_fit_the_catalogue_s_columns(self):
        for one in CATALOGUE.values():
            assert 0 < one.strength == one.strength.quantize(Decimal("0.0001"))
            assert one.pack_size > 0 < one.price_fen
            assert max(len(one.unit), len(one.pack_unit), len(one.strength_unit)) <= 8
            assert len(one.atc) <= 7

    def test_hold_every_controlled_class_and_every_insurance_class(self):
        assert {one.control for one in CATALOGUE.values()} == set(Control)
        assert {one.insurance_class for one in CATALOGUE.values()} == set(InsuranceClass)

    def test_say_in_the_specification_how_many_there_are(self):
        for one in CATALOGUE.values():
            count = re.search(r"×([0-9]+)", one.specification)
            assert count
            assert one.pack_unit == "滴" or int(count[1]) == one.pack_size, one.generic_name


class TestNetwork:
    def test_has_everybody_whom_a_prescription_meets(self):
        kinds = Counter(place.kind for place in NETWORK.values())

        assert kinds == {
            "hospital": 2,
            "pharmacy": 5,
            "insurer": 2,
            "social_fund": 1,
            "regulator": 1,
            "courier": 2,
        }

    def test_has_the_staff_that_each_place_needs(self):
        for place in NETWORK.values():
            roles = Counter(member.role for member in place.staff)
            match place.kind:
                case "hospital":
                    assert roles["doctor"] >= 3
                    assert roles["reviewer"] >= 1
                    assert roles["system"] == 1
                case "insurer" | "social_fund":
                    assert roles == {
                        "agent": 1,
                        "officer": 2,
                    }  # who reopens a claim does not decide it
                    assert place.coverage
                case "pharmacy":
                    assert 1 <= roles["pharmacist"] <= 2
                    assert place.stock
                case kind:
                    assert roles[kind] >= 1

    def test_has_valid_and_different_credit_codes(self):
        codes = [place.uscc for place in NETWORK.values()]

        assert len(set(codes)) == len(codes)
        assert all(uscc.is_valid(code) for code in codes)

    def test_has_doctors_in_its_own_departments(self):
        for place, member in STAFF:
            assert member.department in (*place.departments, "")
            if member.role == "doctor":
                assert re.fullmatch(r"D4502[0-9]{8}", member.license_number)

    def test_has_staff_with_names_and_numbers_of_their_own(self):
        people = [member for _, member in STAFF if member.role not in PROGRAMS]
        licences = [member.license_number for member in people if member.license_number]

        for values in (
            [member.id_number for member in people],
            [member.phone for member in people],
            [member.name for member in people],
            licences,
        ):
            assert len(set(values)) == len(values)

    def test_has_programs_as_agents_and_systems(self):
        programs = [member for _, member in STAFF if member.role in PROGRAMS]

        assert all(one.id_number is None and one.phone is None for one in programs)

    def test_stocks_enough_for_all_prescriptions_at_any_one_pharmacy(self):
        wanted: Counter[str] = Counter()
        for rx in PLAYED:
            for line in rx.lines:
                wanted[line.medicine_code] += line.quantity

        least = min(place.stock.quantity for place in NETWORK.values() if place.stock)
        assert max(wanted.values()) <= least


def people():
    """(name, identity number, phone) of all staff and patients."""
    for _, member in STAFF:
        if member.id_number:
            yield member.name, member.id_number, member.phone
    for rx in READ.values():
        yield rx.patient.name, rx.patient.id_number, rx.patient.phone


@pytest.mark.parametrize("person", sorted(set(people())), ids=lambda person: person[0])
def test_people_are_valid_and_invented(person):
    name, id_number, phone = person

    assert name[1] in "范例"
    assert ric.is_valid(id_number)
    assert identity.checked_id_number(id_number) == id_number
    assert id_number[14:17] in ("996", "997", "998", "999")
    assert rules.age(identity.born(id_number), date(2026, 11, 23)) < 100
    assert identity.checked_phone(phone)


class TestPrescriptions:
    def test_are_many_and_of_many_medicines_and_patients(self):
        used = {line.medicine_code for rx in READ.values() for line in rx.lines}
        patients = {rx.patient.id_number for rx in READ.values()}

        assert len(READ) >= 64
        assert len(used) >= 80
        assert 38 <= len(patients) < len(READ)

    def test_say_the_same_of_a_patient_each_time(self):
        said = defaultdict(set)
        for rx in READ.values():
            said[rx.patient.id_number].add(rx.patient)

        assert all(len(versions) == 1 for versions in said.values())

    def test_have_different_numbers(self):
        numbers = Counter((rx.hospital, rx.hospital_number) for rx in READ.values())

        assert set(numbers.values()) == {1}

    @pytest.mark.parametrize("rx", READ.values(), ids=named)
    def test_come_from_a_doctor_of_that_hospital_and_department(self, rx):
        place, doctor = DOCTORS[rx.doctor_code]

        assert (place.slug, doctor.name, doctor.department, doctor.role) == (
            rx.hospital,
            rx.doctor_name,
            rx.department,
            "doctor",
        )

    @pytest.mark.parametrize("rx", READ.values(), ids=named)
    def test_ask_for_exactly_the_packages_that_are_needed(self, rx):
        for line in rx.lines:
            medicine, often = CATALOGUE[line.medicine_code], facts.FREQUENCIES[line.frequency]
            need = facts.packs_needed(
                medicine, Decimal(line.dose), line.dose_unit, often.per_day, line.days
            )
            assert line.quantity == need or (need is None and line.quantity == 1)
            assert (line.route, line.route_name) == (medicine.route, medicine.route_name)

    @pytest.mark.parametrize("rx", READ.values(), ids=named)
    def test_name_payers_of_the_network(self, rx):
        insurers = {slug for slug, place in NETWORK.items() if place.kind == "insurer"}

        assert set(rx.extras.payers) <= {"fund"} | insurers
        assert bool(rx.extras.address) is (rx.extras.way == "courier")

    @pytest.mark.parametrize("rx", PLAYED, ids=named)
    def test_break_no_rule_if_they_are_played(self, rx):
        assert not rules.blocked(findings(rx))
        assert not rx.extras.expect_rule

    @pytest.mark.parametrize("rx", REFUSED, ids=named)
    def test_break_the_rule_that_they_are_refused_by(self, rx):
        broken = findings(rx)

        assert rules.blocked(broken)
        assert rx.extras.expect_rule in {finding.rule for finding in broken}

    def test_take_two_signatures_where_the_law_wants_two(self):
        """A narcotic at a hospital with its own pharmacy, a toxic medicine, an assistant's."""
        controls = defaultdict(list)
        for rx in PLAYED:
            for line in rx.lines:
                controls[CATALOGUE[line.medicine_code].control].append(rx)
        own = {one.hospital: one for one in NETWORK.values() if one.hospital}
        titles = [DOCTORS[rx.doctor_code][1].rights.title for rx in PLAYED]

        assert controls[Control.TOXIC]
        assert titles.count(Title.ASSISTANT) >= 2
        assert controls[Control.NARCOTIC]
        for rx in controls[Control.NARCOTIC]:
            assert len(own[rx.hospital].staff) >= 2
            assert rx.extras.way == "collect"

    def test_break_many_of_the_blocking_rules(self):
        """The others have their cases in ``tests/prescriptions/clinical_cases.py``."""
        blocking = {one.id for one in rules.RULES if one.severity is rules.Severity.BLOCK}
        broken = {rx.extras.expect_rule for rx in REFUSED}

        assert broken <= blocking
        assert len(broken) >= 9

    def test_are_a_mix_of_ways_and_endings(self):
        endings = Counter(rx.extras.ending for rx in READ.values())
        couriers = sum(rx.extras.way == "courier" for rx in PLAYED)

        assert couriers >= 15
        assert endings["claimed"] >= 24
        assert endings["self_paid"] >= 12
        assert endings["cancelled_by_doctor"] + endings["cancelled_by_patient"] >= 4
        assert endings["withdrawn_and_reauthorized"] >= 3
        assert endings["returned_by_review"] >= 3
        assert endings["expired"] >= 3
        assert endings["refused_by_rule"] >= 6

    def test_are_played_alike_with_and_without_extras(self):
        lines = loader.PRESCRIPTIONS.read_text(encoding="utf-8").splitlines()
        bare = [number for number in READ if "extras" not in json.loads(lines[number - 1])]

        assert len(bare) >= 3
        assert all(READ[number].extras.ending == "" for number in bare)

    def test_leave_the_patient_nothing_to_pay_at_least_twelve_times(self):
        assert sum(patient_fen(rx) == 0 for rx in PLAYED if rx.extras.ending == "claimed") >= 12

    def test_are_all_marked_as_paid_alone_when_they_are(self):
        for rx in READ.values():
            alone = rx.extras.ending == "self_paid"
            assert {line.self_pay for line in rx.lines} <= {alone}
            assert (rx.extras.payers == ()) is alone


def patient_fen(rx):
    """What is left for the patient at the dearest pharmacy, by the network's coverage rules."""
    (fund,) = (place.coverage for place in NETWORK.values() if place.kind == "social_fund")
    assert isinstance(fund, loader.FundCoverage)
    dearest = max(place.stock.price_factor_bp for place in NETWORK.values() if place.stock)
    total = shares = 0
    for line in rx.lines:
        medicine = CATALOGUE[line.medicine_code]
        price_fen = medicine.price_fen * dearest // 10_000 * line.quantity
        total += price_fen
        shares += price_fen * fund.rate_bp_by_class[medicine.insurance_class] // 10_000
    left = total - shares
    for slug in set(rx.extras.payers) - {"fund"}:
        cover = NETWORK[slug].coverage
        assert isinstance(cover, loader.InsurerCoverage)
        left -= min((total - shares) * cover.rate_bp // 10_000, cover.ceiling_fen)
    return left


class TestBadLines:
    BAD = {number: found for number, found in ANSWERS.items() if isinstance(found, list)}

    def test_are_at_least_six_and_of_all_kinds(self):
        kinds = {problem.code for found in self.BAD.values() for problem in found}

        assert len(self.BAD) >= 6
        assert kinds == set(Fault) - {Fault.TOO_LONG}

    def test_are_faulty_where_they_say(self):
        lines = loader.PRESCRIPTIONS.read_text(encoding="utf-8").splitlines()
        for number, found in self.BAD.items():
            if found[0].code is Fault.NOT_JSON:
                continue
            says = json.loads(lines[number - 1])["extras"]["fault"]
            assert any(problem.field.rsplit(".", 1)[-1] in says for problem in found)
