"""Cheats that each of many moves could try: too late, and about another content."""

from datetime import timedelta

from config import law as published
from prescriptions import law as of_prescriptions
from prescriptions import lifecycle
from tests.ledger.cheating import TO_AUTHORIZE, TO_COUNTER, TO_DISPENSE, Cheat, move
from tests.ledger.lawful import COLLECTED, COURIERED, END

BEFORE: dict[str, tuple[str, ...]] = {
    "issue": (),
    "submit": (),
    "countersign": ("submit",),
    "refuse": ("submit",),
    "upload": (),
    "upload_reviewed": (),
    "approve": ("issue",),
    "check": ("issue_toxic",),
    "confirm": ("issue_toxic", "check"),
    "send_back": ("issue",),
    "authorize": TO_AUTHORIZE,
    "withdraw": COLLECTED[:3],
    "pay": COLLECTED[:3],
    "double_check": TO_COUNTER,
    "dispense": TO_DISPENSE,
    "dispense_part": TO_DISPENSE,
    "collide": TO_DISPENSE,
    "decline": TO_DISPENSE,
    "substitute": TO_DISPENSE,
    "agree": (*TO_DISPENSE, "substitute"),
    "disagree": (*TO_DISPENSE, "substitute"),
    "ship": COURIERED[:5],
    "receive": COLLECTED[:5],
    "hand_out": COLLECTED[:5],
    "hand_over": COURIERED[:6],
    "fail": COURIERED[:6],
    "turn_back": (*COURIERED[:6], "fail"),
    "take_back": (*COURIERED[:6], "fail", "turn_back"),
    "decide": COLLECTED[:6],
    "claim": COLLECTED[:7],
    "pend": COLLECTED[:6],
    "ask_field": COLLECTED[:6],
    "withhold": (*COLLECTED[:6], "ask_field"),
    "reopen": COLLECTED[:7],
    "appeal": COLLECTED[:7],
    "return_part": COLLECTED[:6],
    "return": COLLECTED[:6],
    "reverse": COLLECTED[:6],
    "claw_back": COLLECTED[:6],
    "cancel": ("issue",),
    "give_up": TO_AUTHORIZE,
    "void": (),
    "undo": ("upload",),
    "ask_change": TO_DISPENSE,
    "keep": (*TO_DISPENSE, "ask_change"),
    "change": ("issue",),
    "resubmit": ("issue",),
    "extend": ("issue",),
    "expire": ("issue",),
}
"""What precedes a move on its shortest way."""
SENT = {"ship", "hand_over", "fail", "turn_back", "take_back"}
TOO_LATE: dict[str, tuple[str, Cheat]] = {
    f"{one.name} after its end": (
        "out_of_time",
        move(one.name, *BEFORE[one.name], at=END + timedelta(seconds=published.SKEW_S)),
    )
    for one in lifecycle.MOVES
    if one.in_time and one is not lifecycle.EXPIRE
}
OTHER_CONTENT: dict[str, tuple[str, Cheat]] = {
    f"{one.name} of another content": (
        "commitment_changed",
        move(
            one.name,
            *BEFORE[one.name],
            way="courier" if one.name in SENT else "collect",
            commitment=b"d" * 32,
            **({"at": END} if one is lifecycle.EXPIRE else {}),
        ),
    )
    for one in lifecycle.MOVES
    if one not in of_prescriptions.BRINGS_CONTENT
}
CHEATS = {**TOO_LATE, **OTHER_CONTENT}
