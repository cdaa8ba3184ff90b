"""How a move of a prescription is refused, whoever makes it."""

from __future__ import annotations

from hospital import errors


class UnknownPrescription(errors.NotFound):
    """There is no such prescription."""

    code = "prescription.unknown"


class WrongState(errors.Conflict):
    """The prescription is not in a state that allows this move."""

    code = "prescription.wrong_state"


class OutOfTime(errors.Gone):
    """The move is too late, or, for EXPIRE, too early."""

    code = "prescription.out_of_time"


class TooEarly(errors.Conflict):
    """This issue of the long-term prescription opens later; ``opens_at`` says when."""

    code = "prescription.too_early"
