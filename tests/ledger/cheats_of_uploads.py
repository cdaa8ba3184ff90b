"""What a hospital's own system could try, and whoever would be it."""

from typing import Any

from tests.ledger.cheating import Cheat, move
from tests.ledger.cheats_of_appraisals import appraised

LAWFUL: dict[str, Cheat] = {
    "uploaded, reviewed here": move("approve", "upload"),
    "uploaded and reviewed": move("authorize", "upload_reviewed"),
    "cancelled by the doctor whom the upload names": move("cancel", "upload"),
    "undone by the system": move("undo", "upload_reviewed", "authorize", "pay"),
    "voided by a doctor of the hospital": move("void", by="doctor"),
    "appraised by a reviewer who had no hand in it": lambda book: appraised(
        book.go("upload_reviewed"), by="reviewer2"
    ),
}
OF_BOTH: dict[str, tuple[str, dict[str, Any]]] = {
    "in another hospital's name": ("wrong_hospital", {"says": {"hospital": "hospital2"}}),
    "for nobody": ("wrong_patient", {"patient": ""}),
    "without content": ("no_commitment", {"commitment": b""}),
    "without lines": ("wrong_quantity", {"says": {"lines": {}}}),
    "an assistant's": ("countersignature", {"says": {"warnings": ["rx.countersignature"]}}),
    **{
        f"what is {form}": ("needs_doctor", {"says": {"form": form}})
        for form in ("narcotic", "psychotropic_2", "toxic", "blank")
    },
}
CHEATS: dict[str, tuple[str, Cheat]] = {
    **{
        f"{name} {cheat}": (rule, move(name, **changes))
        for name in ("upload", "upload_reviewed")
        for cheat, (rule, changes) in OF_BOTH.items()
    },
    "uploaded by a doctor": ("wrong_role", move("upload", by="doctor")),
    "issued by a system": ("wrong_role", move("issue", by="system")),
    "reviewed by who prescribed it, there": (
        "four_eyes",
        move("upload_reviewed", says={"reviewed_by": "p1"}),
    ),
    "reviewed here by who prescribed it there": (
        "four_eyes",
        move("approve", "upload", by="moonlighter"),
    ),
    "dispensed by who prescribed it there": (
        "four_eyes",
        move("dispense", "upload_reviewed", "authorize", "pay", by="prescriber_at_counter"),
    ),
    "cancelled by another doctor than the upload's": (
        "wrong_doctor",
        move("cancel", "upload", by="doctor2"),
    ),
    "undone by another hospital's system": (
        "wrong_hospital",
        move("undo", "upload", by="foreign_system"),
    ),
    "a system undoes what a doctor has issued": ("wrong_hospital", move("undo", "issue")),
    "voided for another hospital": ("wrong_hospital", move("void", by="foreign_system")),
    "appraised by who reviewed it there": (
        "four_eyes",
        lambda book: appraised(book.go("upload_reviewed"), by="reviewer"),
    ),
    "uploaded after it was voided": ("wrong_state", move("upload", "void")),
    "uploaded reviewed after it was voided": ("wrong_state", move("upload_reviewed", "void")),
    "issued after it was voided": ("wrong_state", move("issue", "void")),
    "uploaded twice": ("wrong_state", move("upload", "upload_reviewed")),
    "voided after the upload": ("wrong_state", move("void", "upload")),
}
