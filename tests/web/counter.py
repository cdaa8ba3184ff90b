"""What comes before the counter, by API: a prescription that is issued, authorized and paid."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, expect

from config.demo.phone import pickup_code
from hospital.client import Client
from pharmacy.codes import Kind
from prescriptions.uploaded import Patient
from tests.web.stacks import Stack

HOSPITAL = "liuzhou-hospital"
AMLODIPINE, ASPIRIN = "XC08CAA023E002010110851", "XB01ACA033E004010111221"
MORPHINE = "XN02AAA122E007010114514"
OWN_PHARMACY, PRESCRIBER = "liuzhou-hospital-pharmacy", 8
"""Where the hospital's narcotics are given out, and who may prescribe them."""
DOSES = {AMLODIPINE: "5", ASPIRIN: "100"}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A paid prescription and its patient's phone."""

    stack: Stack
    patient: Client
    id: str
    pharmacy: str

    def code(self, kind: Kind = Kind.SCREEN) -> str:
        """A fresh one, as the phone shows it, or prints it."""
        origin = self.stack.cast.http.get("/log/checkpoint").text.splitlines()[0]
        return pickup_code(self.patient, self.id, self.pharmacy, origin, kind=kind)

    def pays(self) -> None:
        """Anew, once another bill was agreed to."""
        _pay(self.stack, self.patient, self.id)

    def status(self) -> str:
        return str(self.patient.get(f"/api/prescriptions/{self.id}")["status"])

    def handed_over(self) -> None:
        """By API: given out after every check, and the patient has it."""
        pharmacist = self.stack.cast.member(self.pharmacy, "pharmacist")
        (scan,) = pharmacist.write("/api/scans", {"code": self.code()})["scans"]
        seen = pharmacist.get(f"/api/scans/{scan['id']}")
        checks = [one["check"] for one in seen["check_list"]]
        given = {"lines": seen["parts"]["chosen"], "checks": checks}
        pharmacist.command(f"/api/prescriptions/{self.id}/dispense", given)
        self.patient.command(f"/api/prescriptions/{self.id}/deliver")


def narcotic(stack: Stack, person: Patient) -> Waiting:
    """
    A paid prescription of morphine: two have reviewed it, and it is fetched where it was issued.

    Two pharmacists give it out.
    """
    cast = stack.cast
    patient, doctor = cast.patient(person), cast.staff(f"{HOSPITAL}/doctor/{PRESCRIBER}")
    lines = [{**_line(MORPHINE, 1), "dose": "30", "frequency": "q12h", "days": 3}]
    pain = [
        {"code": "C34.900", "name": "肺恶性肿瘤", "main": True},
        {"code": "R52.200", "name": "慢性疼痛", "main": False},
    ]
    draft = {"patient": person.id_number, "online": False, "diagnoses": pain, "lines": lines}
    rx = str(doctor.write("/api/prescriptions", draft)["id"])
    doctor.command(f"/api/prescriptions/{rx}/issue")
    for number in range(2):
        reviewer = cast.member(HOSPITAL, "reviewer", number)
        reviewer.command(f"/api/prescriptions/{rx}/review", {"decision": "approve"})
    face = cast.face(person, "checkout")
    choice = {"pharmacy": OWN_PHARMACY, "way": "collect", "payers": [], "face_check": face}
    patient.command(f"/api/prescriptions/{rx}/authorize", choice)
    _pay(stack, patient, rx)
    return Waiting(stack, patient, rx, OWN_PHARMACY)


def paid(
    stack: Stack,
    person: Patient,
    *,
    pharmacy: str,
    way: str = "collect",
    medicines: tuple[str, ...] = (AMLODIPINE,),
    packs: int = 1,
    payers: tuple[str, ...] = (),
    **about: Any,
) -> Waiting:
    """``about`` is more of the draft: allergies, say."""
    cast = stack.cast
    patient, doctor = cast.patient(person), cast.member(HOSPITAL, "doctor")
    body = {
        "patient": person.id_number,
        "online": False,
        "diagnoses": [{"code": "I10.x00", "name": "原发性高血压", "main": True}],
        "lines": [_line(code, packs) for code in medicines],
        **about,
    }
    rx = str(doctor.write("/api/prescriptions", body)["id"])
    doctor.command(f"/api/prescriptions/{rx}/issue")
    approve = {"decision": "approve"}
    cast.member(HOSPITAL, "reviewer").command(f"/api/prescriptions/{rx}/review", approve)
    choice: dict[str, Any] = {"pharmacy": pharmacy, "way": way, "payers": list(payers)}
    if way == "courier":
        address = {"recipient": person.name, "phone": "13900139000", "text": "柳州市示例路1号"}
        choice |= {"address": patient.write("/api/me/addresses", address)["id"]}
        choice |= {"courier": "guishun-courier"}
    patient.command(f"/api/prescriptions/{rx}/authorize", choice)
    _pay(stack, patient, rx)
    return Waiting(stack, patient, rx, pharmacy)


def _line(code: str, packs: int) -> dict[str, Any]:
    usage = {"dose": DOSES.get(code, "5"), "dose_unit": "mg", "route": "1", "frequency": "qd"}
    return {"medicine": code, **usage, "days": 7, "quantity": packs}


def _pay(stack: Stack, patient: Client, rx: str) -> None:
    order = patient.write(f"/api/prescriptions/{rx}/pay", {})
    asked = patient.get(f"/api/payments/{order['out_trade_no']}/parameters")
    stack.cast.wechat.post("/simulator/pay", json=asked).raise_for_status()
    for _ in range(200):
        if patient.get(f"/api/prescriptions/{rx}")["status"] == "paid":
            return
        time.sleep(0.1)
    raise AssertionError("WeChat's notice has not come")


def typed(page: Page, text: str) -> None:
    """A scanner that types: into nothing in particular, with Enter at each line's end."""
    expect(page.locator("#scan")).to_be_visible()
    page.keyboard.type(text)
    if not text.endswith("\n"):
        page.keyboard.press("Enter")
