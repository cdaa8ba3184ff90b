"""A box opens for its key alone, however deep it stands; a key file is the owner's and stays."""

import io
import json
import stat
import sys

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st
from nacl.public import PrivateKey

from hospital import boxes

KEY, OTHER = PrivateKey.generate(), PrivateKey.generate()
ANSWERS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
).filter(lambda value: boxes.SEALED_TO not in json.dumps(value))


def boxed(answer, key=KEY):
    held = json.dumps({"looks": [], "answer": answer}).encode()
    return boxes.seal(held, bytes(key.public_key), "readingkey/one")


@given(ANSWERS)
def test_what_was_sealed_is_opened_and_what_is_clear_stays(answer):
    assert boxes.opened(boxed(answer), [OTHER, KEY]) == answer
    assert boxes.opened({"results": [boxed(answer), answer]}, [KEY]) == {"results": [answer] * 2}
    assert boxes.opened(boxed(boxed(answer)), [KEY]) == answer
    assert boxes.opened(answer, []) == answer


@given(ANSWERS)
def test_no_other_key_opens_it(answer):
    with pytest.raises(boxes.DoesNotOpen):
        boxes.opened([boxed(answer)], [OTHER])
    with pytest.raises(boxes.DoesNotOpen):
        boxes.opened(boxed(answer), [])


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_box_that_was_changed_does_not_open(place, turn):
    box = bytearray(boxes.sealed(b"an answer", bytes(KEY.public_key)))
    box[place % len(box)] ^= turn
    with pytest.raises(boxes.DoesNotOpen):
        boxes.unsealed(bytes(box), [KEY])


def test_a_box_tells_no_exact_length():
    """P1: a diagnosis more or less does not show; a page more does."""
    short, longer, page = (len(boxed("x" * size)["box"]) for size in (1, 400, 600))
    assert short == longer < page


def test_of_a_refusal_what_is_beside_the_box_stays():
    refusal = {"status": 422, "code": "body.invalid", **boxed({"fields": {"a": 1}})}
    assert boxes.opened(refusal, [KEY]) == {
        "status": 422,
        "code": "body.invalid",
        "fields": {"a": 1},
    }


def test_a_key_file_is_the_owners_and_is_never_written_over(tmp_path):
    path = tmp_path / "reading.key"
    public = boxes.make(path)
    before = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert bytes(boxes.load(path).public_key) == public
    with pytest.raises(FileExistsError):
        boxes.make(path)
    assert path.read_bytes() == before
    path.write_text("x")
    with pytest.raises(boxes.Unusable):
        boxes.load(path)


class TestCommand:
    """``./rx reading-key``."""

    def run(self, *words):
        out = io.StringIO()
        call_command("reading_key", *map(str, words), stdout=out)
        return out.getvalue()

    def test_makes_a_key_and_opens_what_is_sealed_to_it(self, tmp_path, monkeypatch):
        old, new = tmp_path / "old.key", tmp_path / "new.key"
        self.run("new", old)
        said = self.run("new", new)
        key = boxes.load(old)
        assert boxes.fingerprint(bytes(boxes.load(new).public_key)) in said
        assert new.read_text().strip() not in said
        monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(boxed({"药": 1}, key))))
        assert json.loads(self.run("open", new, old)) == {"药": 1}

    @pytest.mark.parametrize("text", ["", "{", json.dumps(boxed(1))])
    def test_says_in_a_sentence_what_it_cannot_do(self, tmp_path, monkeypatch, text):
        path = tmp_path / "reading.key"
        self.run("new", path)
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        for words in (("open", path), ("new", path), ("open", tmp_path / "none.key")):
            with pytest.raises(CommandError, match=r"\.$"):
                self.run(*words)
