"""What a consultation and its messages say, as the fields of their sealed records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from hospital import sealing
from hospital.consultations.pictures import Picture

EVERYTHING = ("",)
LISTED = ("patient/", "complaint", "earlier/")
"""What a list shows: all but pictures."""
MESSAGES_LISTED = ("author", "at", "text", "media_type")
CATEGORY_CHARACTERS = 3


def question(
    *, patient: Mapping[str, str], complaint: str, earlier: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The fields of a question; ``earlier`` is ``inputs.EarlierInput``'s, the evidence."""
    fields = {**{f"patient/{name}": value for name, value in patient.items()}}
    fields["complaint"] = complaint
    if earlier is None:
        return fields
    fields["earlier/hospital"] = earlier["hospital"]
    fields["earlier/on"] = earlier["on"].isoformat()
    told = {f"earlier/diagnosis/{n}": dict(one) for n, one in enumerate(earlier["diagnoses"], 1)}
    picture: Picture | None = earlier["picture"]
    return {**fields, **told, **(_picture(picture, "picture/") if picture else {})}


def words(text: str, *, author: str, at: str) -> dict[str, Any]:
    """The fields of a message of words; ``author`` is the role."""
    return {"author": author, "at": at, "text": text}


def image(picture: Picture, *, author: str, at: str) -> dict[str, Any]:
    """The fields of a message that is a picture."""
    return {"author": author, "at": at, **_picture(picture)}


def digests(codes: Iterable[str], consultation_id: UUID) -> list[str]:
    """What is stored in clear of the earlier diagnoses: keyed digests of their categories."""
    return sorted({_digest(code, consultation_id) for code in codes})


def known(codes: Iterable[str], earlier: list[str], consultation_id: UUID) -> frozenset[str]:
    """Those of ``codes`` whose category is among the earlier diagnoses."""
    return frozenset(code for code in codes if _digest(code, consultation_id) in earlier)


def category(code: str) -> str:
    """
    The illness that an ICD-10 code is about, whatever the digits behind: three characters.

    The clinical edition, the national one and the insurance's differ from the fourth on (I10,
    I10.x00), and within a category an illness moves while it is treated (E11.9, E11.2).
    """
    return code.strip().upper()[:CATEGORY_CHARACTERS]


def _digest(code: str, consultation_id: UUID) -> str:
    return sealing.index(category(code), f"diagnosis/{consultation_id.hex}").hex()


def _picture(picture: Picture, prefix: str = "") -> dict[str, str]:
    return {f"{prefix}media_type": picture.media_type, f"{prefix}picture": picture.data}
