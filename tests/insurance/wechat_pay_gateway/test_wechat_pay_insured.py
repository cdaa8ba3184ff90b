"""Medical-insurance payment: what adds up is ordered, paid in two parts, and given back in two."""

import dataclasses
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.simulators import medins
from config.simulators.web import Refusal
from insurance.gateways import wechat_pay_insured
from insurance.gateways.insured_shares import Mix, MixedOrder, Shares, UnevenShares, id_digest
from insurance.gateways.wechat_pay import ForgedNotice, Refused, StaleNotice, UnknownOrder
from insurance.gateways.wechat_pay_core import Keys
from insurance.gateways.wechat_pay_insured import InsuredClient
from tests.insurance.wechat_pay_gateway.merchant import HASTY, an_order, now, numbers

ID = "44030019000101123x"
BOTH = Shares(total=9000, gov=4000, own=1500, other=500, cash=2000, freight=1000, reduced=300)


@pytest.fixture(params=["public key", "certificate"])
def insured(bench, request) -> InsuredClient:
    keys = Keys.read(bench.folder / "merchant")
    if request.param == "certificate":
        bench.tell("behaviour", signs_with="certificate")
        keys = dataclasses.replace(keys, wechatpay_public="", wechatpay_public_id="")
    return InsuredClient(
        keys,
        base=bench.url,
        appid=bench.merchant.appid,
        mchid=bench.merchant.mchid,
        callback_url=bench.notify_url,
        patience=HASTY,
    )


def mixed(client, shares: Shares = BOTH, **changed: object) -> MixedOrder:
    """An order of these shares; its cash, if there is any, waits as an order of its number."""
    number = next(numbers)
    prepay_id = ""
    if shares.paid_in_cash:
        prepay_id = client.prepay(an_order(out_trade_no=number, total_fen=shares.paid_in_cash))
    order = MixedOrder(
        out_trade_no=number,
        serial_no=f"RX{number}",
        shares=shares,
        openid="o-zhang",
        name="张三",
        id_number=ID,
        city="450200",
        pharmacy_name="柳州大药房",
        pharmacy_code="P45020000001",
        settled_as="ORD450200202611270001" if shares.insured else "",
        authorized_as="AUTH450200202611270001" if shares.insured else "",
        settled_at=datetime(2026, 11, 27, 4, tzinfo=UTC) if shares.insured else None,
        prepay_id=prepay_id,
    )
    return dataclasses.replace(order, **changed)  # type: ignore[arg-type]


def confirmed(bench, mix_trade_no: str, **how: str) -> None:
    bench.tell("insured-pay", mix_trade_no=mix_trade_no, **how)


WAYS = {
    Mix.CASH_AND_INSURANCE: (BOTH, ("SUCCESS", "SUCCESS")),
    Mix.CASH_ONLY: (Shares(total=2500, cash=2000, freight=500), ("SUCCESS", "NONE")),
    Mix.INSURANCE_ONLY: (Shares(total=2500, gov=2000, own=500), ("NONE", "SUCCESS")),
}


@pytest.mark.parametrize("mix", WAYS, ids=str)
def test_each_way_is_ordered_confirmed_told_and_asked_about(bench, client, insured, mix):
    shares, (cash, fund) = WAYS[mix]
    order = mixed(client, shares)

    made = insured.order(order)
    again = insured.order(order)
    confirmed(bench, made.mix_trade_no)

    assert (made.mix, made.total_fen, made.insured_fen, made.cash_fen) == (
        *("CREATED", shares.total, shares.insured, shares.paid_in_cash),
    )
    assert again == made
    state = insured.query(order.out_trade_no)
    assert insured.query_mixed(made.mix_trade_no) == state
    expected = ("SUCCESS", cash, "SUCCESS" if fund != "NONE" else "NONE")
    assert (state.mix, state.cash, state.insured) == expected
    assert state.paid_at is not None
    letters = bench.box.wait_for(2 if shares.paid_in_cash else 1)
    told = [_read(insured, letter) for letter in letters]
    assert [one for one in told if one] == [state]


def _read(insured, letter):
    try:
        return insured.read_notice(*letter, at=now())
    except ForgedNotice:
        return None  # the cash order's own notice


def test_name_and_digest_travel_encrypted_and_arrive(bench, client, insured):
    """Nothing of it is in clear: the simulator alone opens it."""
    order = mixed(client)

    asked = insured._asked(order)
    insured.order(order)

    text = str(asked)
    assert "张三" not in text
    assert id_digest(ID) not in text
    assert ID not in repr(order)
    seen = httpx.get(f"{bench.url}/simulator/insured/{order.out_trade_no}", verify=False).json()
    assert seen == {"name": "张三", "id_digest": "09eb26e839ff3a2e3980352ae45ef09e"}


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "李四"},
        {"id_number": "440300190001011234"},
        {"serial_no": "RX-another"},
        {"settled_as": "ORD2"},
        {"openid": "o-li"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_number_stands_for_its_parameters(client, insured, changed):
    order = mixed(client)
    insured.order(order)

    with pytest.raises(Refused, match="INVALID_REQUEST"):
        insured.order(dataclasses.replace(order, **changed))


def test_the_cash_is_the_order_of_that_number_and_amount(client, insured):
    order = mixed(client)
    less = dataclasses.replace(BOTH, total=BOTH.total - 1, cash=BOTH.cash - 1)

    for wrong in ({"prepay_id": "wx0"}, {"prepay_id": ""}, {"shares": less}):
        with pytest.raises(Refused, match="PARAM_ERROR"):
            insured.order(dataclasses.replace(order, **wrong))
    with pytest.raises(UnknownOrder):
        insured.order(dataclasses.replace(order, out_trade_no=next(numbers)))


def test_the_fund_may_refuse_after_the_cash_was_paid(bench, client, insured):
    """Then nothing is paid as a whole, and the cash is to be given back."""
    order = mixed(client)
    made = insured.order(order)

    confirmed(bench, made.mix_trade_no, fund="refuses")

    state = insured.query(order.out_trade_no)
    assert (state.mix, state.cash, state.insured) == ("FAIL", "SUCCESS", "FAIL")
    assert client.query(order.out_trade_no).trade_state == "SUCCESS"


def test_it_is_given_back_in_two_parts_under_one_number(bench, client, insured):
    order = mixed(client)
    made = insured.order(order)
    confirmed(bench, made.mix_trade_no)
    number, at = f"{order.out_trade_no}R", now()

    client.refund(
        out_trade_no=order.out_trade_no,
        out_refund_no=number,
        refund_fen=BOTH.paid_in_cash,
        total_fen=BOTH.paid_in_cash,
        reason="退药",
    )
    for _ in range(2):
        insured.tell_refund(made.mix_trade_no, out_refund_no=number, shares=BOTH, at=at)

    state = insured.query(order.out_trade_no)
    assert (state.mix, state.cash, state.insured) == ("REFUND", "REFUND", "REFUND")
    with pytest.raises(Refused):
        insured.tell_refund(
            made.mix_trade_no, out_refund_no=f"{number}2", shares=BOTH, at=at + timedelta(days=1)
        )


def test_what_was_not_paid_is_not_given_back(client, insured):
    made = insured.order(mixed(client))

    with pytest.raises(Refused, match="PARAM_ERROR"):
        insured.tell_refund(made.mix_trade_no, out_refund_no="R1", shares=BOTH, at=now())
    with pytest.raises(UnknownOrder):
        insured.query("NEVER-OPENED")


def test_an_old_or_altered_notice_is_refused(bench, client, insured):
    """I13, I14"""
    made = insured.order(mixed(client, WAYS[Mix.INSURANCE_ONLY][0]))
    confirmed(bench, made.mix_trade_no)
    ((headers, body),) = bench.box.wait_for(1)

    with pytest.raises(StaleNotice):
        insured.read_notice(headers, body, at=now() + timedelta(seconds=302))
    with pytest.raises(ForgedNotice):
        insured.read_notice(headers, body.replace(b"1", b"2", 1), at=now())


NAMES = ("total", "gov", "own", "other", "cash", "freight", "reduced")


@given(st.fixed_dictionaries(dict.fromkeys(NAMES, st.integers(-1, 20))), st.booleans())
def test_our_rules_about_sums_are_wechat_pays(drawn, even):
    """Whatever we let through it takes, and whatever it takes we let through."""
    if even:
        drawn["total"] = sum(drawn[name] for name in NAMES[1:6])
    asked = {
        "total_fee": drawn["total"],
        "med_ins_gov_fee": drawn["gov"],
        "med_ins_self_fee": drawn["own"],
        "med_ins_other_fee": drawn["other"],
        "med_ins_cash_fee": drawn["cash"],
        "wechat_pay_cash_fee": drawn["cash"] + drawn["freight"] - drawn["reduced"],
        "cash_add_detail": [{"cash_add_fee": drawn["freight"], "cash_add_type": "FREIGHT"}],
        "cash_reduce_detail": [
            {"cash_reduce_fee": drawn["reduced"], "cash_reduce_type": "PHARMACY_DISCOUNT"}
        ],
        **dict.fromkeys(medins.OF_THE_FUND, "x"),
    }
    try:
        asked["mix_pay_type"] = Shares(**drawn).mix
    except UnevenShares:
        for mix in medins.MIXES:
            with pytest.raises(Refusal):
                medins.check_sums({**asked, "mix_pay_type": mix})
        return
    medins.check_sums(asked)
    for mix in set(medins.MIXES) - {asked["mix_pay_type"]}:
        with pytest.raises(Refusal):
            medins.check_sums({**asked, "mix_pay_type": mix})


def test_the_settings_make_one_client_per_process(bench, settings):
    settings.WECHAT = bench.settings()
    assert wechat_pay_insured.client() is wechat_pay_insured.client()
