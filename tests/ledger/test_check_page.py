"""The page on which anybody checks a receipt: it is whole, and has words for everything."""

import hashlib
import json
import re
import shutil
import subprocess
import zlib
from pathlib import Path
from urllib.parse import urljoin

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import settings as quickly
from hypothesis import strategies as st

from ledger import paper
from ledger.note import Malformed
from tests.ledger.javascript import Refused, shared
from tests.ledger.test_paper import typical
from tests.world import a_client

STATIC = Path(settings.BASE_DIR) / "ledger" / "static" / "ledger"
OTHERS = {"patients.js"}
"""What other pages use: the proof of a patient's whole list."""
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
IMPORTS = re.compile(
    r"""^(?:import|export|\}) [^;]*?from ["']([^"']+)["']|\bimport\("([^"]+)"\)""", re.M
)


def test_every_file_of_the_page_is_served(database):
    """Modules, their modules, the style: no build step, no other host."""
    client = a_client()
    page = client.http.get("/check")
    assert page.status_code == 200
    assert "处方凭证验证" in page.text
    assert "'unsafe" not in page.headers["content-security-policy"]
    waiting = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    seen: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = client.http.get(path)
        assert answer.status_code == 200, path
        kind = "text/css" if path.endswith("css") else "text/javascript"
        assert answer.headers["content-type"].startswith(kind), path
        for static, dynamic in IMPORTS.findall(COMMENT.sub("", answer.text)):
            assert (static or dynamic).startswith("."), path
            waiting.append(urljoin(path, static or dynamic))
    names = {path.removeprefix("/static/ledger/") for path in seen}
    assert names == {
        path.relative_to(STATIC).as_posix()
        for path in STATIC.rglob("*.[jc]s*")
        if "json" not in path.name and path.name not in OTHERS
    }


def test_it_has_chinese_words_for_every_kind_and_every_refusal():
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    script = f"import * as w from {str(STATIC / 'words.js')!r}; console.log(JSON.stringify(w))"
    said = subprocess.check_output([node, "--input-type=module", "-e", script], text=True)
    words = json.loads(said)
    law = json.loads((Path(settings.BASE_DIR) / "docs" / "law.json").read_text())
    kinds = {
        move["kind"] for family in law["families"].values() for move in family["moves"].values()
    }
    assert set(words["KINDS"]) == kinds
    modules = [path.read_text() for path in STATIC.glob("*.js") if path.name not in OTHERS]
    codes = re.findall(r'Refusal\("(\w+)"|refuse\("(\w+)"', "".join(modules))
    assert set(words["REASONS"]) == {first or second for first, second in codes} - {""}


def test_codes_are_joined_as_in_python():
    """D4: in any order, and the same are refused."""
    data = typical()
    one, two = paper.parts(data)
    other = paper.parts(data.replace(b"index 123456", b"index 123457"))
    good = [[one, two], [two, one, two]]
    bad = [
        [],
        [one],
        [one, other[1]],
        [one, two.lower()],
        [one, two[:-3] + "000"],
        [one, two + "::"],
    ]
    bad += [[text.replace(one[8:16], "0" * 8) for text in (one, two)], ["RX1:0/1:00000000:AB"]]
    for texts in (*good, *bad):
        try:
            expected = paper.joined(texts).decode()
        except Malformed:
            with pytest.raises(Refused, match="malformed"):
                shared().ask("join", texts=texts)
        else:
            assert shared().ask("join", texts=texts) == expected
            assert texts in good


@quickly(max_examples=100, deadline=None)
@given(st.lists(st.text(alphabet="RX1:/ 0123456789ABCDEFGHIJ", max_size=60), max_size=3))
def test_no_text_crashes_the_reader(texts):
    """D4: whatever a scanner reads."""
    for more in ([], [f"RX1:1/1:00000000:{''.join(texts)}"]):
        with pytest.raises(Refused, match="malformed"):
            shared().ask("join", texts=[*texts, *more])


def test_a_bomb_does_not_go_off():
    """D2: unfolding stops at a receipt's largest size."""
    packed = zlib.compress(b"0" * (64 << 20), 9)
    sign = hashlib.sha256(packed).hexdigest()[:8].upper()
    with pytest.raises(Refused, match="malformed"):
        shared().ask("join", texts=[f"RX1:1/1:{sign}:{paper._encode(packed)}"])
