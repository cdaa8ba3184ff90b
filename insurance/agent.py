"""
A payer's agent: a program of its own, run by the payer, holding the payer's key.

It reads the claims that are open for its payer, fetches the signed events with their receipts,
verifies them offline, decides by a simple policy, signs, and settles with the pharmacies what it
approved. It needs the public API and nothing else of this server: no database, no Django.

    python -m insurance.agent --url URL --payer SLUG --key FILE [--policy FILE]
"""

from __future__ import annotations

import argparse
import itertools
import logging
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from hospital.client import Client, Problem
from insurance import evidence
from insurance.evidence import BadEvidence, Evidence, Proven, Verdict
from ledger import keyfile, note
from ledger.entry import Statement
from ledger.policy import Policy

PAUSE_S = 0.5
log = logging.getLogger("agent")


@dataclass(slots=True)
class Agent:
    """``ceiling_fen`` is the most that it approves by itself for one claim."""

    client: Client
    payer: str
    policy: Policy
    ceiling_fen: int
    keys: dict[str, list[Proven]] = field(default_factory=dict)

    def step(self) -> int:
        """Decide what is open, settle what is approved; how many decisions were made."""
        decided = sum(self._decide(claim) for claim in self.client.get("/api/claims")["claims"])
        self._settle()
        return decided

    def _decide(self, claim: dict[str, Any]) -> bool:
        try:
            found = self._evidence(claim["subject"])
        except Problem as problem:
            if problem.code == "entry.not_yet_published":
                return False  # its checkpoint comes within a second or two
            raise
        verdict = self._verdict(found, claim)
        try:
            self.client.command(
                f"/api/claims/{claim['prescription']}/decide",
                {
                    "decision": verdict.decision,
                    "approved_fen": verdict.approved_fen,
                    "reason": verdict.reason,
                },
            )
        except Problem as problem:
            if problem.code != "claim.decided":  # another copy of this agent was first
                raise
            return False
        log.info("%s %s: %s", claim["subject"], verdict.decision, verdict.reason)
        return True

    def _verdict(self, found: Evidence, claim: dict[str, Any]) -> Verdict:
        try:
            statements = evidence.checked(found, self.policy)
        except BadEvidence as fault:
            log.error("%s: %s", claim["subject"], fault)
            return Verdict("refuse", 0, "evidence_missing")
        return evidence.rule(statements, self.payer, ceiling_fen=self.ceiling_fen)

    def _evidence(self, subject: str) -> Evidence:
        events = self._proven(subject)
        chain = self.policy.logs[0].verifier.name
        if "log" not in self.keys:
            self.keys["log"] = self._proven("log")
        for event in events:
            name = Statement.parse(note.parse(event.entry).text).by
            if not name.startswith(f"{chain}/"):
                self.keys[name] = self._proven(f"key/{name}")
        return Evidence(events, self.keys["log"][0], self.keys)

    def _proven(self, subject: str) -> list[Proven]:
        found = self.client.get("/api/entries", subject=subject, receipts="1")["entries"]
        return [Proven(one["note"].encode(), one["receipt"].encode()) for one in found]

    def _settle(self) -> None:
        owed: dict[str, list[int]] = defaultdict(list)
        for claim in self.client.get("/api/claims/unsettled")["claims"]:
            owed[claim["pharmacy"]].append(claim["id"])
        for pharmacy, claims in owed.items():
            self.client.command("/api/settlements", {"pharmacy": pharmacy, "claims": claims})
            log.info("settled %d claims with %s", len(claims), pharmacy)


def main() -> None:
    """Run until ended; a server that is away for a while is waited for."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    client = Client(
        httpx.Client(base_url=options.url, trust_env=False, timeout=10),
        signer=keyfile.load(options.key),
        patience_s=60,
    )
    policy = _policy(client, options.policy)
    agent = Agent(client, options.payer, policy, options.ceiling_fen)
    client.enter_with_key()
    for _ in itertools.count():
        try:
            agent.step()
        except Problem as problem:
            if problem.status == 401:
                client.enter_with_key()
            log.warning("refused: %s", problem.code)
        except httpx.TransportError as fault:
            log.warning("no answer: %s", type(fault).__name__)
        time.sleep(PAUSE_S)


def _policy(client: Client, path: Path | None) -> Policy:
    """The consortium's policy: pinned in a file, or, failing that, as the log first shows it."""
    return Policy.parse(path.read_bytes() if path else client.text("/log/policy"))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Decide and settle claims for one payer.")
    parser.add_argument("--url", required=True, help="the server's address")
    parser.add_argument("--payer", required=True, help="the payer's slug")
    parser.add_argument("--key", required=True, type=Path, help="the agent's key file")
    parser.add_argument("--policy", type=Path, help="the policy file; pin it in production")
    parser.add_argument("--ceiling-fen", type=int, default=1_000_000, help="per claim, in fen")
    return parser.parse_args()


if __name__ == "__main__":
    main()
