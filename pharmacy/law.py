"""What is lawful from the counter to the patient's hands: data of the law."""

from __future__ import annotations

from hospital.law import Data, condition, is_
from pharmacy import (
    lawoffline,
    parcels,
)
from pharmacy.actions import (
    checklist,
)
from pharmacy.substitutions import (
    Substitution,
)
from prescriptions import lawseconds
from prescriptions.law import BEFORE, CHOSEN, DOUBLE_CHECKED, Clause, by_its_patient, equal
from prescriptions.lawremainders import OWED, OWED_FIRST
from prescriptions.models import ChangeRequest, Status, Way

_AT_ITS_PHARMACY = equal(
    "wrong_pharmacy", "the authorized pharmacy signs", "signer.organisation", "kept.pharmacy"
)
_BY_ITS_COURIER = equal(
    "wrong_courier", "the authorized courier signs", "signer.organisation", "kept.courier"
)
_GIVEN_OUT: Data = {
    "pharmacy": "text",
    "lines": {"*": "count"},
    "lots?": {"*": "count"},
    "scan": "hex32",
}
_THERE = [
    _AT_ITS_PHARMACY,
    equal("wrong_pharmacy", "it names the authorized pharmacy", "facts.pharmacy", "kept.pharmacy"),
]
_AUTHORIZED = condition(
    "wrong_quantity",
    "of every line at most what is authorized of it",
    "each_at_most",
    "facts.lines",
    "kept.chosen",
)
_GIVING_OUT = [
    *_THERE,
    _AUTHORIZED,
    equal("wrong_quantity", "it is all that is left", "facts.lines", "kept.left"),
    *lawseconds.BY_LOTS,
]
_LEAVING: Data = {"boxes?": {"*": "count"}, "checks": "words"}
_CHECKED = [
    equal("unchecked", "the four checks were made (四查十对)", "facts.checks", is_(checklist.ALL)),
    condition(
        "wrong_boxes",
        "its boxes hold together at most what its lines do",
        "any",
        ["lacks", "facts", is_("boxes")],
        ["at_most", {"sum": ["facts.boxes"]}, {"sum": ["facts.lines"]}],
    ),
]
"""Of all that leaves. What came before codes were scanned is in no box that could be named."""
_LESS: Data = {"left": {"minus": ["kept.left", "facts.lines"]}}
_COUNTED: Data = {"count": "facts.lines"}
_AT_THE_COUNTER = ["asked", "proposed", *DOUBLE_CHECKED]
"""What is over once it was given out."""
_COLLECTED = (Status.DISPENSED, Way.COLLECT)
_SENT = (Status.DISPENSED, Way.COURIER)
_ARRIVING = (Status.IN_TRANSIT, Way.COURIER)
_RECEIVED = [*BEFORE, "courier", "failed", "way"]
_TRY_AGAIN = [[parcels.Said.NOBODY_HOME.value], [parcels.Said.WRONG_ADDRESS.value]]
_GIVE_UP = [[parcels.Said.REFUSED.value], [parcels.Said.UNFIT.value]]


def clauses() -> dict[str, Clause]:
    """Move's name → clause."""
    return {
        "double_check": _double_check(),
        "dispense": _dispense(),
        "collide": lawoffline.collision(),
        "ask_change": _ask_change(),
        "decline": Clause({"reason": "text"}, [_AT_ITS_PHARMACY], forget=CHOSEN),
        "substitute": _substitute(),
        "ship": Clause(
            {"courier": "text"},
            [
                OWED_FIRST,
                _the_way(_SENT),
                _BY_ITS_COURIER,
                equal(
                    "wrong_courier",
                    "it names the authorized courier",
                    "facts.courier",
                    "kept.courier",
                ),
            ],
        ),
        "receive": by_its_patient(
            {"proof": "text"},
            OWED_FIRST,
            _the_way(_COLLECTED, _ARRIVING),
            _proven("signature"),
            forget=_RECEIVED,
        ),
        "hand_out": _delivery("code", OWED_FIRST, _AT_ITS_PHARMACY, _the_way(_COLLECTED)),
        "hand_over": _delivery("code", _BY_ITS_COURIER),
        "fail": _fail(),
        "turn_back": _turn_back(),
        "take_back": Clause({}, [_AT_ITS_PHARMACY], forget=["pharmacy", "waiting"]),
    }


def _double_check() -> Clause:
    """The last one counts, for the scan and the lots that it names."""
    return Clause(
        _GIVEN_OUT,
        [lawseconds.AT_THE_COUNTER, *_GIVING_OUT],
        keep={
            "checked_lots": "facts.lots",
            "checked_scan": "facts.scan",
            "double_checker": "signer.person",
        },
    )


def _dispense() -> Clause:
    return Clause(
        {**_GIVEN_OUT, **_LEAVING, "offline?": lawoffline.SAID},
        [*_GIVING_OUT, *_CHECKED, *lawseconds.DOUBLE_CHECKED, *lawoffline.GIVEN_BEFORE],
        keep={"given": "facts.lines", "given_lots": "facts.lots", **_LESS},
        forget=_AT_THE_COUNTER,
    )


def part(bill: Data, sums: list[Data]) -> Clause:
    """
    A part is given out. ``bill``: what is stated of the bill, for which ``sums`` hold; what each
    pays of it from now on is the layer's above.
    """
    return Clause(
        {
            "pharmacy": "text",
            "lines": {"*": "count"},
            "scan": "hex32",
            **_LEAVING,
            "rest": "hex32",
            "bill": bill,
        },
        [
            *_THERE,
            _AUTHORIZED,
            condition("wrong_quantity", "it is a line at least", "less", is_(0), _COUNTED),
            condition("wrong_quantity", "something is left", "differ", "facts.lines", "kept.left"),
            lawseconds.GIVEN_WHOLE,
            *_CHECKED,
            *sums,
        ],
        keep={"given": "facts.lines", **_LESS, **OWED},
        forget=_AT_THE_COUNTER,
    )


def _ask_change() -> Clause:
    """One question at a time, by who has seen the prescription, or the empty shelf."""
    return Clause(
        {"reason": "text", "request": "hex64", "scan?": "hex32"},
        [
            _AT_ITS_PHARMACY,
            condition(
                "not_scanned",
                "it names the scan, unless the shelf is empty",
                "any",
                ["has", "facts", is_("scan")],
                ["equal", "facts.reason", is_(ChangeRequest.Reason.OUT_OF_STOCK.value)],
            ),
            condition(
                "already_asked", "nothing that was asked waits", "lacks", "kept", is_("asked")
            ),
        ],
        keep={"asked": "facts.request"},
    )


def _substitute() -> Clause:
    """One proposal at a time, by who has seen the prescription, or the empty shelf."""
    return Clause(
        {"proposal": "hex64", "reason": "text", "scan?": "hex32"},
        [
            _AT_ITS_PHARMACY,
            lawseconds.GIVEN_WHOLE,
            condition(
                "not_scanned",
                "it names the scan, unless the shelf is empty",
                "any",
                ["has", "facts", is_("scan")],
                ["equal", "facts.reason", is_(Substitution.Reason.OUT_OF_STOCK.value)],
            ),
            condition(
                "already_proposed",
                "nothing that was proposed waits",
                "lacks",
                "kept",
                is_("proposed"),
            ),
        ],
        keep={"proposed": "facts.proposal"},
    )


def _fail() -> Clause:
    """Once, and for a reason that may be gone the next time."""
    return Clause(
        {"reason": "text"},
        [
            _BY_ITS_COURIER,
            condition("failed_before", "nothing has failed yet", "lacks", "kept", is_("failed")),
            condition(
                "wrong_reason", "it may succeed later", "one_of", ["facts.reason"], _TRY_AGAIN
            ),
        ],
        keep={"failed": "facts.reason"},
    )


def _turn_back() -> Clause:
    """After a second failure, or at once for a reason that stays."""
    reason = ["facts.reason"]
    return Clause(
        {"reason": "text"},
        [
            _BY_ITS_COURIER,
            condition(
                "wrong_reason",
                "it has failed before, or can never succeed",
                "any",
                ["one_of", reason, _GIVE_UP],
                ["all", ["has", "kept", is_("failed")], ["one_of", reason, _TRY_AGAIN]],
            ),
        ],
        forget=_RECEIVED,
    )


def _delivery(proof: str, *conditions: Data) -> Clause:
    return Clause({"proof": "text"}, [*conditions, _proven(proof)], forget=_RECEIVED)


def _proven(proof: str) -> Data:
    return equal("wrong_proof", "the proof is this move's", "facts.proof", is_(proof))


def _the_way(*rows: tuple[Status, Way]) -> Data:
    """The state that a way leads to: the counter gives out what is collected, and so on."""
    lawful = [[status.value, way.value] for status, way in rows]
    words = "the patient chose this way"
    return condition("wrong_way", words, "one_of", ["state", "kept.way"], lawful)
