"""
Where narcotics and psychotropics of class I are given out: at the hospital's own pharmacy alone.

They are written on a form of their own (``Form.NARCOTIC``). Its content names the pharmacy, its
``dispenser``, when it is written, and the doctor signs that; the patient can choose no other, and
no courier. So whoever reads the entries judges it without knowing which pharmacy is whose.

Source: regulation on narcotics and psychotropics (State Council order 442), art. 30: they are not
sold by retail; order 53, art. 42: hospitals may keep their prescriptions in the house. Both are
cited from memory, so the refusal calls its article unconfirmed.
"""

from __future__ import annotations

from django.db.models import F, Q

from hospital import errors
from hospital.models import Organisation
from prescriptions.facts import Form

AT_ITS_HOSPITAL = (Form.NARCOTIC,)
"""The forms that only the hospital's own pharmacy takes."""
NUMBERED = (Form.NARCOTIC,)
"""The forms that are numbered by hospital and day, and stand in the register."""
TO_FACES = (Form.NARCOTIC, Form.PSYCHOTROPIC_2, Form.TOXIC)
"""The forms whose medicines only somebody who was seen to be the patient sends to a pharmacy."""
LAW, ARTICLE = "麻醉药品和精神药品管理条例", "第三十条 unconfirmed"
_BOUND = Q(form__in=[form.value for form in AT_ITS_HOSPITAL])

NAMES_DISPENSER = (_BOUND & Q(dispenser__isnull=False)) | (~_BOUND & Q(dispenser__isnull=True))
"""Of a content: it names a dispenser exactly when its form asks for one."""
FETCHED_THERE = (
    Q(dispenser__isnull=True)
    | Q(pharmacy__isnull=True)
    | (Q(pharmacy=F("dispenser")) & Q(way="collect"))
)
"""Of a prescription: what has a dispenser is collected there, or is not fetched yet."""


class NoOwnPharmacy(errors.Conflict):
    """Narcotics and psychotropics of class I need a pharmacy of the hospital's own; it has none."""

    code = "prescription.no_own_pharmacy"


class OnlyAtItsHospital(errors.Forbidden):
    """Only the pharmacy of the hospital that prescribed it gives this out, over the counter."""

    code = "checkout.only_at_its_hospital"


def dispenser(form: Form, hospital: Organisation) -> Organisation | None:
    """The only pharmacy that gives it out; None if any may. Raises ``NoOwnPharmacy``."""
    if form not in AT_ITS_HOSPITAL:
        return None
    found = Organisation.objects.filter(hospital=hospital).first()
    if found is None:
        raise NoOwnPharmacy(law=LAW, article=ARTICLE)
    return found


def check_choice(bound_to: Organisation | None, pharmacy: str, way: str) -> None:
    """May a patient choose this? ``bound_to``: the dispenser. Raises ``OnlyAtItsHospital``."""
    if bound_to is not None and (pharmacy, way) != (bound_to.slug, "collect"):
        raise OnlyAtItsHospital(
            pharmacy=bound_to.slug,
            law=LAW,
            article=ARTICLE,
            text="麻醉药品和第一类精神药品不得零售；此处方只能在开具处方的医疗机构药房取药，不得配送",
        )
