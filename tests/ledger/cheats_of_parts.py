"""How an operator could cheat where a pharmacy gives out a part, or proposes something else."""

from datetime import timedelta
from typing import Any

from hospital.units import stamp
from tests.ledger.cheating import (
    AUTHORIZED_PART,
    TO_AUTHORIZE,
    TO_COUNTER,
    TO_DISPENSE,
    Cheat,
    bill,
    grant,
    move,
)
from tests.ledger.lawful import (
    COLLECTED,
    FEN,
    LATEST,
    NOON,
    OTHER_TAG,
    PART_BILL,
    REST,
    Book,
    facts_of,
)

OTHER = "cd" * 32
LEFT = {"1": 1, "2": 1}
TO_TOXIC = ("issue_toxic", "check", "confirm", *COLLECTED[2:4])
PROPOSED = (*TO_DISPENSE, "substitute")
LINE = PART_BILL["lines"]["2"]
LEFT_BILL: dict[str, Any] = {
    "total_fen": 1000,
    "patient_fen": 200,
    "payers": {"fund": 700, "insurer": 100},
    "lines": {
        "1": {"total_fen": 700, "fund_fen": 490, "insurer_fen": 70, "patient_fen": 140},
        "2": {"total_fen": 300, "fund_fen": 210, "insurer_fen": 30, "patient_fen": 60},
    },
}

ALL_BILL = {
    "total_fen": 1200,
    "patient_fen": 240,
    "payers": {"fund": 840, "insurer": 120},
    "lines": {"1": LINE, "2": LINE},
}


def parted(book: Book) -> Book:
    """Two units of the second line were given out, and the rest is owed."""
    book.go(*TO_DISPENSE, "dispense_part")
    book.move("owe", of=REST)
    return book


def after(*names: str, way: str = "collect", **changes: Any) -> Cheat:
    """Of the part that was given out, its remainder entered."""

    def write(book: Book) -> None:
        book.go(*TO_DISPENSE, way=way).move("dispense_part")
        book.move("owe", of=REST)
        book.go(*names[:-1], way=way).move(names[-1], **{"way": way, **changes})

    return write


def remainder(*names: str, **changes: Any) -> Cheat:
    """Of what was left."""

    def write(book: Book) -> None:
        parted(book)
        for name in names[:-1]:
            book.move(name, of=REST, says=SAYS.get(name))
        says = {**SAYS.get(names[-1], {}), **changes.get("says", {})}
        book.move(names[-1], of=REST, **{**changes, "says": says or None})

    return write


SAYS: dict[str, dict[str, Any]] = {
    "authorize": {"bill": LEFT_BILL},
    "pay": {"patient_fen": 200},
    "dispense": {"lines": LEFT},
}
"""What the moves of the remainder say."""


def parting(**says: Any) -> Cheat:
    return move("dispense_part", *TO_DISPENSE, says=says)


def part_bill(**changes: Any) -> dict[str, Any]:
    return {"bill": {**PART_BILL, **changes}}


def owing(**changes: Any) -> Cheat:
    return lambda book: book.go(*TO_DISPENSE, "dispense_part").move("owe", of=REST, **changes)


def owed_twice(book: Book) -> None:
    parted(book)
    book.move("owe", of="rx/" + "f" * 32)


def agreeing(**says: Any) -> Cheat:
    return move("agree", *PROPOSED, says=says)


def sent(**says: Any) -> Cheat:
    return move("agree", *PROPOSED, way="courier", says=says)


def of_three(book: Book) -> None:
    """A remainder is given out in part again, and the third pharmacy gives the rest."""
    remainder("authorize", "pay")(book)
    third = "rx/" + "f" * 32
    bill = {**LEFT_BILL, "lines": {"1": LEFT_BILL["lines"]["1"]}}
    bill |= {"total_fen": 700, "patient_fen": 140, "payers": {"fund": 490, "insurer": 70}}
    book.move("dispense_part", of=REST, says={"lines": {"1": 1}, "rest": third[3:], "bill": bill})
    book.move("owe", of=third, says={"of": REST, "lines": {"2": 1}})
    last = {"lines": {"2": LEFT_BILL["lines"]["2"]}, "total_fen": 300, "patient_fen": 60}
    last["payers"] = {"fund": 210, "insurer": 30}
    book.move("authorize", of=third, says={"bill": last})
    book.move("pay", of=third, says={"patient_fen": 60})
    book.move("dispense", of=third, says={"lines": {"2": 1}})
    book.move("receive", of=third)


LAWFUL: dict[str, Cheat] = {
    "a part given out, delivered and claimed": lambda book: (
        parted(book).go("receive").move("decide", says={"claimed_fen": 420, "approved_fen": 420})
    ),
    "a part sent": after("ship", "hand_over", way="courier"),
    "what is left given out": remainder("authorize", "pay", "dispense", "receive"),
    "three pharmacies": of_three,
    "one line of two authorized, and given": lambda book: book.go(*TO_AUTHORIZE).move(
        "authorize", says=AUTHORIZED_PART
    ),
    "declined and chosen again": move("dispense", *TO_DISPENSE, "decline", *COLLECTED[2:4]),
    "agreed and given out": move("dispense", *PROPOSED, "agree", "pay"),
    "refused and given out": move("dispense", *PROPOSED, "disagree"),
    "proposed again": move("substitute", *PROPOSED, "disagree"),
    "what is left extended": remainder("extend"),
    "what is left given up": remainder("give_up"),
}
AGREED: dict[str, tuple[str, Cheat]] = {
    "agreed to a line that does not add up": (
        "wrong_amount",
        agreeing(**bill(lines={"1": FEN, "2": {**FEN, "fund_fen": 600}})),
    ),
    "agreed to a total above its lines": ("wrong_amount", agreeing(**bill(total_fen=2001))),
    "agreed to a share above its lines": ("wrong_amount", agreeing(**bill(patient_fen=401))),
    "agreed to more than the lines": (
        "wrong_amount",
        agreeing(**bill(total_fen=2100, payers={"fund": 1500, "insurer": 200})),
    ),
    "agreed to move a share to a payer": (
        "wrong_amount",
        agreeing(**bill(patient_fen=300, payers={"fund": 1500, "insurer": 200})),
    ),
    "agreed to payers who pay too much": (
        "wrong_amount",
        agreeing(**bill(payers={"fund": 1401, "insurer": 200})),
    ),
    "agreed, and granted to a stranger": (
        "wrong_grant",
        agreeing(**grant(to=["fund", "insurer", "pharmacy", "stranger"])),
    ),
    "agreed, and granted for another purpose": (
        "wrong_grant",
        agreeing(**grant(purpose="research")),
    ),
    "agreed, and granted for longer": ("wrong_grant", agreeing(**grant(until=stamp(LATEST)))),
    "agreed by nobody's face": (
        "no_face",
        move("agree", *TO_TOXIC, "substitute"),
    ),
    "agreed by a face of long ago": (
        "wrong_face",
        agreeing(face=stamp(NOON - timedelta(days=30))),
    ),
}
CHEATS: dict[str, tuple[str, Cheat]] = {
    **AGREED,
    "less given out than is left": (
        "wrong_quantity",
        move("dispense", *TO_DISPENSE, says={"lines": {"1": 1, "2": 2}}),
    ),
    "all given out though a part is authorized": (
        "wrong_quantity",
        lambda book: (
            book.go(*TO_AUTHORIZE).move("authorize", says=AUTHORIZED_PART),
            book.move("pay", says={"patient_fen": 200}),
            book.move("dispense"),
        ),
    ),
    "a part above what is authorized": ("wrong_quantity", parting(lines={"2": 4})),
    "nothing given out": (
        "wrong_quantity",
        parting(lines={}, **part_bill(lines={}, total_fen=0, patient_fen=0, payers={})),
    ),
    "a part that is all": ("wrong_quantity", parting(lines={"1": 1, "2": 3}, bill=ALL_BILL)),
    "a part of a narcotic": ("whole_only", move("dispense_part", *TO_COUNTER)),
    "a part given out elsewhere": (
        "wrong_pharmacy",
        move("dispense_part", *TO_DISPENSE, by="pharmacist2"),
    ),
    "a part given out in another's name": ("wrong_pharmacy", parting(pharmacy="pharmacy2")),
    "a part given out by who prescribed it": (
        "four_eyes",
        move("dispense_part", *TO_DISPENSE, by="prescriber_at_counter"),
    ),
    "given out unchecked": (
        "unchecked",
        move("dispense", *TO_DISPENSE, says={"checks": ["medicine"]}),
    ),
    "a part given out unchecked": ("unchecked", parting(checks=[])),
    "a part that bills another line": ("wrong_lines", parting(**part_bill(lines={"1": LINE}))),
    "a part whose line does not add up": (
        "wrong_amount",
        parting(**part_bill(lines={"2": {**LINE, "fund_fen": 421}})),
    ),
    "a part that costs more than its lines": ("wrong_amount", parting(**part_bill(total_fen=601))),
    "a part of which the patient pays more than its lines": (
        "wrong_amount",
        parting(**part_bill(patient_fen=121)),
    ),
    "a part of which the payers pay too much": (
        "wrong_amount",
        parting(**part_bill(payers={"fund": 421, "insurer": 60})),
    ),
    "a part of which payers pay more than its lines": (
        "wrong_amount",
        parting(**part_bill(total_fen=700, payers={"fund": 520, "insurer": 60})),
    ),
    "a part of which a payer's share is the patient's": (
        "wrong_amount",
        parting(**part_bill(patient_fen=121, payers={"fund": 419, "insurer": 60})),
    ),
    "a part of which a payer pays more than before": (
        "wrong_amount",
        parting(**part_bill(payers={"insurer": 480})),
    ),
    "a part of which the patient pays more than before": (
        "wrong_amount",
        parting(
            **part_bill(
                total_fen=600,
                patient_fen=500,
                payers={"fund": 40, "insurer": 60},
                lines={"2": {**LINE, "fund_fen": 40, "patient_fen": 500}},
            )
        ),
    ),
    "handed out before the rest is owed": (
        "owing",
        move("hand_out", *TO_DISPENSE, "dispense_part"),
    ),
    "received before the rest is owed": ("owing", move("receive", *TO_DISPENSE, "dispense_part")),
    "sent before the rest is owed": (
        "owing",
        move("ship", *TO_DISPENSE, "dispense_part", way="courier"),
    ),
    "more left than is left": ("wrong_quantity", owing(says={"lines": {"1": 1, "2": 2}})),
    "less left than is left": ("wrong_quantity", owing(says={"lines": {"1": 1}})),
    "other lines left than are left": ("wrong_quantity", owing(says={"lines": {"1": 2}})),
    "another content left": ("commitment_changed", owing(commitment=b"d" * 32)),
    "left to another patient": ("wrong_patient", owing(patient=OTHER_TAG)),
    "left twice": ("nothing_owed", owed_twice),
    "left though all was given out": (
        "nothing_owed",
        lambda book: book.go(*TO_DISPENSE, "dispense").move("owe", of=REST),
    ),
    "left of another": (
        "nothing_owed",
        lambda book: book.go(*TO_DISPENSE, "dispense_part").move("owe", of="rx/" + "f" * 32),
    ),
    "left by a pharmacist's word": ("wrong_role", owing(by="pharmacist")),
    "more authorized than is left of it": (
        "wrong_quantity",
        remainder("authorize", says={"lines": {"1": 1, "2": 2}}),
    ),
    "nothing authorized": (
        "wrong_quantity",
        move(
            "authorize",
            *TO_AUTHORIZE,
            says={
                "lines": {},
                **part_bill(lines={}, total_fen=0, patient_fen=0, payers={}),
                "grant": {**facts_of("authorize")["grant"], "to": ["pharmacy"]},
            },
        ),
    ),
    "what is left dispensed by who prescribed it": (
        "four_eyes",
        remainder("authorize", "pay", "dispense", by="prescriber_at_counter"),
    ),
    "the part claimed in full": (
        "wrong_amount",
        lambda book: parted(book).go("receive").move("decide"),
    ),
    "declined elsewhere": ("wrong_pharmacy", move("decline", *TO_DISPENSE, by="pharmacist2")),
    "dispensed after it was declined": ("wrong_state", move("dispense", *TO_DISPENSE, "decline")),
    "declined by the patient": ("wrong_role", move("decline", *TO_DISPENSE, by="patient")),
    "a part out of boxes that hold more": ("wrong_boxes", parting(boxes={"11" * 32: 3})),
    "proposed elsewhere": ("wrong_pharmacy", move("substitute", *TO_DISPENSE, by="pharmacist2")),
    "proposed by who prescribed it": (
        "four_eyes",
        move("substitute", *TO_DISPENSE, by="prescriber_at_counter"),
    ),
    "proposed by who has not seen it": (
        "not_scanned",
        move("substitute", *TO_DISPENSE, says={"scan": None}),
    ),
    "proposed twice": ("already_proposed", move("substitute", *PROPOSED)),
    "a narcotic's substitute": ("whole_only", move("substitute", *TO_COUNTER)),
    "agreed though nothing is proposed": ("wrong_proposal", move("agree", *TO_DISPENSE)),
    "agreed to something else": ("wrong_proposal", agreeing(proposal=OTHER)),
    "agreed after it was taken back": (
        "wrong_proposal",
        move("agree", *PROPOSED, "withdraw", *COLLECTED[2:4]),
    ),
    "agreed after it was refused": ("wrong_proposal", move("agree", *PROPOSED, "disagree")),
    "refused though nothing is proposed": ("wrong_proposal", move("disagree", *TO_DISPENSE)),
    "refused by another patient": ("wrong_patient", move("disagree", *PROPOSED, by="patient2")),
    "agreed by another patient": ("wrong_patient", move("agree", *PROPOSED, by="patient2")),
    "agreed by the pharmacist": ("wrong_role", move("agree", *PROPOSED, by="pharmacist")),
    "agreed for another pharmacy": (
        "wrong_pharmacy",
        agreeing(
            pharmacy="pharmacy2",
            grant={**facts_of("agree")["grant"], "to": ["fund", "insurer", "pharmacy2"]},
        ),
    ),
    "agreed with a courier whom nobody chose": (
        "wrong_courier",
        agreeing(
            courier="courier",
            grant={**facts_of("agree")["grant"], "to": ["courier", "fund", "insurer", "pharmacy"]},
        ),
    ),
    "agreed without the courier": (
        "wrong_courier",
        sent(grant={**facts_of("agree")["grant"], "to": ["fund", "insurer", "pharmacy"]}),
    ),
    "agreed for other units": ("wrong_quantity", agreeing(lines={"1": 1, "2": 2})),
    "dispensed before the substitute is paid": (
        "wrong_state",
        move("dispense", *PROPOSED, "agree"),
    ),
    "agreed to lines that are not billed": (
        "wrong_lines",
        agreeing(bill=AUTHORIZED_PART["bill"]),
    ),
}
