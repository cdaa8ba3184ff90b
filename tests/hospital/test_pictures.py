"""A picture is told by its bytes; what is none, or too large, is refused."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.demo import form
from hospital.consultations import pictures

PNG = base64.b64decode(form.PICTURE)
JPEG = b"\xff\xd8\xff\xe0" + bytes(40) + b"\xff\xd9"
WEBP = b"RIFF" + (30).to_bytes(4, "little") + b"WEBP" + bytes(26)
KINDS = {"image/png": PNG, "image/jpeg": JPEG, "image/webp": WEBP}


def told(raw: bytes) -> pictures.Picture:
    return pictures.read(base64.b64encode(raw).decode())


@pytest.mark.parametrize("media_type", KINDS)
def test_takes_three_kinds(media_type):
    assert told(KINDS[media_type]).media_type == media_type


@pytest.mark.parametrize("media_type", KINDS)
def test_refuses_half_a_picture(media_type):
    """D4: cut anywhere."""
    whole = KINDS[media_type]
    for length in range(len(whole)):
        with pytest.raises(pictures.BadPicture):
            told(whole[:length])


def test_takes_a_million_bytes_and_no_more():
    """D1: to the byte; as text the largest fits the field."""
    filled = JPEG[:-2] + bytes(pictures.MAX_BYTES - len(JPEG)) + JPEG[-2:]
    assert len(filled) == pictures.MAX_BYTES
    assert len(told(filled).data) == pictures.MAX_BASE64
    with pytest.raises(pictures.BadPicture, match="larger"):
        told(JPEG[:-2] + bytes(pictures.MAX_BYTES - len(JPEG) + 1) + JPEG[-2:])


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"GIF89a" + bytes(20),
        b"%PDF-1.7 ",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<html>" + PNG,
        PNG + b"<script>",
        JPEG + b"PK\x03\x04",
        WEBP + b"x",
        b"RIFF" + WEBP[4:8] + b"WAVE" + WEBP[12:],
    ],
    ids=lambda raw: repr(raw[:12]),
)
def test_refuses_other_files_and_what_hides_behind_a_picture(raw):
    """D4, Z5"""
    with pytest.raises(pictures.BadPicture):
        told(raw)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "=",
        lambda text: text.rstrip("="),
        lambda text: text + "\n",
        lambda text: " " + text,
        lambda text: text.replace("+", "-").replace("/", "_") + "-",
        lambda text: f"data:image/png;base64,{text}",
        lambda text: text[:-3] + chr(ord(text[-3]) + 1) + "==",
    ],
)
def test_base64_has_one_spelling(change):
    """D4"""
    with pytest.raises(pictures.BadPicture):
        pictures.read(change(form.PICTURE))


@given(
    st.text(max_size=80) | st.binary(max_size=80).map(lambda raw: base64.b64encode(raw).decode())
)
def test_nothing_else_happens_to_whatever_comes(text):
    """D4: a picture or ``BadPicture``."""
    try:
        found = pictures.read(text)
    except pictures.BadPicture:
        return
    assert found.data == text
