"""What somebody may type to find a medicine: characters, pinyin, initials, from any place on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prescriptions.catalogue.terms import TERM_MAX, asked, terms_of


def _finds(typed: str, name: str) -> int | None:
    """The best rank under which ``typed`` finds ``name``."""
    ranks = [rank for term, rank in terms_of(name).items() if term.startswith(asked(typed))]
    return min(ranks, default=None)


@pytest.mark.parametrize(
    ("typed", "name", "rank"),
    [
        ("阿莫", "阿莫西林克拉维酸钾片", 0),
        ("amox", "阿莫西林克拉维酸钾片", 0),
        ("AMX", "阿莫西林克拉维酸钾片", 0),
        ("a mo xi", "阿莫西林克拉维酸钾片", 0),
        ("克拉维酸", "阿莫西林克拉维酸钾片", 1),
        ("kelawei", "阿莫西林克拉维酸钾片", 1),
        ("klws", "阿莫西林克拉维酸钾片", 1),
        ("danxiaosuan", "单硝酸异山梨酯缓释片", 0),
        ("chongzu", "重组人胰岛素注射液", 0),
        ("lvhuana", "氯化钠注射液", 0),
        ("ｗｓｓb6", "维生素B6片", 0),
        ("维生素b6", "维生素B6片", 0),
        ("西林阿莫", "阿莫西林胶囊", None),
        ("chanxiaosuan", "单硝酸异山梨酯缓释片", 0),
        ("cxs", "单硝酸异山梨酯缓释片", 0),
        ("moxi", "阿莫西林胶囊", 1),
        ("oxi", "阿莫西林胶囊", None),
    ],
)
def test_what_is_typed_finds_the_name(typed, name, rank):
    assert _finds(typed, name) == rank


@given(st.text(min_size=1, max_size=80))
def test_every_name_that_can_be_typed_is_found_by_itself(name):
    typed = asked(name)

    terms = terms_of(name)

    assert not typed or terms[typed] == 0
    assert all(1 <= len(term) <= TERM_MAX for term in terms)


@given(
    st.text(alphabet="阿莫西林克拉维酸钾氯化钠重组单B6 （）", min_size=1, max_size=30),
    st.data(),
)
def test_every_end_of_a_name_finds_it(name, data):
    whole = asked(name)
    start = data.draw(st.integers(0, max(len(whole) - 1, 0)))

    assert not whole or _finds(whole[start:], name) is not None
