"""
On which form a prescription is written.

Decision: the strictest form that any of its medicines asks for; among the others an emergency's
before a child's. Children's forms are for patients below fourteen.
"""

from collections.abc import Iterable
from datetime import date

from prescriptions.facts import Control, Form
from prescriptions.rules.calendar import age
from prescriptions.rules.terms import Draft

CHILD_BELOW_YEARS = 14
_OF_CONTROL = {
    Control.NARCOTIC: Form.NARCOTIC,
    Control.PSYCHOTROPIC_1: Form.NARCOTIC,
    Control.TOXIC: Form.TOXIC,
    Control.PSYCHOTROPIC_2: Form.PSYCHOTROPIC_2,
}
_STRICTEST_FIRST = (Form.NARCOTIC, Form.TOXIC, Form.PSYCHOTROPIC_2)


def controls_of(forms: Iterable[Form]) -> list[Control]:
    """Which medicines are written on one of these forms, whatever else stands there."""
    return [control for control, form in _OF_CONTROL.items() if form in forms]


def form_of(draft: Draft, on: date) -> Form:
    """The form of a draft on a legal day."""
    asked = {_OF_CONTROL.get(line.medicine.control) for line in draft.lines}
    for form in _STRICTEST_FIRST:
        if form in asked:
            return form
    if draft.emergency:
        return Form.EMERGENCY
    young = age(draft.patient_born, on) < CHILD_BELOW_YEARS
    return Form.PAEDIATRIC if young else Form.ORDINARY
