"""
A payer's agent: a program of its own, run by the payer, holding the payer's key.

It reads the claims that are open for its payer, fetches the signed entries as receipt files,
verifies them offline, decides by a simple policy, signs, and settles with the pharmacies what it
approved. What is not proven, or stands out (``insurance.signals``), it leaves to a person, and
looks at it no more. It needs the public API and nothing else of this server: no database, no
Django.

    python -m insurance.agent --url URL --payer SLUG --key FILE [--policy FILE] [--reading-key FILE]
        [--history FILE] [--places FILE]
"""

from __future__ import annotations

import argparse
import itertools
import json
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from hospital import boxes
from hospital.client import Client, Problem
from hospital.sphere import Place
from insurance import evidence, signals
from insurance.evidence import BadEvidence
from insurance.looks import LOOKS, History, Later
from ledger import keyfile
from ledger.entry import Statement
from ledger.policy import Policy

PAUSE_S = 0.5
UNAUTHORIZED = 401
AT_ONCE = 1_000
"""Claims that one settlement or clawback takes."""
OVERTAKEN = ("claim.decided", "claim.awaits_person", "prescription.wrong_state")
"""Another copy of this agent, or an officer, was first."""
log = logging.getLogger("agent")


@dataclass(slots=True)
class Agent:
    """
    ``policy`` is asked before each claim, since it names new logs after a turn; ``ceiling_fen`` is
    the most that the agent approves by itself for one claim. ``places``: where pharmacies are.
    """

    client: Client
    payer: str
    policy: Callable[[], Policy]
    ceiling_fen: int
    left: set[tuple[str, str]] = field(default_factory=set)
    history: History = field(default_factory=History)
    places: signals.Places = field(default_factory=dict)
    later: Later = field(default_factory=Later)

    def step(self) -> int:
        """Decide what is open, settle what is approved; how many decisions were made."""
        claims = list(self.client.each("/api/claims", "claims", size=50))
        decided = sum(self._tried(partial(self._decide, claim)) for claim in claims)
        self._reverse()
        self._settle()
        return decided

    def _tried(self, work: Callable[[], bool]) -> bool:
        """
        Whatever happens to one keeps no other waiting, unless it is that the session has ended or
        that nobody answers.
        """
        try:
            return work()
        except Problem as problem:
            if problem.status == UNAUTHORIZED:
                raise
            log.warning("refused: %s", problem.code)
        except httpx.TransportError:
            raise
        except Exception as fault:
            log.error("one of several fails: %s", type(fault).__name__)
        return False

    def _decide(self, claim: dict[str, Any]) -> bool:
        """
        Whether a decision was made. None is, and a person has to look, where the server does not
        prove what happened: the pharmacy has handed out the medicine and cannot help it.
        """
        subject, rx = claim["subject"], claim["prescription"]
        if not self.later.is_due(subject):
            return False
        try:
            statements = evidence.proven(self._files(subject), subject, self.policy())
        except BadEvidence as fault:
            self._wait(subject, logging.ERROR, str(fault))
            if self.later.again(subject) >= LOOKS:
                self._pend(subject, rx, "evidence_unproven")
            return False
        except Problem as problem:
            if problem.code != "entry.not_yet_published":
                raise
            self.later.again(subject)
            self._wait(subject, logging.INFO, "its checkpoint comes within a second or two")
            return False
        verdict = evidence.rule(statements, self.payer, ceiling_fen=self.ceiling_fen)
        if verdict.decision != "refuse" and (found := self._signals(statements)):
            for one in found:
                log.warning("%s: %s, beside %d others", subject, one.reason, len(one.others))
            return self._pend(subject, rx, "stands_out", [one.reason for one in found])
        return self._decided(subject, rx, verdict)

    def _decided(self, subject: str, rx: str, verdict: evidence.Verdict) -> bool:
        ruling = {
            "decision": verdict.decision,
            "approved_fen": verdict.approved_fen,
            "reason": verdict.reason,
        }
        try:
            self.client.command(f"/api/claims/{rx}/decide", ruling)
        except Problem as problem:
            if problem.code == "claim.four_eyes":
                return self._pend(subject, rx, "above_limit")
            if problem.code not in OVERTAKEN:
                raise
            return False
        self.later.forget(subject)
        log.info("%s %s: %s", subject, verdict.decision, verdict.reason)
        return True

    def _signals(self, statements: Sequence[Statement]) -> list[signals.Signal]:
        """What stands out, beside what this agent has seen before; it has seen this one now."""
        new = signals.seen(statements)
        if new is None:
            return []
        found = signals.of(new, list(self.history.seen.values()), self.places)
        self.history.add(new)
        return found

    def _pend(self, subject: str, rx: str, reason: str, found: Sequence[str] = ()) -> bool:
        """Leave it to a person at the payer; it is no decision."""
        try:
            body = {"reason": reason, "signals": list(found)}
            self.client.command(f"/api/claims/{rx}/pend", body)
        except Problem as problem:
            if problem.code not in OVERTAKEN:
                raise
        self.later.forget(subject)
        log.warning("%s is left to a person: %s", subject, reason)
        return False

    def _reverse(self) -> None:
        """Accept what comes back as signed entries prove it; take back what was paid."""
        due: dict[tuple[str, str], int] = defaultdict(int)
        for one in self._reversals("due"):
            due[one["prescription"], one["subject"]] += one["fen"]
        for (rx, subject), fen in due.items():
            self._tried(partial(self._accept, rx, subject, fen))
        owed: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for one in self._reversals("owed"):
            owed[one["pharmacy"], one["line"]][one["subject"]].append(one["id"])
        for (pharmacy, _), prescriptions in owed.items():
            for named in _chunks(prescriptions.values()):  # of one prescription all together
                self._tried(partial(self._claw_back, pharmacy, named))

    def _reversals(self, state: str) -> list[dict[str, Any]]:
        return list(self.client.each("/api/claims/reversals", "reversals", state=state, size=1_000))

    def _accept(self, rx: str, subject: str, fen: int) -> bool:
        try:
            statements = evidence.proven(self._files(subject), subject, self.policy())
        except BadEvidence as fault:
            self._wait(subject, logging.ERROR, str(fault))
            return False
        if evidence.comes_back(statements, self.payer) != fen:
            self._wait(subject, logging.ERROR, "other fen come back than the server says")
            return False
        self.client.command(f"/api/claims/{rx}/reverse", {})
        log.info("%s reversed", subject)
        return True

    def _claw_back(self, pharmacy: str, reversals: Sequence[str]) -> bool:
        self.client.command("/api/clawbacks", {"pharmacy": pharmacy, "reversals": reversals})
        log.info("took back %d claims from %s", len(reversals), pharmacy)
        return True

    def _wait(self, subject: str, level: int, why: str) -> None:
        """Leave a claim as it is; the log says once why."""
        if (subject, why) not in self.left:
            log.log(level, "%s waits: %s", subject, why)
        self.left.add((subject, why))

    def _files(self, subject: str) -> list[bytes]:
        """The receipt file of every entry about a subject."""
        entries = self.client.get("/api/entries", subject=subject)["entries"]
        return [self.client.text(f"/api/receipts/{one['leaf']}?file=1") for one in entries]

    def _settle(self) -> None:
        """Pay each pharmacy what is due; a settlement takes what is owed in one line of logs."""
        for due in ("at_once", "batch"):
            owed: dict[tuple[str, str], list[int]] = defaultdict(list)
            for claim in self.client.each("/api/claims/unsettled", "claims", due=due, size=1_000):
                waiting = owed[claim["pharmacy"], claim["line"]]
                waiting.append(claim["id"])
                if len(waiting) == AT_ONCE:  # so that no more than this wait of any pharmacy
                    claims, waiting[:] = list(waiting), []
                    self._tried(partial(self._pay, claim["pharmacy"], claims))
            for (pharmacy, _), claims in owed.items():
                if claims:
                    self._tried(partial(self._pay, pharmacy, claims))

    def _pay(self, pharmacy: str, claims: Sequence[int]) -> bool:
        self.client.command("/api/settlements", {"pharmacy": pharmacy, "claims": claims})
        log.info("settled %d claims with %s", len(claims), pharmacy)
        return True


def _chunks(groups: Iterable[Sequence[str]]) -> Iterator[list[str]]:
    """The names of whole groups, as many as one entry takes."""
    named: list[str] = []
    for group in groups:
        if len(named) + len(group) > AT_ONCE:
            yield named
            named = []
        named = [*named, *group]
    if named:
        yield named


def main() -> None:
    """Run until ended; a server that is away for a while is waited for."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    client = Client(
        httpx.Client(base_url=options.url, trust_env=False, timeout=10),
        signer=keyfile.load(options.key),
        patience_s=60,
        reading_keys=[boxes.load(path) for path in options.reading_key],
    )
    agent = Agent(client, options.payer, _policy(client, options.policy), options.ceiling_fen)
    agent.history, agent.places = History.read(options.history), _places(options.places)
    client.enter_with_key()
    for _ in itertools.count():
        try:
            agent.step()
        except Problem as problem:
            if problem.status == UNAUTHORIZED:
                client.enter_with_key()
            log.warning("refused: %s", problem.code)
        except httpx.TransportError as fault:
            log.warning("no answer: %s", type(fault).__name__)
        time.sleep(PAUSE_S)


def _policy(client: Client, path: Path | None) -> Callable[[], Policy]:
    """The consortium's policy: pinned in a file, or, failing that, as the log first shows it."""
    if path is not None:
        return lambda: Policy.parse(path.read_bytes())
    shown = Policy.parse(client.text("/log/policy"))
    return lambda: shown


def _places(path: Path | None) -> dict[str, Place]:
    """A file of ``{"pharmacy": ["longitude", "latitude"], …}``, as the licences say."""
    said = json.loads(path.read_text()) if path is not None else {}
    return {slug: Place(*map(Decimal, where)) for slug, where in said.items()}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Decide and settle claims for one payer.")
    parser.add_argument("--url", required=True, help="the server's address")
    parser.add_argument("--payer", required=True, help="the payer's slug")
    parser.add_argument("--key", required=True, type=Path, help="the agent's key file")
    parser.add_argument("--policy", type=Path, help="the policy file; pin it in production")
    parser.add_argument(
        "--reading-key",
        type=Path,
        action="append",
        default=[],
        help="a file of the payer's reading key; again for an older one",
    )
    parser.add_argument("--history", type=Path, help="where what was seen is kept")
    parser.add_argument("--places", type=Path, help="where pharmacies are")
    parser.add_argument("--ceiling-fen", type=int, default=1_000_000, help="per claim, in fen")
    return parser.parse_args()


if __name__ == "__main__":
    main()
