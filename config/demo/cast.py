"""
The people of the demo and the keys they hold.

Keys lie in ``RX_HOME/demo``, on the side of the people; the server gets public keys only. A second
run finds the same people again.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from config.demo import phone
from config.sample import load, loader
from config.sample.loader import FundCoverage
from hospital.actions import login
from hospital.client import Client, Problem
from hospital.models import Account
from ledger import keyfile, note
from prescriptions import uploaded
from prescriptions.rules import countersigned

PATIENCE_S = 60.0
PHONE = "13800138000"
Made = TypeVar("Made")


def again(enter: Callable[[], Made], tries: int = 8) -> Made:
    """Log in; what was spent by an attempt whose answer got lost is fetched anew."""
    for left in reversed(range(tries)):
        try:
            return enter()
        except Problem as problem:
            if not left or problem.code != "login.failed":
                raise
    raise AssertionError("unreachable")


def patiently(call: Callable[[], Made]) -> Made:
    """Do what the operator does in the database; while that is away, wait."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return call()
        except (InterfaceError, OperationalError):
            if time.monotonic() > until:
                raise
            connection.close()
            time.sleep(0.2)


@dataclass
class Keys:
    """Who holds which key: a name of ours → (key name at the server, seed)."""

    path: Path
    held: dict[str, tuple[str, str]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def read(cls, folder: Path) -> Keys:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / "keys.json"
        held = json.loads(path.read_text()) if path.exists() else {}
        return cls(path, {who: (name, seed) for who, (name, seed) in held.items()})

    def signer(self, who: str) -> note.Signer | None:
        held = self.held.get(who)
        return note.Signer(held[0], bytes.fromhex(held[1])) if held else None

    def keep(self, who: str, signer: note.Signer) -> None:
        with self.lock:
            self.held[who] = (signer.verifier.name, signer.seed.hex())
            temporary = self.path.with_suffix(".new")
            temporary.touch(mode=0o600)
            temporary.write_text(json.dumps(self.held))
            temporary.replace(self.path)


@dataclass
class Cast:
    """Everybody who acts in the demo, each with a client and a key of his or her own."""

    http: httpx.Client
    wechat: httpx.Client
    keys: Keys
    accounts: dict[str, Account]
    clients: dict[str, Client] = field(default_factory=dict)
    locks: dict[str, threading.Lock] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def gather(cls, web_url: str, wechat_url: str, folder: Path) -> Cast:
        """Load the sample network; nobody has logged in yet."""
        limits = httpx.Limits(max_connections=32, max_keepalive_connections=32)
        return cls(
            httpx.Client(base_url=web_url, trust_env=False, timeout=20, limits=limits),
            httpx.Client(base_url=wechat_url, trust_env=False, timeout=20),
            Keys.read(folder),
            patiently(lambda: load.load(at=timezone.now())),
        )

    def member(self, slug: str, role: str, number: int = 0) -> Client:
        """The ``number``-th member of staff in this role, logged in."""
        names = [name for name in self.accounts if name.startswith(f"{slug}/{role}/")]
        return self.staff(names[number % len(names)])

    def doctor(self, script: uploaded.Uploaded) -> Client:
        """The doctor of the script, employed by its hospital if nobody knew the doctor's code."""
        account = load.doctor_of(script, at=timezone.now())
        name = f"{script.hospital}/doctor/{script.doctor_code}"
        self.accounts[name] = account
        return self.staff(name)

    def colleague(self, script: uploaded.Uploaded) -> Client:
        """Another doctor of the script's hospital, who may countersign."""
        own = f"{script.hospital}/doctor/"
        author = f"{own}{script.doctor_code}"
        others = [name for name in self.accounts if name.startswith(own) and name != author]
        return self.staff(next(one for one in others if not self._waits(one)))

    def _waits(self, name: str) -> bool:
        """Whether what this doctor writes waits for a countersignature."""
        return countersigned(self.accounts[name].rights)

    def staff(self, name: str) -> Client:
        return self._client(name, lambda client: self._enter_staff(client, name))

    def patient(self, person: uploaded.Patient) -> Client:
        """The patient: WeChat log-in, identity, key of the phone, cover by all payers."""
        openid = openid_of(person)
        name = f"patient/{openid}"
        return self._client(name, lambda client: self._enter_patient(client, name, openid, person))

    def face(self, person: uploaded.Patient, purpose: str) -> str:
        """A passed check of the patient's face."""
        return phone.face(self.patient(person), self.wechat, openid_of(person), purpose)

    def agent_key(self, slug: str, folder: Path) -> Path:
        """A file with the key of a payer's agent, for the program that runs it."""
        client, path = self.member(slug, "agent"), folder / f"{slug}.key"
        assert client.signer is not None
        if path.exists() and keyfile.load(path).seed != client.signer.seed:
            path.unlink()  # of a database that is gone
        if not path.exists():
            keyfile.save(path, client.signer)
        return path

    def introduce(self, person: uploaded.Patient) -> None:
        """Someone whom the hospital and the payers know, and whose phone has no key yet."""
        client, openid = Client(self.http, patience_s=PATIENCE_S), openid_of(person)
        if self._identify(client, openid, person):
            self._insure(person.id_number)

    def everybody(self) -> None:
        """Have every member of staff enrolled, with a key."""
        for name in list(self.accounts):
            self.staff(name)

    def _locked(self, name: str) -> threading.Lock:
        """The lock of one name, so that nobody enters twice at once."""
        with self.lock:
            return self.locks.setdefault(name, threading.Lock())

    def _client(self, name: str, enter: Callable[[Client], None]) -> Client:
        with self._locked(name):
            if name not in self.clients:
                client = Client(self.http, self.keys.signer(name), patience_s=PATIENCE_S)
                enter(client)
                self.clients[name] = client
            return self.clients[name]

    def _enter_staff(self, client: Client, name: str) -> None:
        if client.signer is not None:
            try:
                again(client.enter_with_key)
            except Problem as problem:
                if problem.code != "key.unknown":  # the database is newer than the keys
                    raise
            else:
                return
        again(lambda: self._enrol(client, self.accounts[name]))
        self._register(client, name)
        again(client.enter_with_key)  # a session by the code is none of a person's real name

    def _enter_patient(
        self, client: Client, name: str, openid: str, person: uploaded.Patient
    ) -> None:
        self._identify(client, openid, person)
        known = {key["name"] for key in client.get("/api/keys")["keys"]}
        if client.signer is None or client.key_name not in known:
            self._insure(person.id_number)  # before the key, by which a later run sees it was done
            self._register(client, name)

    def _identify(self, client: Client, openid: str, person: uploaded.Patient) -> bool:
        """Log in from WeChat; whether it was the first time, and the face had to be shown."""
        session = again(lambda: client.enter_with_wechat(self._wechat_code(openid)))
        if session["identified"]:
            return False
        claimed = {
            "name": person.name,
            "id_number": person.id_number,
            "phone": person.phone or PHONE,
        }
        seen = phone.face(client, self.wechat, openid, "identity", **claimed)
        client.write("/api/me/identity", {"face_check": seen})
        return True

    def _wechat_code(self, openid: str) -> str:
        answer = self.wechat.post("/simulator/code", json={"openid": openid})
        return str(answer.json()["code"])

    @staticmethod
    def _enrol(client: Client, account: Account) -> None:
        code = patiently(lambda: login.make_enrolment_code(account, at=timezone.now()))
        client.enrol(code)

    def _register(self, client: Client, name: str) -> None:
        client.register_key(os.urandom(32))
        assert client.signer is not None
        self.keys.keep(name, client.signer)

    def _insure(self, id_number: str) -> None:
        """Every payer of the sample network promises what its entry says."""
        now = timezone.now()
        for payer in loader.network():
            if payer.coverage is None:
                continue
            promise: dict[str, Any] = {
                "patient": id_number,
                "valid_from": (now - timedelta(days=1)).isoformat(),
                "valid_until": (now + timedelta(days=365)).isoformat(),
            }
            if isinstance(payer.coverage, FundCoverage):
                promise["rates_bp"] = dict(payer.coverage.rate_bp_by_class)
            else:
                promise["rates_bp"] = dict.fromkeys("甲乙丙", payer.coverage.rate_bp)
                promise["ceiling_fen"] = payer.coverage.ceiling_fen
            self.member(payer.slug, "agent").write("/api/coverages", promise)


def openid_of(person: uploaded.Patient) -> str:
    """By whom the simulated WeChat knows the phone of this patient."""
    return "o" + hashlib.sha256(person.id_number.encode()).hexdigest()[:27]
