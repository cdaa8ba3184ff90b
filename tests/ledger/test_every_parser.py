"""No parser without fuzzing: what reads bytes or texts of others is listed here, and only that."""

import ast
import re
from collections.abc import Iterator, Set
from pathlib import Path

import ledger
from tests.ledger.parsers import PARSERS

ROOT = Path(ledger.__file__).parent
READS = re.compile(
    "parse|read|load|decode|open|from_|un[a-z]|join|split|verify|fetch|look|named|take|find"
)
REFUSES = re.compile("Malformed|BadPolicy|BadLaw|BadHome|Fault|Broken|ValueError|Refused")
GIVEN = re.compile(r"\b(bytes|str|Any|Reader|Path|Note|Environ|HttpRequest)\b")

# Which parser of ``tests.ledger.parsers`` tries it.
FUZZED = {
    "beside.read_vkey": "log.vkey",
    "cosignature.Verifier.from_vkey": "cosigner key",
    "entry.Statement.parse": "entry",
    "entry.read_canonical": "json",
    "evidence.verify": "evidence",
    "exhibit.decode": "exhibit",
    "exhibit.form_of": "exhibit",
    "keyfile.load": "key file",
    "keyfile.load_cosigner": "key file",
    "law.parse": "law",
    "lawothers.conditions": "law",
    "lawothers.resting": "law",
    "lawothers.taking": "law",
    "lawterms.check": "law",
    "lawterms.term": "law",
    "lawtypes.type_of": "law",
    "members.hashes": "receipt file",
    "members.items": "receipt file",
    "members.named": "receipt file",
    "members.note": "receipt file",
    "members.string": "receipt file",
    "note.Verifier.from_vkey": "log key",
    "note.check_name": "log key",
    "note.decode_base64": "base64",
    "note.parse": "note",
    "omission.verify": "evidence",
    "paper.joined": "paper",
    "policy.Policy.parse": "policy",
    "policy.final_head": "final head",
    "policy.open_signed": "checkpoint",
    "promise.Promise.parse": "promise",
    "promise.opened": "signed promise",
    "receipt.parse": "receipt",
    "receipt.verify": "shown receipt",
    "receiptfile.fields_of": "fields",
    "receiptfile.read": "receipt file",
    "receiptfile.verify": "shown receipt",
    "splitview.verify": "evidence",
    "tiles.fetch": "tile",
    "tiles.parse_path": "tile path",
    "tiles.unbundle": "bundle",
    "treehead.TreeHead.parse": "head",
    "treehead.open_checkpoint": "checkpoint",
    "witness.home.load": "home",
    "witness.requests.AddCheckpoint.parse": "request",
    "patients.Proof.parse": "list proof",
    "patients.verify": "shown list",
}
# Tried as parts of a whole log or a whole law, in ``test_altered``.
ALTERED = {
    "audit.Replayer.take",
    "audit.files",
    "beside.check_agreements",
    "beside.opened_vkey",
    "beside.published_law",
    "replay.Replay.check",
}
# What looks like a parser and is none, and why.
NOT_PARSERS = {
    "writes what the caller made": {
        "checkpoints.advance",
        "patientlists.advance",
        "patientmap.Map.extend",
        "patientmap.Map.prove",
        "checkpoints.export",
        "chain.draw",
        "commitments.commit",
        "commitments.digest",
        "commitments.opens",
        "cosignature.Cosigner.cosign",
        "exhibit.encode",
        "members.joined",
        "members.text",
        "note.assemble",
        "opening.open_log",
        "promise.make",
        "publication.Writer.add",
        "publication.publish",
        "receipt.build",
        "witness.home.make",
    },
    "gives bytes as they are": {
        "patientmap.unpack",
        "beside.read",
        "readers.Folder.read",
        "readers.Web.read",
        "tiles.Reader.read",
    },
    "knows hashes and no form": {
        "merkle.extend",
        "merkle.root_from_inclusion",
        "merkle.roots_from_consistency",
        "merkle.split_hashes",
    },
    "reads by parsers above, and nothing else": {
        "audit.predecessor",
        "enrolled.key_of",
        "registered.log_of",
        "registered.read",
        "replacing.check_signs",
        "witness.ledgerstate.LedgerState.take_over",
        "chain.append",
        "inspection.database",
        "inspection.published",
        "inspection.verify_files",
        "keyfile.load_or_make",
        "omission.look",
        "feeding.line_of",
        "paper.parts",
        "patientlists.opened",
        "patientlists.published",
        "patients.final",
        "patients.head_of",
        "receiptfile.complete",
        "receiptfile.with_opened",
        "splitview.compare",
        "status.look",
        "tiles.hash_source",
        "tiles.stack_at",
        "witness.home.Home.cosigners",
    },
}


def functions(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    for one in body:
        if isinstance(one, ast.ClassDef) and not one.name.startswith("_"):
            yield from functions(one.body, f"{prefix}{one.name}.")
        elif isinstance(one, ast.FunctionDef) and not one.name.startswith("_"):
            yield prefix + one.name, one


def candidates() -> set[str]:
    """Public functions that are given bytes or texts and are named, or refuse, as parsers do."""
    found = set()
    for path in ROOT.rglob("*.py"):
        where = path.relative_to(ROOT).with_suffix("")
        if where.parts[0] in ("migrations", "management"):
            continue
        for name, one in functions(ast.parse(path.read_text()).body, ".".join([*where.parts, ""])):
            given = [each.annotation for each in (*one.args.args, *one.args.kwonlyargs)]
            if not any(GIVEN.search(ast.unparse(each)) for each in given if each):
                continue
            said = ast.get_docstring(one) or ""
            if READS.match(one.name) or REFUSES.search(said):
                found.add(name)
    return found


def test_every_parser_is_fuzzed():
    """D4: a new one must be tried, or be said to be none."""
    lists: list[Set[str]] = [FUZZED.keys(), ALTERED, *NOT_PARSERS.values()]
    known = set().union(*lists)
    assert sum(map(len, lists)) == len(known)
    assert candidates() == known


def test_every_fuzzed_parser_is_one_that_there_is():
    assert set(FUZZED.values()) <= PARSERS.keys()
    assert PARSERS.keys() == set(FUZZED.values())
