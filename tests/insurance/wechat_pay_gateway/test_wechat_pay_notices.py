"""A notice is believed if WeChat Pay signed it, for us, just now; and read as it is."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from insurance.gateways import wechat_pay
from tests.insurance.wechat_pay_gateway.merchant import (
    an_order,
    client_of,
    now,
    paid,
)


class TestNotice:
    def test_tells_who_paid_what_for_which_order(self, bench, client):
        order = paid(bench, client, an_order())
        (letter,) = bench.box.wait_for(1)

        notice = client.read_notice(*letter, at=now())

        state = client.query(order.out_trade_no)
        assert isinstance(notice, wechat_pay.Notice)
        assert (notice.event_type, notice.trade_state) == ("TRANSACTION.SUCCESS", "SUCCESS")
        assert notice.id
        for name in dataclasses.asdict(state):
            assert getattr(notice, name) == getattr(state, name)

    def test_header_names_have_no_case(self, bench, client):
        paid(bench, client, an_order())
        ((headers, body),) = bench.box.wait_for(1)

        assert client.read_notice({n.lower(): v for n, v in headers.items()}, body, at=now())

    @pytest.mark.parametrize(
        ("forgery", "reason"),
        [
            ("probe", "probe"),
            ("signature", "signature"),
            ("serial", "serial"),
            ("body", "signature"),
        ],
    )
    def test_that_is_forged_is_refused(self, bench, client, forgery, reason):
        """I13, I19"""
        order = an_order()
        bench.tell("behaviour", out_trade_no=order.out_trade_no, callback={"forgery": forgery})
        paid(bench, client, order)

        verdicts = sorted(self.verdict(client, letter) for letter in bench.box.wait_for(2))

        assert verdicts == sorted(["genuine", reason])

    def test_that_is_old_is_refused(self, bench, client):
        """I14"""
        order = an_order()
        bench.tell("behaviour", out_trade_no=order.out_trade_no, callback={"forgery": "stale"})
        paid(bench, client, order)

        verdicts = sorted(self.verdict(client, letter) for letter in bench.box.wait_for(2))

        assert verdicts == ["genuine", "stale"]

    @pytest.mark.parametrize(
        ("seconds", "fresh"), [(300, True), (301, False), (-300, True), (-301, False)]
    )
    def test_is_fresh_for_exactly_300_seconds_both_ways(self, bench, client, seconds, fresh):
        """I14"""
        paid(bench, client, an_order())
        ((headers, body),) = bench.box.wait_for(1)
        signed_at = datetime.fromtimestamp(int(headers["Wechatpay-Timestamp"]), UTC)

        verdict = self.verdict(client, (headers, body), at=signed_at + timedelta(seconds=seconds))

        assert verdict == ("genuine" if fresh else "stale")

    def test_is_void_with_any_byte_changed(self, bench, client):
        """I13"""
        paid(bench, client, an_order())
        ((headers, body),) = bench.box.wait_for(1)

        for place in range(0, len(body), 7):
            altered = bytearray(body)
            altered[place] ^= 1
            with pytest.raises(wechat_pay.ForgedNotice):
                client.read_notice(headers, bytes(altered), at=now())

    @pytest.mark.parametrize(
        "name", ["Timestamp", "Nonce", "Signature", "Serial", "Signature-Type"]
    )
    @pytest.mark.parametrize("value", [None, "", "0x1", "١٢٣", "Ā", "9" * 400, "-1"])
    def test_is_void_without_any_of_its_headers(self, bench, client, name, value):
        """I13"""
        paid(bench, client, an_order())
        ((headers, body),) = bench.box.wait_for(1)
        headers.pop(f"Wechatpay-{name}")
        if value is not None:
            headers[f"Wechatpay-{name}"] = value

        with pytest.raises(wechat_pay.ForgedNotice):
            client.read_notice(headers, body, at=now())

    def test_of_a_stranger_makes_us_ask_nobody(self, bench, client):
        """An unknown serial number makes the bare SDK fetch certificates, each time."""
        paid(bench, client, an_order())
        ((headers, body),) = bench.box.wait_for(1)
        silent = client_of(bench, base="http://127.0.0.1:1")

        with pytest.raises(wechat_pay.ForgedNotice, match="serial"):
            silent.read_notice({**headers, "Wechatpay-Serial": "ABCDEF"}, body, at=now())

    def test_sealed_for_another_merchant_is_refused(self, bench, client):
        paid(bench, client, an_order())
        (letter,) = bench.box.wait_for(1)

        with pytest.raises(wechat_pay.ForgedNotice, match="content"):
            client_of(bench, apiv3_key="x" * 32).read_notice(*letter, at=now())

    @pytest.mark.parametrize(
        "content", [{"amount": {"total": "3001"}}, {"amount": {"total": True}}, {"mchid": None}]
    )
    def test_of_the_wrong_shape_is_refused(self, bench, client, content):
        order = an_order()
        bench.tell("behaviour", out_trade_no=order.out_trade_no, callback={"content": content})
        paid(bench, client, order)
        (letter,) = bench.box.wait_for(1)

        with pytest.raises(wechat_pay.ForgedNotice, match="content"):
            client.read_notice(*letter, at=now())

    def test_with_another_amount_is_told_as_it_is(self, bench, client):
        """I15: comparing is the part of whoever knows the order."""
        order = an_order()
        callback = {"content": {"amount": {"total": 1, "currency": "USD"}, "mchid": "other"}}
        bench.tell("behaviour", out_trade_no=order.out_trade_no, callback=callback)
        paid(bench, client, order)
        (letter,) = bench.box.wait_for(1)

        notice = client.read_notice(*letter, at=now())

        assert (notice.total_fen, notice.currency, notice.mchid) == (1, "USD", "other")

    @staticmethod
    def verdict(client, letter, at: datetime | None = None) -> str:
        try:
            client.read_notice(*letter, at=at or now())
        except wechat_pay.ForgedNotice as forged:
            return forged.reason
        except wechat_pay.StaleNotice:
            return "stale"
        return "genuine"
