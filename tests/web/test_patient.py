"""A patient's phone: who one is, a key, a prescription's way to the door, its bill."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from hospital.client import Client
from prescriptions.uploaded import Patient
from tests.web import entering
from tests.web.looking import axe, fits, picture
from tests.web.stacks import Stack

HOSPITAL = "liuzhou-hospital"
INJECTED = "<img src=x onerror=alert(1)>"
LINE = {
    "medicine": "XC08CAA023E002010110851",
    "dose": "5",
    "dose_unit": "mg",
    "route": "1",
    "frequency": "qd",
    "days": 7,
    "quantity": 1,
    "note": f"早饭后 {INJECTED}",
}


def looks(page: Page, name: str) -> None:
    """Anybody can read it, on any phone."""
    expect(page.locator("main")).to_have_attribute("aria-busy", "false")
    axe(page)
    fits(page)
    picture(page, f"patient-{name}")


def prescribed(stack: Stack, person: Patient) -> str:
    """By a doctor who has seen the patient, and approved."""
    doctor = stack.cast.member(HOSPITAL, "doctor")
    draft = {
        "patient": person.id_number,
        "online": False,
        "valid_days": 3,
        "diagnoses": [{"code": "I10.x00x002", "name": "高血压", "main": True}],
        "lines": [LINE],
    }
    rx = str(doctor.write("/api/prescriptions", draft)["id"])
    doctor.command(f"/api/prescriptions/{rx}/issue")
    reviewer = stack.cast.member(HOSPITAL, "reviewer")
    reviewer.command(f"/api/prescriptions/{rx}/review", {"decision": "approve"})
    return rx


def signs(page: Page) -> None:
    """What is signed is shown first."""
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_role("button", name="签名确认").click()


def gives_out(pharmacist: Client, code: str) -> None:
    (scan,) = pharmacist.write("/api/scans", {"code": code})["scans"]
    seen = pharmacist.get(f"/api/scans/{scan['id']}")
    body = {
        "lines": seen["parts"]["chosen"],
        "checks": [one["check"] for one in seen["check_list"]],
    }
    pharmacist.command(f"/api/prescriptions/{scan['prescription']}/dispense", body)


@pytest.fixture
def somebody(stack: Stack) -> Patient:
    return stack.somebody()


@pytest.fixture
def patient(person, stack, somebody) -> Page:
    """Logged in with WeChat, seen by the camera, with a key on the phone."""
    page: Page = person()
    entering.from_wechat(page, stack, somebody)
    expect(page).to_have_url(f"{stack.web_url}/patient/identify")
    looks(page, "identify")
    page.get_by_label("姓名").fill(somebody.name)
    page.get_by_label("身份证号").fill(somebody.id_number)
    page.get_by_label("手机号").fill(somebody.phone)
    page.get_by_role("button", name="开始人脸核验").click()
    page.get_by_role("button", name="摄像头").click()
    page.get_by_role("button", name="制作密钥，开始使用").click()
    expect(page.get_by_text("还没有处方")).to_be_visible()
    return page


def test_from_the_doctor_to_the_door(patient, stack, somebody, watch):
    """A1, K1: seen, compared, authorized, paid, scanned, carried, signed for, explained."""
    watch.expect("status of 409")  # what is not cosigned yet is asked for again
    rx = prescribed(stack, somebody)
    patient.reload()
    looks(patient, "home")

    patient.locator(".rx-link").first.click()
    expect(patient.locator(".seal")).to_contain_text("与医生签名的内容一致", timeout=70_000)
    expect(patient.locator(".doses .taken")).to_have_count(1)
    expect(patient.get_by_text(INJECTED)).to_be_visible()  # text stays text
    looks(patient, "prescription")

    patient.get_by_role("link", name="选药房").click()
    expect(patient.locator(".offer").first).to_be_visible()
    looks(patient, "choose")
    offer = patient.locator(".offer", has=patient.get_by_text("配送费")).first
    pharmacy = offer.get_attribute("data-pharmacy") or ""
    offer.get_by_role("button", name="选这家").click()
    offer.get_by_text("送到家").first.click()
    said = {"收件人": somebody.name, "电话": somebody.phone, "地址": "示例路1号"}
    for label, words in said.items():
        offer.get_by_label(label).fill(words)
    looks(patient, "checkout")
    offer.get_by_role("button", name="签名授权这家药房").click()
    signs(patient)

    pay = patient.get_by_role("button", name="微信支付")
    expect(pay).to_be_visible()
    looks(patient, "pay")
    pay.click()
    patient.get_by_role("button", name="确认支付").click()

    patient.get_by_role("link", name="出示取药码").click()
    shown = patient.locator(".qr[data-code]")
    expect(shown).to_be_visible()
    looks(patient, "code")
    gives_out(stack.cast.member(pharmacy, "pharmacist"), shown.get_attribute("data-code") or "")
    expect(patient.get_by_text("等待配送员取件").first).to_be_visible()  # it goes on by itself
    for slug in ("guishun-courier", "bagui-courier"):
        courier = stack.cast.member(slug, "courier")
        if rx in [one["prescription"] for one in courier.each("/api/parcels", "parcels")]:
            courier.command(f"/api/prescriptions/{rx}/ship")

    patient.reload()
    patient.get_by_role("button", name="显示收货码").click()
    expect(patient.locator(".big-code")).to_have_text(re.compile("^[0-9]{6}$"))
    looks(patient, "parcel")
    patient.get_by_role("button", name="我已收到药，签收").click()
    signs(patient)
    expect(patient.get_by_role("heading", name="已收到药").first).to_be_visible()
    patient.goto(f"/patient/bill#{rx}")
    expect(patient.get_by_text("您自付").first).to_be_visible()
    looks(patient, "bill")


def test_taken_back_and_printed(patient, stack, somebody):
    """E1: the authorization is withdrawn, another pharmacy chosen; the family gets a paper."""
    rx = prescribed(stack, somebody)
    for collected in (False, True):
        patient.goto(f"/patient/choose#{rx}")
        offer = patient.locator(".offer").first
        offer.get_by_role("button", name="选这家").click()
        offer.get_by_role("button", name="签名授权这家药房").click()
        signs(patient)
        expect(patient.get_by_role("button", name="微信支付")).to_be_visible()
        if not collected:
            patient.goto(f"/patient/prescription#{rx}")
            patient.get_by_role("button", name="撤回授权，另选药房").click()
            signs(patient)
            expect(patient.get_by_role("link", name="选药房")).to_be_visible()
    patient.get_by_role("button", name="微信支付").click()
    patient.get_by_role("button", name="确认支付").click()
    expect(patient.get_by_role("link", name="出示取药码")).to_be_visible()
    patient.goto(f"/patient/code#{rx}/paper")
    patient.get_by_role("button", name="制作打印的取药码").click()
    expect(patient.get_by_text("取药时，请向药师说出患者的出生日期。")).to_be_visible()
    looks(patient, "paper")
