"""Keys as entries name and register them. Part of ``ledger.replay``."""

from typing import Any

from ledger import note as notes
from ledger.broken import Broken
from ledger.entry import Statement
from ledger.memory import Key

HELD = ("role", "organisation", "owner", "person")
"""What a registration says of a key's holder."""


def key_of(vkey: Any) -> notes.Verifier:
    """Read a verifier key. Raises ``Broken``."""
    try:
        return notes.Verifier.from_vkey(vkey if isinstance(vkey, str) else "")
    except notes.Malformed as error:
        raise Broken("key.bad_vkey", f"not a verifier key: {vkey!r}") from error


def new_key(statement: Statement, verifier: notes.Verifier) -> Key:
    """The key that a registration is about, and whose it says it is."""
    facts = statement.facts
    holder = {name: value if isinstance(value := facts.get(name), str) else "" for name in HELD}
    holder |= {"name": verifier.name, "patient": statement.patient}
    return Key(verifier.public_key, statement.at, holder)
