"""
The terms by which a medicine's name is found: characters, pinyin without tones, and initials.

Of a name every end is a term, so that 克拉维酸, kelaweisuan and klws find 阿莫西林克拉维酸钾片 too,
by the beginning alone. Pure: no Django, no clock.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from pypinyin import Style, pinyin

TERM_MAX = 40
"""Nobody types more of a name; longer terms and questions are cut."""
_HAN = re.compile(r"[\u3400-\u9fff]")
_NOT_TYPED = re.compile(r"[^\w\u3400-\u9fff]+|_")


def asked(text: str) -> str:
    """What somebody typed, as terms are written: one width, small letters, no gaps."""
    return _NOT_TYPED.sub("", unicodedata.normalize("NFKC", text).lower())[:TERM_MAX]


def terms_of(name: str) -> dict[str, int]:
    """The terms of a name, each with its rank: 0 for the whole, 1 for an end of it."""
    characters = list(asked_whole(name))
    found: dict[str, int] = {}
    for sounds in _readings("".join(characters)):
        for start in range(len(characters)):
            for term in _spelt(characters[start:], sounds[start:]):
                found[term] = min(found.get(term, 1), min(start, 1))
    return found


def asked_whole(name: str) -> str:
    """As ``asked``, not cut."""
    return _NOT_TYPED.sub("", unicodedata.normalize("NFKC", name).lower())


def _spelt(characters: list[str], sounds: list[str]) -> Iterator[str]:
    yield "".join(characters)[:TERM_MAX]
    yield "".join(sounds)[:TERM_MAX]
    yield "".join(sound[:1] for sound in sounds)[:TERM_MAX]


def _readings(text: str) -> Iterator[list[str]]:
    """
    How a name may be read, one sound for each character.

    First as a whole, by the dictionary's phrases; then with each character that has several
    sounds in its other ones, since a dictionary of words knows few medicines (单 dan, 重 chong).
    """
    first = _sounds(text, several=False)
    usual = [one[0] for one in first]
    yield usual
    for place, others in enumerate(_sounds(text, several=True)):
        for other in others:
            if other != usual[place] and _HAN.match(text[place]):
                yield [*usual[:place], other, *usual[place + 1 :]]


def _sounds(text: str, *, several: bool) -> list[list[str]]:
    """For each character its sounds; what is no Chinese character is its own sound."""
    apart: Any = list  # its stubs know of texts alone
    return pinyin(
        text, style=Style.NORMAL, heteronym=several, errors=apart, v_to_u=False, strict=False
    )
