"""How an operator could cheat: for each condition of the law an entry that breaks it alone."""

from collections import defaultdict
from datetime import timedelta

from hospital.units import stamp
from tests.ledger import (
    cheating,
    cheats_of_appraisals,
    cheats_of_changes,
    cheats_of_claims,
    cheats_of_consents,
    cheats_of_controlled,
    cheats_of_corrections,
    cheats_of_couriers,
    cheats_of_double_checks,
    cheats_of_erasures,
    cheats_of_every_move,
    cheats_of_guardians,
    cheats_of_offline,
    cheats_of_parts,
    cheats_of_payments,
    cheats_of_reading_keys,
    cheats_of_recalls,
    cheats_of_registers,
    cheats_of_remittances,
    cheats_of_returns,
    cheats_of_series,
    cheats_of_sharing,
    cheats_of_signatures,
    cheats_of_uploads,
    cheats_of_wards,
    consulting,
)
from tests.ledger.cheating import (
    RX2,
    TO_AUTHORIZE,
    TO_DECIDE,
    TO_DISPENSE,
    Cheat,
    authorizing,
    bill,
    deciding,
    grant,
    move,
    registering,
    settling,
)
from tests.ledger.lawful import COLLECTED, COURIERED, END, FEN, NOON, OTHER_TAG, RX, TAG, facts_of

CHEATS: dict[str, tuple[str, Cheat]] = {
    **cheats_of_every_move.CHEATS,
    **cheats_of_changes.CHEATS,
    **cheats_of_claims.CHEATS,
    **cheats_of_consents.CHEATS,
    **cheats_of_controlled.CHEATS,
    **cheats_of_corrections.CHEATS,
    **cheats_of_guardians.CHEATS,
    **cheats_of_offline.CHEATS,
    **cheats_of_parts.CHEATS,
    **cheats_of_payments.CHEATS,
    **cheats_of_reading_keys.CHEATS,
    **cheats_of_couriers.CHEATS,
    **cheats_of_double_checks.CHEATS,
    **cheats_of_erasures.CHEATS,
    **consulting.CHEATS,
    **cheats_of_series.CHEATS,
    **cheats_of_sharing.CHEATS,
    **cheats_of_appraisals.CHEATS,
    **cheats_of_recalls.CHEATS,
    **cheats_of_registers.CHEATS,
    **cheats_of_remittances.CHEATS,
    **cheats_of_returns.CHEATS,
    **cheats_of_signatures.CHEATS,
    **cheats_of_uploads.CHEATS,
    **cheats_of_wards.CHEATS,
    # one prescription's way
    "a move nobody knows": ("unknown_move", move("issue", says={"move": "prescribe"})),
    "a subject nobody knows": ("unknown_subject", move("issue", of="recipe/" + "1" * 32)),
    "a subject of another shape": ("unknown_subject", move("issue", of="rx/1")),
    "another kind": ("wrong_kind", move("issue", kind="prescription.review")),
    "dispensed twice": ("wrong_state", move("dispense", *TO_DISPENSE, "dispense")),
    "dispensed before payment": ("wrong_state", move("dispense", *COLLECTED[:3])),
    "dispensed after it was withdrawn": (
        "wrong_state",
        move("dispense", *TO_DISPENSE, "withdraw"),
    ),
    "claimed before delivery": ("wrong_state", move("claim", *COLLECTED[:5])),
    "from a state that it was not in": (
        "wrong_state",
        move("approve", "issue", says={"from": "x"}),
    ),
    "to another state": ("wrong_state", move("approve", "issue", says={"to": "paid"})),
    "reviewed by a doctor": ("wrong_role", move("approve", "issue", by="doctor2")),
    "dispensed by the patient": ("wrong_role", move("dispense", *TO_DISPENSE, by="patient")),
    "a fact that the law does not know": ("facts", move("issue", says={"drug": "x"})),
    "a fact that is missing": ("facts", move("issue", says={"rules": None})),
    "a fact of another type": ("facts", move("issue", says={"online": 1})),
    "a line of nothing": ("facts", move("issue", says={"lines": {"1": 0}})),
    "an end in another form": ("facts", move("issue", says={"valid_until": "2026-11-26"})),
    "half a bill": ("facts", authorizing(bill={"total_fen": 2000})),
    "issued without lines": ("wrong_quantity", move("issue", says={"lines": {}})),
    "issued without content": ("no_commitment", move("issue", commitment=b"")),
    "issued for nobody": ("wrong_patient", move("issue", patient="")),
    "issued in another's name": ("wrong_hospital", move("issue", says={"hospital": "hospital2"})),
    "reviewed elsewhere": ("wrong_hospital", move("approve", "issue", by="foreign_reviewer")),
    "reviewed by who prescribed it": ("four_eyes", move("approve", "issue", by="moonlighter")),
    "returned elsewhere": ("wrong_hospital", move("send_back", "issue", by="foreign_reviewer")),
    "returned by who prescribed it": ("four_eyes", move("send_back", "issue", by="moonlighter")),
    "returned and approved": (
        "wrong_decision",
        move("send_back", "issue", says={"decision": "approve"}),
    ),
    "approved and returned": (
        "wrong_decision",
        move("approve", "issue", says={"decision": "return"}),
    ),
    "cancelled by another doctor": ("wrong_doctor", move("cancel", "issue", by="doctor2")),
    "expired too early": ("out_of_time", move("expire", "issue")),
    "expired at another end": (
        "wrong_end",
        move("expire", "issue", at=END, says={"valid_until": "2026-11-23T12:00:00.000000Z"}),
    ),
    # whose it is
    "filed under another patient": (
        "patient_changed",
        move("dispense", *TO_DISPENSE, patient=OTHER_TAG),
    ),
    "a form of no law": ("wrong_form", move("issue", says={"form": "blank"})),
    "authorized by another patient": (
        "wrong_patient",
        move("authorize", *TO_AUTHORIZE, by="patient2"),
    ),
    "withdrawn by another patient": (
        "wrong_patient",
        move("withdraw", *COLLECTED[:3], by="patient2"),
    ),
    "given up by another patient": ("wrong_patient", move("give_up", *TO_AUTHORIZE, by="patient2")),
    "received by another patient": (
        "wrong_patient",
        move("receive", *COLLECTED[:5], by="patient2"),
    ),
    # the choice and the bill
    "a courier where it is collected": (
        "wrong_way",
        authorizing(courier="courier", **grant(to=["courier", "fund", "insurer", "pharmacy"])),
    ),
    "sent without a courier": (
        "wrong_way",
        move("authorize", *TO_AUTHORIZE, way="courier", says={"courier": None}),
    ),
    "lines that were not issued": ("wrong_lines", authorizing(**bill(lines={"1": FEN}))),
    "a line that does not add up": ("wrong_amount", cheating.one_line),
    "a total above its lines": ("wrong_amount", authorizing(**bill(total_fen=2001))),
    "a patient's share above its lines": ("wrong_amount", authorizing(**bill(patient_fen=401))),
    "payers above the lines": (
        "wrong_amount",
        authorizing(**bill(total_fen=2100, payers={"fund": 1500, "insurer": 200})),
    ),
    "the patient's share moved to a payer": (
        "wrong_amount",
        authorizing(**bill(patient_fen=300, payers={"fund": 1500, "insurer": 200})),
    ),
    "payers who pay too much": (
        "wrong_amount",
        authorizing(**bill(payers={"fund": 1401, "insurer": 200})),
    ),
    "granted to a stranger": (
        "wrong_grant",
        authorizing(**grant(to=["fund", "insurer", "pharmacy", "stranger"])),
    ),
    "granted for another purpose": ("wrong_grant", authorizing(**grant(purpose="research"))),
    "granted for longer": (
        "wrong_grant",
        authorizing(**grant(until="2027-01-01T00:00:00.000000Z")),
    ),
    "another amount paid": ("wrong_amount", move("pay", *COLLECTED[:3], says={"patient_fen": 1})),
    # the counter
    "dispensed elsewhere": ("wrong_pharmacy", move("dispense", *TO_DISPENSE, by="pharmacist2")),
    "dispensed in another's name": (
        "wrong_pharmacy",
        move("dispense", *TO_DISPENSE, says={"pharmacy": "pharmacy2"}),
    ),
    "dispensed by who prescribed it": (
        "four_eyes",
        move("dispense", *TO_DISPENSE, by="prescriber_at_counter"),
    ),
    "more than prescribed": (
        "wrong_quantity",
        move("dispense", *TO_DISPENSE, says={"lines": {"1": 1, "2": 4}}),
    ),
    "a line that was not prescribed": (
        "wrong_quantity",
        move("dispense", *TO_DISPENSE, says={"lines": {"1": 1, "3": 1}}),
    ),
    "shipped though collected": ("wrong_way", move("ship", *COLLECTED[:5], by="courier")),
    "shipped by another courier": (
        "wrong_courier",
        move("ship", *COURIERED[:5], way="courier", by="courier2"),
    ),
    "shipped in another's name": (
        "wrong_courier",
        move("ship", *COURIERED[:5], way="courier", says={"courier": "courier2"}),
    ),
    "handed out though sent": ("wrong_way", move("hand_out", *COURIERED[:5], way="courier")),
    "received before it was sent": ("wrong_way", move("receive", *COURIERED[:5], way="courier")),
    "handed out elsewhere": (
        "wrong_pharmacy",
        move("hand_out", *COLLECTED[:5], by="pharmacist2"),
    ),
    "handed out without the code": (
        "wrong_proof",
        move("hand_out", *COLLECTED[:5], says={"proof": "signature"}),
    ),
    "handed over without the code": (
        "wrong_proof",
        move("hand_over", *COURIERED[:6], way="courier", says={"proof": "signature"}),
    ),
    "received without proof": (
        "wrong_proof",
        move("receive", *COLLECTED[:5], says={"proof": "code"}),
    ),
    "handed over by another courier": (
        "wrong_courier",
        move("hand_over", *COURIERED[:6], way="courier", by="courier2"),
    ),
    # who pays
    "decided by a stranger": (
        "wrong_payer",
        move("decide", *TO_DECIDE, by="stranger", says={"payer": "insurer2"}),
    ),
    "decided in another's name": (
        "wrong_payer",
        move("decide", *TO_DECIDE, by="stranger"),
    ),
    "the last decision in another's name": (
        "wrong_payer",
        move("claim", *COLLECTED[:7], by="stranger"),
    ),
    "another last share claimed": (
        "wrong_amount",
        move("claim", *COLLECTED[:7], says={"claimed_fen": 201, "approved_fen": 201}),
    ),
    "more approved than claimed at last": (
        "wrong_decision",
        move("claim", *COLLECTED[:7], says={"approved_fen": 201}),
    ),
    "decided twice": (
        "wrong_payer",
        move(
            "claim",
            *TO_DECIDE,
            "decide",
            by="fund",
            says={
                **facts_of("decide"),
            },
        ),
    ),
    "another share claimed": ("wrong_amount", deciding(claimed_fen=1500, approved_fen=1500)),
    "more approved than claimed": ("wrong_decision", deciding(approved_fen=1401)),
    "part of it without a reason": ("wrong_decision", deciding(decision="part", approved_fen=1)),
    "refused and paid": (
        "wrong_decision",
        deciding(decision="refuse", approved_fen=1, reason="other"),
    ),
    "claimed though a payer is missing": ("wrong_move", move("claim", *TO_DECIDE)),
    "open though every payer decided": (
        "wrong_move",
        move("decide", *TO_DECIDE, "decide", by="insurer", says=facts_of("claim")),
    ),
    "settled twice": ("nothing_owed", cheating.two_settlements),
    "settled by who owes nothing": ("nothing_owed", cheating.settled_by_a_stranger),
    "settled before it was decided": (
        "nothing_owed",
        lambda book: book.go(*TO_DECIDE).settle(RX),
    ),
    "settled though there is no such": ("nothing_owed", settling(RX2)),
    "another total settled": ("wrong_amount", settling(total_fen=1401)),
    "settled with another pharmacy": ("wrong_pharmacy", settling(pharmacy="pharmacy2")),
    "settled for another payer": ("wrong_payer", settling(payer="insurer")),
    "settled in disorder": ("wrong_claims", cheating.unordered),
    "settled twice in one batch": ("wrong_claims", cheating.named_twice),
    "too many settled at once": ("wrong_claims", cheating.too_many),
    "a settlement about a patient": (
        "wrong_patient",
        settling(patient=OTHER_TAG),
    ),
    # looks, keys, the log
    "a look under another's": ("wrong_state", cheating.view_again),
    "a refusal about a patient": ("wrong_patient", cheating.refusal_about_a_patient),
    "a look signed by the reader": ("wrong_role", lambda book: book.view(by="doctor")),
    "a key that makes its holder the clock": (
        "wrong_role",
        registering(role="clock"),
    ),
    "a key under another's name": ("wrong_subject", registering(of="key/hospital/doctor/x")),
    "staff without an organisation": (
        "wrong_patient",
        registering(organisation=""),
    ),
    "a key that replaces others at once": (
        "too_soon",
        lambda book: book.register(
            "patient3",
            ("patient", "", "q1"),
            tag=TAG,
            replaces=[book.keys["patient"].verifier.vkey],
            active_from=stamp(book.now + timedelta(hours=23, minutes=59)),
        ),
    ),
    "another key revoked": (
        "wrong_subject",
        lambda book: book.add(
            f"key/{book.keys['doctor'].verifier.name}",
            "key.revoke",
            {"vkey": book.keys["doctor2"].verifier.vkey},
            book.keys["doctor"],
        ),
    ),
    "a key revoked by another": ("wrong_owner", lambda book: book.revoke("doctor", by="doctor2")),
    "another law by a service": ("wrong_role", cheating.law_by_service),
    "a checkpoint that did not grow": ("wrong_size", cheating.checkpoints(5, 5)),
    "a checkpoint that shrank": ("wrong_size", cheating.checkpoints(5, 4)),
    "a checkpoint about a patient": (
        "wrong_patient",
        cheating.checkpoints(5, patient=OTHER_TAG),
    ),
    "a key registered by another": ("signatures", cheating.registered_by_the_registrar),
    "two signatures": (
        "signatures",
        move("approve", "issue", also=("doctor2",)),
    ),
    # time
    "dated before the previous entry": (
        "back_dated",
        lambda book: book.go("issue").move("approve", at=NOON - timedelta(minutes=3)),
    ),
    "dated before the entries before it": ("back_dated", cheating.late_look),
    "dated before the key": (
        "before_key",
        lambda book: book.move("issue", at=NOON - timedelta(minutes=3)),
    ),
}
CHEATS |= cheats_of_signatures.waiting(CHEATS)


def _three_of_each_rule() -> list[str]:
    names: dict[str, list[str]] = defaultdict(list)
    for name, (rule, _) in CHEATS.items():
        names[rule].append(name)
    return [name for found in names.values() for name in (*found[:2], *found[2:][-1:])]


SOME = _three_of_each_rule()
"""For whoever hands what is judged to the same law, which is tried with all of them."""
