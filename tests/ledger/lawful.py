"""A log in memory in which everything is lawful, until a test makes its operator cheat."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from config import law as published
from hospital.units import SHANGHAI, stamp
from insurance.pending import ANSWERING
from ledger import law, merkle, note, tiles
from ledger.entry import Statement, leaf_hash
from ledger.replay import Broken, Replay
from ledger.treehead import TreeHead
from pharmacy.actions import checklist
from prescriptions import lifecycle
from tests.ledger.logs import Memory

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
END = NOON + timedelta(days=2)
LATEST = datetime(2026, 11, 25, 16, tzinfo=UTC)
"""24:00 in Shanghai of the third day from NOON's."""
ORIGIN = "example/log"
MOVES = {
    **{move.name: move for move in lifecycle.MOVES},
    "issue_toxic": lifecycle.ISSUE,
    "issue_narcotic": lifecycle.ISSUE,
}
"""And two that are issued on a form of two reviewers, the last one of two pharmacists, too."""
LAW = law.parse(published.document())
TAG, OTHER_TAG = "7a" * 32, "7b" * 32
RX = "rx/" + "1" * 32
REST = "rx/" + "e" * 32
"""What is left of RX when a part of it was given out."""
COMMITMENT = b"c" * 32
LOT = "10" * 32
COLLECTED = ("issue", "approve", "authorize", "pay", "dispense", "receive", "decide", "claim")
COURIERED = ("issue", "approve", "authorize", "pay", "dispense", "ship", "hand_over")


def laws(digest: str) -> law.Law | None:
    return {published.digest(): LAW}.get(digest)


def signer(name: str) -> note.Signer:
    return note.Signer(name, hashlib.sha256(name.encode()).digest())


LOG = signer(ORIGIN)
SERVICES = {
    name: signer(f"{ORIGIN}/{name}") for name in ("access", "cashier", "clock", "registrar")
}
FEN = {"total_fen": 1000, "fund_fen": 700, "insurer_fen": 100, "patient_fen": 200}
BILL = {
    "total_fen": 2000,
    "patient_fen": 400,
    "payers": {"fund": 1400, "insurer": 200},
    "lines": {"1": FEN, "2": FEN},
}
PART_BILL: dict[str, Any] = {
    "total_fen": 600,
    "patient_fen": 120,
    "payers": {"fund": 420, "insurer": 60},
    "lines": {"2": {"total_fen": 600, "fund_fen": 420, "insurer_fen": 60, "patient_fen": 120}},
}
PEOPLE = {
    # name: role, organisation, person
    "doctor": ("doctor", "hospital", "p1"),
    "doctor2": ("doctor", "hospital", "p2"),
    "foreign_doctor": ("doctor", "hospital2", "p10"),
    "system": ("system", "hospital", "h1"),
    "foreign_system": ("system", "hospital2", "h2"),
    "reviewer": ("reviewer", "hospital", "p3"),
    "reviewer2": ("reviewer", "hospital", "p11"),
    "first_reviewer_again": ("reviewer", "hospital", "p3"),
    "countersigner_at_review": ("reviewer", "hospital", "p2"),
    "moonlighter": ("reviewer", "hospital", "p1"),
    "foreign_reviewer": ("reviewer", "hospital2", "p4"),
    "pharmacist": ("pharmacist", "pharmacy", "p5"),
    "pharmacist2": ("pharmacist", "pharmacy2", "p6"),
    "colleague": ("pharmacist", "pharmacy", "p12"),
    "colleague_again": ("pharmacist", "pharmacy", "p12"),
    "countersigner_at_counter": ("pharmacist", "pharmacy", "p2"),
    "prescriber_at_counter": ("pharmacist", "pharmacy", "p1"),
    "courier": ("courier", "courier", "p7"),
    "courier2": ("courier", "courier2", "p8"),
    "fund": ("agent", "fund", "a1"),
    "insurer": ("agent", "insurer", "a2"),
    "stranger": ("agent", "insurer2", "a3"),
    "officer": ("officer", "fund", "o1"),
    "officer2": ("officer", "fund", "o2"),
    "foreign_officer": ("officer", "insurer", "o3"),
    "regulator": ("regulator", "authority", "p9"),
    "judge_in_own_cause": ("regulator", "authority", "p1"),
    "judge_of_own_word": ("regulator", "authority", "p2"),
    "researcher": ("researcher", "institute", "r1"),
    "foreign_researcher": ("researcher", "institute2", "r2"),
    "offers_and_approves": ("regulator", "authority", "r1"),
    "patient": ("patient", "", "q1"),
    "patient2": ("patient", "", "q2"),
}
UPLOADED: dict[str, Any] = {
    "doctor": "hospital/doctor/p1",
    "form": "ordinary",
    "hospital": "hospital",
    "lines": {"1": 1, "2": 3},
    "prescriber": "p1",
    "rules": "2026-01",
    "valid_until": stamp(END),
    "warnings": [],
}
"""What an upload says: the doctor whom PEOPLE call ``doctor`` prescribed it."""
SIGNS = {
    "issue": "doctor",
    "issue_toxic": "doctor",
    "issue_narcotic": "doctor",
    "submit": "doctor",
    "countersign": "doctor2",
    "refuse": "doctor2",
    "upload": "system",
    "upload_reviewed": "system",
    "void": "system",
    "undo": "system",
    "approve": "reviewer",
    "check": "reviewer",
    "confirm": "reviewer2",
    "send_back": "reviewer",
    "authorize": "patient",
    "withdraw": "patient",
    "pay": "cashier",
    "double_check": "colleague",
    "dispense": "pharmacist",
    "dispense_part": "pharmacist",
    "collide": "pharmacist",
    "owe": "cashier",
    "decline": "pharmacist",
    "substitute": "pharmacist",
    "agree": "patient",
    "disagree": "patient",
    "ship": "courier",
    "receive": "patient",
    "hand_out": "pharmacist",
    "hand_over": "courier",
    "fail": "courier",
    "turn_back": "courier",
    "take_back": "pharmacist",
    "decide": "fund",
    "claim": "insurer",
    "pend": "fund",
    "ask_field": "officer",
    "withhold": "patient",
    "reopen": "officer",
    "appeal": "patient",
    "return_part": "pharmacist",
    "return": "pharmacist",
    "reverse": "fund",
    "claw_back": "fund",
    "cancel": "doctor",
    "give_up": "patient",
    "ask_change": "pharmacist",
    "keep": "doctor",
    "change": "doctor",
    "resubmit": "doctor",
    "extend": "doctor",
    "expire": "clock",
}


def facts_of(move: str, way: str = "collect") -> dict[str, Any]:
    """What the entry of a move says when nobody cheats."""
    sent = {"courier": "courier", "address": "ad" * 32} if way == "courier" else {}
    readers = sorted(["pharmacy", "fund", "insurer", *(["courier"] if sent else [])])
    decision: dict[str, Any] = {
        "claimed_fen": 1400,
        "approved_fen": 1400,
        "decision": "approve",
        "reason": "none",
    }
    written = {
        "form": "ordinary",
        "hospital": "hospital",
        "lines": {"1": 1, "2": 3},
        "online": False,
        "rules": "2026-01",
        "valid_until": stamp(END),
        "warnings": [],
    }
    change = {"form": "ordinary", "lines": {"1": 2, "2": 3}, "rules": "2026-01", "warnings": []}
    given = {"pharmacy": "pharmacy", "lines": {"1": 1, "2": 3}, "scan": "5c" * 16}
    checked = {**given, "checks": checklist.ALL}
    granted = {"to": readers, "purpose": "dispense_deliver_settle", "until": stamp(END)}
    comes_back = {
        "pharmacy": "pharmacy",
        "reason": "quality",
        "bill": {"total_fen": 0, "patient_fen": 0, "payers": {"fund": 0, "insurer": 0}},
        "refund_fen": 400,
        "waiting": {},
        "back": {},
    }
    waits = {"warnings": ["rx.countersignature"]}
    approve, send_back = (
        {"decision": "approve", "reason": "none"},
        {"decision": "return", "reason": "dose"},
    )
    facts: dict[str, dict[str, Any]] = {
        "issue": written,
        "issue_toxic": {**written, "form": "toxic"},
        "issue_narcotic": {**written, "form": "narcotic", "dispenser": "pharmacy"},
        "submit": {**written, **waits},
        "countersign": approve,
        "refuse": send_back,
        "upload": UPLOADED,
        "upload_reviewed": {
            **UPLOADED,
            "reviewer": "hospital/reviewer/p3",
            "reviewed_by": "p3",
        },
        "void": {"hospital": "hospital", "reason": "other"},
        "undo": {"reason": "other"},
        "approve": approve,
        "check": approve,
        "confirm": approve,
        "send_back": send_back,
        "authorize": {
            "pharmacy": "pharmacy",
            "way": way,
            "lines": {"1": 1, "2": 3},
            "bill": BILL,
            "grant": granted,
            **sent,
        },
        "pay": {"patient_fen": 400},
        "double_check": given,
        "dispense": checked,
        "dispense_part": {**checked, "lines": {"2": 2}, "rest": REST[3:], "bill": PART_BILL},
        "collide": {
            "pharmacy": "pharmacy",
            "lines": {"1": 1, "2": 3},
            "given_at": stamp(NOON),
            "slip": "5e" * 32,
            "reason": "given_already",
        },
        "owe": {"of": RX, "lines": {"1": 1, "2": 1}},
        "decline": {"reason": "out_of_stock"},
        "substitute": {"reason": "price", "proposal": "ab" * 32, "scan": "5c" * 16},
        "agree": {
            "proposal": "ab" * 32,
            "pharmacy": "pharmacy",
            "lines": {"1": 1, "2": 3},
            "bill": BILL,
            "grant": granted,
        },
        "disagree": {"proposal": "ab" * 32},
        "ship": {"courier": "courier"},
        "receive": {"proof": "signature"},
        "hand_out": {"proof": "code"},
        "hand_over": {"proof": "code"},
        "fail": {"reason": "nobody_home"},
        "turn_back": {"reason": "nobody_home"},
        "decide": {"payer": "fund", **decision},
        "claim": {"payer": "insurer", **decision, "claimed_fen": 200, "approved_fen": 200},
        "pend": {"payer": "fund", "reason": "unsure"},
        "withhold": {"payer": "fund", "field": "diagnosis/"},
        "reopen": {"payer": "fund", "fen": 1400, "reason": "mistake"},
        "appeal": {"payer": "fund", "fen": 1400, "reason": "covered"},
        "return_part": {"lines": {"2": 3}, **comes_back},
        "return": {"lines": given["lines"], **comes_back},
        "reverse": {"payer": "fund", "reversed_fen": 1400, "left_fen": 0},
        "claw_back": {"payer": "fund", "reversed_fen": 1400},
        "cancel": {"reason": "clinical"},
        "give_up": {"reason": "patient_request"},
        "ask_change": {"reason": "dose", "request": "9e" * 32, "scan": "5c" * 16},
        "keep": {"reason": "intended", "request": "9e" * 32},
        "change": change,
        "resubmit": {**change, **waits},
        "extend": {"valid_until": stamp(LATEST)},
        "expire": {"valid_until": stamp(END)},
    }
    return facts.get(move, {})


class Book:
    """Entries, one after the other, a second apart; the log has a key of everybody."""

    origin, log = ORIGIN, LOG
    instead: Mapping[str, str] = {}

    def __init__(self, policy: str = f"log {LOG.verifier.vkey}\nquorum none\n") -> None:
        self.entries: list[bytes] = []
        self.now = NOON
        self.tips: dict[str, tuple[int, bytes]] = {}
        self.states: dict[str, str] = {}
        self.unnumbered: dict[str, bytes] = {}
        self.forms: dict[str, str] = {}
        self.left: dict[str, dict[str, int]] = {}
        self.numbers = True
        self.keys = dict(SERVICES)
        self.add(
            "log",
            "log.open",
            {
                "law": published.digest(),
                "policy": policy,
                "service_keys": {name: key.verifier.vkey for name, key in SERVICES.items()},
            },
            LOG,
        )
        for name, who in PEOPLE.items():
            self.register(name, who)

    def register(
        self, name: str, who: tuple[str, str, str], *, of: str = "", by: str = "", **says: Any
    ) -> int:
        """Register the key of ``who`` (role, organisation, person) under ``name``."""
        role, organisation, person = who
        key = self.keys[name] = signer("/".join(filter(None, (organisation, role, name))))
        facts = {
            "vkey": key.verifier.vkey,
            "role": role,
            "organisation": organisation,
            "owner": f"{organisation}/{role}/{person}",
            "person": person,
        }
        fields = {"at": says.pop("at")} if "at" in says else {}
        tag = says.pop("tag", {"patient": TAG, "patient2": OTHER_TAG}.get(name, ""))
        return self.add(
            of or f"key/{key.verifier.name}",
            "key.register",
            {**facts, **says},
            key,
            self.keys["registrar"],
            **{"patient": tag, "by": by or key.verifier.name, **fields},
        )

    def add(self, subject: str, kind: str, facts: Any, *signers: note.Signer, **fields: Any) -> int:
        """Append an entry; its index. ``fields`` are of the statement, where they differ."""
        version, prev = self.tips.get(subject, (0, b""))
        self.now += timedelta(seconds=1)
        usual = {
            "log": self.origin,
            "subject": subject,
            "version": version + 1,
            "prev": prev,
            "kind": kind,
            "by": signers[0].verifier.name,
            "at": self.now,
            "patient": "",
            "commitment": b"",
            "facts": facts,
        }
        data = note.sign(Statement(**{**usual, **fields}).text(), *signers)
        self.entries.append(data)
        self.tips[subject] = (version + 1, leaf_hash(data))
        return len(self.entries) - 1

    def move(
        self,
        name: str,
        *,
        of: str = RX,
        by: str = "",
        way: str = "collect",
        says: dict[str, Any] | None = None,
        also: tuple[str, ...] = (),
        **fields: Any,
    ) -> int:
        """
        One move of a prescription, signed by ``by`` and ``also``.

        ``says`` are facts that differ (None: they are missing). ``instead`` of some moves others
        are made. What was written on the form of narcotics is numbered first, while ``numbers``,
        and is given out of one lot.
        """
        if self.numbers and of in self.unnumbered:
            self.number(of)
        name = self.instead.get(name, name)
        move = MOVES[name]
        state = self.states.get(of, "draft")
        facts = {
            "move": move.name,
            "from": state,
            "to": move.leads_to(state),
            **facts_of(name, way),
        }
        if name == "authorize":
            facts["face"] = stamp(fields.get("at", self.now))
        if name == "ask_field":
            until = fields.get("at", self.now + timedelta(seconds=1)) + ANSWERING
            facts |= {"payer": "fund", "field": "diagnosis/", "purpose": "claim"}
            facts["until"] = stamp(until)
        if name in ("authorize", "double_check", "dispense"):
            facts["lines"] = self.left.get(of, facts["lines"])
        facts |= says or {}
        if "form" in facts or name == "owe":
            self.left[of] = facts["lines"]
        self.forms[of] = facts.get("form", self.forms.get(of, ""))
        if name == "double_check" or (name == "dispense" and self.forms[of] == "narcotic"):
            facts.setdefault("lots", {LOT: sum(facts["lines"].values())})
        facts = {key: value for key, value in facts.items() if value is not None}
        self.states[of] = move.leads_to(state)
        fields = {"patient": TAG, "commitment": COMMITMENT, **fields}
        if facts.get("form") == "narcotic":
            self.unnumbered[of] = fields["commitment"]
        kind = fields.pop("kind", move.kind)
        signers = [self.keys[one] for one in (by or SIGNS[name], *also)]
        return self.add(of, kind, facts, *signers, **fields)

    def number(
        self, of: str = RX, *, by: str = "registrar", register: str = "", **changes: Any
    ) -> int:
        """The next number of the day's register; ``changes`` are of facts, or of the entry."""
        others = ("patient", "commitment", "at")
        fields = {name: changes.pop(name) for name in others if name in changes}
        day = fields.get("at", self.now).astimezone(SHANGHAI).date()
        ends = datetime.combine(day + timedelta(days=1), time(), SHANGHAI)
        facts: dict[str, Any] = {
            "ends": stamp(ends),
            "form": "narcotic",
            "hospital": "hospital",
        }
        facts |= {"prescription": of, **changes}
        subject = register or f"register/{facts['hospital']}/{facts['ends']}"
        facts.setdefault("number", self.tips.get(subject, (0, b""))[0] + 1)
        fields.setdefault("commitment", self.unnumbered.pop(of, COMMITMENT))
        return self.add(subject, "register.number", facts, self.keys[by], **fields)

    def go(self, *moves: str, of: str = RX, way: str = "collect") -> Book:
        for name in moves:
            self.move(name, of=of, way=way)
        return self

    def settle(
        self, *claims: str, by: str = "fund", batch: str = "e", patient: str = "", **says: Any
    ) -> int:
        named = {"claims": list(claims), "file": "f1" * 32}
        facts = {"payer": by, "pharmacy": "pharmacy", "total_fen": 1400, **named, **says}
        subject = f"settlement/{batch * 32}"
        return self.add(subject, "insurance.settle", facts, self.keys[by], patient=patient)

    def remit(
        self, *settlements: str, by: str = "fund", name: str = "a", patient: str = "", **says: Any
    ) -> int:
        named = {"settlements": list(settlements), "reference": "BANK-0001"}
        facts = {"payer": by, "pharmacy": "pharmacy", "total_fen": 1400, **named, **says}
        subject = f"remittance/{name * 32}"
        return self.add(subject, "insurance.remit", facts, self.keys[by], patient=patient)

    def revoke(self, name: str, by: str, **fields: Any) -> int:
        key = self.keys[name].verifier
        facts = {"vkey": key.vkey}
        return self.add(f"key/{key.name}", "key.revoke", facts, self.keys[by], **fields)

    def view(self, which: str = "f", *, by: str = "access", **fields: Any) -> int:
        facts = {
            "reader": "hospital/doctor/p1",
            "role": "doctor",
            "organisation": "hospital",
            "purpose": "read",
            "basis": "prescriber",
            "of": RX,
            "records": 1,
            "fields": ["diagnosis"],
        }
        subject, fields = f"view/{which.rjust(32, '0')}", {"patient": TAG, **fields}
        return self.add(subject, "record.view", facts, self.keys[by], **fields)

    def replayed(self) -> Replay:
        """Replay all of it under the law. Raises ``Broken``."""
        replay = Replay(LOG.verifier, laws)
        for entry in self.entries:
            replay.check(entry, leaf_hash(entry))
        return replay

    def broken(self, by: law.Law = LAW) -> tuple[int, str]:
        """The index of the first entry that breaks a rule, and the rule; -1 if there is none."""
        replay = Replay(LOG.verifier, lambda digest: by)
        for entry in self.entries:
            try:
                replay.check(entry, leaf_hash(entry))
            except Broken as error:
                return replay.entries, error.rule
        return -1, ""

    # --- as published ---------------------------------------------------------------------------

    def head(self, size: int | None = None) -> TreeHead:
        leaves = [leaf_hash(entry) for entry in self.entries[:size]]
        return TreeHead(self.origin, len(leaves), merkle.root(leaves))

    def files(self, size: int | None = None) -> Memory:
        """The tiles of the first ``size`` entries, the law, the key, and a signed checkpoint."""
        entries = self.entries[:size]
        stack = tiles.Stack()
        made = stack.extend([leaf_hash(entry) for entry in entries]) + stack.partials()
        files = Memory({tile.path: content for tile, content in made})
        for start in range(0, len(entries), tiles.WIDTH):
            tile = tiles.tile_at(tiles.ENTRIES, start // tiles.WIDTH, len(entries))
            files[tile.path] = tiles.bundle(entries[start : start + tiles.WIDTH])
        files["log.vkey"] = f"{self.log.verifier.vkey}\n".encode()
        files["checkpoint"] = note.sign(self.head(size).text(), self.log)
        files[f"law/{published.digest()}.json"] = published.document()
        return files
