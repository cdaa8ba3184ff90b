"""
The program that an organisation runs: ``python -m ledger.witness <command> --home DIR``.

    init      make the keys (or keep them) and watch a log; prints the policy's witness lines
    add-log   watch another log, too: a successor, say; a program that runs must be started anew
    accept    obey a law from now on
    serve     cosign until SIGTERM
    status    what was cosigned last, of each log
"""

from __future__ import annotations

import argparse
import logging
import signal
import sqlite3
import sys
from pathlib import Path

from ledger import law
from ledger.cosignature import Algorithm
from ledger.note import Malformed
from ledger.policy import BadPolicy
from ledger.witness import home as homes
from ledger.witness import server
from ledger.witness.home import BadHome, Home, WatchedLog
from ledger.witness.records import Records

ALGORITHMS = {
    "ed25519": (Algorithm.ED25519,),
    "ml-dsa-44": (Algorithm.ML_DSA_44,),
    "both": (Algorithm.ED25519, Algorithm.ML_DSA_44),
}


def main() -> int:
    """Run one command; 0 if it went well, 1 with a sentence if not, 2 for wrong usage."""
    options = _parser().parse_args()
    try:
        options.run(options)
    except (BadHome, BadPolicy, Malformed, law.BadLaw, OSError, sqlite3.Error) as error:
        sys.stderr.write(f"witness: {error}\n")
        return 1
    return 0


def init(options: argparse.Namespace) -> None:
    """Make a home; what is there stays as it is."""
    home = homes.make(
        options.home,
        options.name,
        algorithms=ALGORITHMS[options.algorithm] if options.algorithm else (),
        validates=bool(options.law),
        log=_log(options),
    )
    for path in options.law:
        _accept(home, path)
    for line in home.policy_lines():
        sys.stdout.write(f"{line}\n")


def add_log(options: argparse.Namespace) -> None:
    """Watch one more log, or the same one under other keys or another address."""
    log = _log(options)
    homes.load(options.home).watching(log)
    sys.stdout.write(f"watching {log.origin}\n")


def accept(options: argparse.Namespace) -> None:
    """Accept laws; a running validator sees them when it needs them."""
    home = homes.load(options.home)
    for path in options.law:
        sys.stdout.write(f"accepted {_accept(home, path)}\n")


def serve(options: argparse.Namespace) -> None:
    """Serve until told to stop."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    home = homes.load(options.home)
    try:
        server.serve(home, options.host, options.port)
    except OSError as error:
        raise BadHome(f"cannot serve on {options.host}:{options.port}: {error.strerror}") from error


def status(options: argparse.Namespace) -> None:
    """Print the latest cosigned size of each log and key."""
    home = homes.load(options.home)
    for role in home.roles:
        records = Records(home.path / f"{role}.db")
        for log in home.logs:
            latest = records.latest(log.origin)
            sys.stdout.write(f"{home.name}/{role} {log.origin} {latest.size} {latest.at_s}\n")


def _accept(home: Home, path: Path) -> str:
    content = path.read_bytes()
    accepted = law.parse(content)
    home.accept(content, accepted.digest)
    return accepted.digest


def _log(options: argparse.Namespace) -> WatchedLog:
    log = WatchedLog(tuple(options.log), options.log_url.rstrip("/"))
    if not log.url.startswith(("http://", "https://")):
        raise BadHome(f"{log.url} is no address of a web server")
    log.keys  # noqa: B018 -- refuses unfit keys
    return log


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ledger.witness", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(required=True)
    made = {}
    for run in (init, add_log, accept, serve, status):
        made[run] = commands.add_parser(run.__name__.replace("_", "-"), help=run.__doc__)
        made[run].add_argument("--home", type=Path, required=True)
        made[run].set_defaults(run=run)
    made[init].add_argument("--name", required=True, help="the organisation's")
    for run in (init, add_log):
        made[run].add_argument("--log", action="append", required=True, help="a verifier key")
        made[run].add_argument("--log-url", required=True, help="where the log's tiles are")
    made[init].add_argument("--law", action="append", type=Path, default=[], help="and validate")
    made[init].add_argument("--algorithm", choices=ALGORITHMS, default="ed25519")
    made[accept].add_argument("law", nargs="+", type=Path)
    made[serve].add_argument("--host", default="127.0.0.1")
    made[serve].add_argument("--port", type=int, required=True)
    return parser


if __name__ == "__main__":
    sys.exit(main())
