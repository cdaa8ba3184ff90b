"""Webhooks as bytes: what is signed, what a receiver takes, and to which addresses none goes."""

import base64
import socket

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from hospital.feeds import addresses, webhook

SEED, OTHER = b"\x01" * 32, b"\x02" * 32
KEY = webhook.public_key(SEED)
AT = 1_764_000_000
BODY = b'{"type":"insurance.pay","data":{}}'


def signed(**changes):
    values = {"message": "msg_1", "at_s": AT, "body": BODY, "seeds": [SEED], **changes}
    return webhook.headers(**values)


def taken(headers, body=BODY, keys=(KEY,), at_s=AT):
    return webhook.verified(headers, body, keys, at_s=at_s)


def test_what_is_signed_is_the_standards():
    """Standard Webhooks 1.0.0: ``id.timestamp.body``, ``v1a,``, ``whpk_``; made here by hand."""
    by_hand = SigningKey(SEED).sign(b"msg_1.%d." % AT + BODY).signature
    assert signed()["webhook-signature"] == "v1a," + base64.b64encode(by_hand).decode()
    assert "whpk_" + base64.b64encode(bytes(SigningKey(SEED).verify_key)).decode() == KEY
    assert taken(signed()) == ("msg_1", {"type": "insurance.pay", "data": {}})


def test_two_keys_sign_while_one_goes_over_to_the_other():
    both = signed(seeds=[OTHER, SEED])
    for seed in (SEED, OTHER):
        assert taken(both, keys=[webhook.public_key(seed)])
    with pytest.raises(webhook.NotOurs):
        taken(signed(seeds=[OTHER]))


def test_other_schemes_are_passed_over():
    line = signed()["webhook-signature"]
    assert taken({**signed(), "webhook-signature": f"v1,abc= v2,x {line}"})


@pytest.mark.parametrize("at_s", [AT - 301, AT + 301])
def test_an_old_one_is_not_taken_again(at_s):
    with pytest.raises(webhook.NotOurs):
        taken(signed(), at_s=at_s)
    assert taken(signed(), at_s=AT + 300)


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": str(AT + 1)},
        {"webhook-timestamp": "\u0661"},
        {"webhook-timestamp": ""},
        {"webhook-signature": ""},
        {"webhook-signature": "v1a,!!"},
        {"webhook-signature": "v1a," + base64.b64encode(bytes(64)).decode()},
    ],
)
def test_a_changed_header_is_refused(changes):
    with pytest.raises(webhook.NotOurs):
        taken({**signed(), **changes})


@pytest.mark.parametrize("at", range(len(BODY)))
def test_a_changed_byte_is_refused(at):
    with pytest.raises(webhook.NotOurs):
        taken(signed(), BODY[:at] + bytes([BODY[at] ^ 1]) + BODY[at + 1 :])


@pytest.mark.parametrize("body", [b"[]", b"", b"\xff", b"[" * 60_000, b" " * 65_537])
def test_what_is_no_object_is_refused_though_it_is_signed(body):
    """D4"""
    with pytest.raises(webhook.NotOurs):
        taken(signed(body=body), body)


@given(st.dictionaries(st.sampled_from(sorted(signed())), st.text()), st.binary())
def test_nothing_else_happens_to_any_input(headers, body):
    with pytest.raises(webhook.NotOurs):
        taken(headers, body)


# --- addresses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1"),
        *("169.254.169.254", "169.254.0.23", "100.100.100.200", "168.63.129.16", "192.88.99.1"),
        *("224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "192.0.0.170"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1"),
        *("2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "", "localhost"),
    ],
)
def test_no_network_of_ours_is_public(address):
    """D7"""
    assert not addresses.is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "114.114.114.114", "2606:4700:4700::1111"])
def test_the_internet_is_public(address):
    assert addresses.is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://hooks.example.cn/rx",
            "https://localhost/rx",
            "https://127.0.0.1/rx",
            "ftp://a.cn",
        ),
        *(
            "https://2130706433/",
            "https://0x7f.1/",
            "https://127.1/",
            "https://[::1]/",
            "https:///",
        ),
        *("https://a:b@hooks.example.cn/", "https://hooks.example.cn@127.0.0.1/", "//a.cn/x"),
        *("https://hooks.example.cn:22/", "https://hooks.example.cn:0443/", "https://a.cn:99999/"),
        *("https://a.cn/?x=1", "https://a.cn/#x", "https://a.cn/%2e%2e/", "https://a.cn/../x"),
        *("https://a.cn\\@b.cn/", "https://a.cn/\n", "https://a.cn/\x00", "https://Ａ.cn/", ""),
        *("https://-a.cn/", "https://a..cn/", "https://a.cn./", "https://a.cn//b", " https://a.cn"),
        "https://a.cn/" + "x" * 300,
    ],
)
def test_an_address_has_one_form(url):
    """D7, D4: no two programs read it differently."""
    with pytest.raises(addresses.BadUrl):
        addresses.target(url)


def test_a_name_and_a_path_are_enough():
    found = addresses.target("https://hooks.pharmacy-1.example.cn:8443/rx/v1/take.php")
    assert (found.host, found.port) == ("hooks.pharmacy-1.example.cn", 8443)
    assert addresses.target("https://a.cn").port == 443


@pytest.mark.parametrize(
    "found", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["2606:4700:4700::1111", "::1"], []]
)
def test_a_name_that_leads_to_us_leads_nowhere(monkeypatch, found):
    """D7: one private address among public ones is enough."""
    answers = [(2, 1, 6, "", (one, 443)) for one in found]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    with pytest.raises(addresses.NotPublic):
        addresses.looked_up("https://hooks.example.cn/rx")


def test_this_machine_is_none_outside_of_tests_and_demo():
    with override_settings(FEEDS_LOCAL=False), pytest.raises(addresses.BadUrl):
        addresses.target("http://127.0.0.1:8000/hooks")
    with override_settings(FEEDS_LOCAL=True):
        assert addresses.target("http://127.0.0.1:8000/hooks").port == 8000
        for url in ("http://10.0.0.1:8000/", "http://localhost:8000/", "http://127.0.0.1/"):
            with pytest.raises(addresses.BadUrl):
                addresses.target(url)
