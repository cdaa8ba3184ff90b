"""The program's sockets: kept open, in step, closed to the slow; and its end."""

import hashlib
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import treehead
from ledger.witness import connections, requests
from tests.witness.programs import served
from tests.witness.trees import ORIGIN, Tree, a_home

TREE = Tree()
DIGEST = hashlib.sha256(ORIGIN.encode()).hexdigest()
ADD = "/witness/add-checkpoint"
PLACES = 12
HASTY = f"""
import sys
from ledger.witness import connections
from ledger.witness.__main__ import main
connections.DEADLINE_S, connections.LOOK_S, connections.MOST = 1, 1, {PLACES}
sys.exit(main())
"""


@pytest.fixture(scope="module")
def witness(tmp_path_factory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("witness")
    a_home(folder, TREE)
    with served(folder) as (client, _):
        assert client.post(ADD, content=TREE.body(0, 5)).status_code == 200
        yield client


def spoken(witness: httpx.Client, *requests_: bytes) -> bytes:
    """All that comes back over one connection."""
    with closing(socket.create_connection(("127.0.0.1", witness.base_url.port), 20)) as line:
        for request in requests_:
            line.sendall(request)
        read = bytearray()
        while part := line.recv(65_536):
            read += part
    return bytes(read)


def test_a_connection_is_kept_for_the_next_request(witness):
    """D5: three answers in step, one of them to HEAD, which has no body."""
    path = f"/witness/{DIGEST}/checkpoint"
    head = f"HEAD {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    body = TREE.body(5, 5)
    post = f"POST {ADD} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    last = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

    read = spoken(witness, head + post + body + last)

    assert read.count(b"HTTP/1.1 200 OK\r\n") == 3
    first, _, rest = read.partition(b"\r\n\r\n")
    assert b"Content-Length: 0" not in first
    assert rest.startswith(b"HTTP/1.1 200 OK\r\n")
    assert read.endswith(b"\r\n\r\nok\n")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", ADD, "POST"),
        ("DELETE", f"/witness/{DIGEST}/checkpoint", "GET, HEAD"),
        ("PUT", "/healthz", "GET, HEAD"),
        ("BREW", f"/witness/{DIGEST}/suspects", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_told_the_right_one(witness, method, path, allowed):
    """D5: 405."""
    answer = witness.request(method, path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)


@pytest.mark.parametrize(
    "path",
    [
        *("//healthz", "/witness//", f"{ADD}/", f"/{ADD}", f"/witness/{DIGEST}/checkpoint/"),
        *(f"/witness/{DIGEST}/checkpoint/{size}" for size in ("05", "6", "-1", "5/5", "9" * 40)),
        *(f"/witness/{DIGEST.upper()}/checkpoint", f"/witness/{DIGEST}/suspects/5"),
        *("/witness/add-patients", "/validator/add-checkpoint", "/validator/add-patients"),
    ],
)
def test_nothing_is_where_nothing_should_be(witness, path):
    """D5: 404, to POST as to GET; there is no validator in this home."""
    for method in ("GET", "POST"):
        answer = witness.request(method, path, content=TREE.body(5, 7) if method == "POST" else b"")
        assert answer.status_code == 404


def test_shows_what_was_cosigned_at_a_size(witness):
    """L4: the other half of the evidence, when the log has long gone on."""
    answer = witness.get(f"/witness/{DIGEST}/checkpoint/5")
    head = treehead.open_checkpoint(answer.content, TREE.signer.verifier)
    assert (answer.status_code, head.size) == (200, 5)


@pytest.mark.parametrize(
    ("request_", "statuses"),
    [
        (f"POST {ADD} HTTP/1.1\r\nContent-Length: {'9' * 5000}\r\n\r\n", (431,)),
        (f"POST {ADD} HTTP/1.1\r\nContent-Length: {'9' * 3000}\r\n\r\n", (413,)),
        (f"POST {ADD} HTTP/1.1\r\nContent-Length: -1\r\n\r\n", (400,)),
        (f"POST {ADD} HTTP/1.1\r\nContent-Length: {1 << 20 | 1}\r\n\r\n", (413,)),
        (f"POST {ADD} HTTP/1.1\r\n\r\n", (400, 411)),
        (f"POST {ADD} HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", (400, 501)),
        (f"POST {ADD} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", (400,)),
        (f"GET /healthz HTTP/1.1\r\nX: {'y' * 6000}\r\n\r\n", (431,)),
        ("OPTIONS * HTTP/1.1\r\n\r\n", (404,)),
        ("\x16\x03\x01\x00\r\n\r\n", (400,)),
    ],
)
def test_bad_http_is_answered_and_not_with_500(witness, request_, statuses):
    """D2, D5: lengths that are none, other encodings, long headers, no HTTP at all."""
    sent = request_.replace("HTTP/1.1\r\n", "HTTP/1.1\r\nHost: x\r\nConnection: close\r\n", 1)
    status = int(spoken(witness, sent.encode("latin-1")).split(b" ", 2)[1])
    assert status in statuses
    assert witness.get("/healthz").status_code == 200


def test_a_body_may_come_in_chunks_up_to_the_limit(witness):
    """D2: the limit holds for bodies whose length is not told beforehand."""
    assert witness.post(ADD, content=iter([TREE.body(5, 5)])).status_code == 200
    part = b"x" * (1 << 16)
    assert witness.post(ADD, content=iter([part] * 17)).status_code == 413


BODIES = st.one_of(
    st.binary(max_size=200),
    st.builds(
        requests.encode,
        st.integers(-1, 1 << 60),
        st.lists(st.binary(min_size=32, max_size=32), max_size=64).map(tuple),
        st.integers(0, 300).map(TREE.checkpoint),
    ),
    st.tuples(st.integers(0, 300), st.binary(min_size=1, max_size=3)).map(
        lambda cut: TREE.body(5, 9)[: cut[0]] + cut[1] + TREE.body(5, 9)[cut[0] + 1 :]
    ),
)


@given(BODIES)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_body_breaks_it(witness, body):
    """D4: each answer is one of the specification's."""
    answer = witness.post(ADD, content=body)
    assert answer.status_code in (200, 400, 403, 404, 409, 422)
    if answer.status_code == 409:
        assert answer.headers["Content-Type"] == "text/x.tlog.size"


@pytest.mark.parametrize("drop", [b"x", b"\r\n\r\n"], ids=["header", "empty lines"])
def test_those_who_drip_take_no_place_for_ever(tmp_path, drop):
    """D2: every place is taken by somebody who sends a little now and then; others are answered."""
    a_home(tmp_path, TREE)
    over = threading.Event()
    with served(tmp_path, program=(sys.executable, "-c", HASTY)) as (client, _):
        address = ("127.0.0.1", client.base_url.port)
        client.close()
        lines = [socket.create_connection(address) for _ in range(PLACES)]
        dripping = threading.Thread(target=_drip, args=(lines, drop, over))
        dripping.start()
        try:
            answer = httpx.get(f"http://127.0.0.1:{address[1]}/healthz", timeout=20)
        finally:
            over.set()
            dripping.join()
            for line in lines:
                line.close()
    assert answer.status_code == 200


def _drip(lines: list[socket.socket], drop: bytes, over: threading.Event) -> None:
    while not over.wait(0.1):
        for line in lines:
            try:
                line.sendall(drop)
            except OSError:
                continue


def test_more_than_the_workers_may_be_slow(witness):
    """D2: twice as many half-sent requests as there are workers; the next is answered."""
    half = f"POST {ADD} HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nold".encode()
    address = ("127.0.0.1", witness.base_url.port)
    lines = [socket.create_connection(address) for _ in range(2 * connections.THREADS)]
    for line in lines:
        line.sendall(half)
    assert witness.get("/healthz").status_code == 200
    for line in lines:
        line.close()


def test_it_ends_when_it_is_told_to(tmp_path):
    """F14: SIGTERM, with a connection open; what it has said is there at the next start."""
    a_home(tmp_path, TREE)
    with served(tmp_path) as (client, process):
        assert client.post(ADD, content=TREE.body(0, 3)).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    with served(tmp_path) as (client, _):
        assert client.post(ADD, content=TREE.body(0, 3)).text == "3\n"
