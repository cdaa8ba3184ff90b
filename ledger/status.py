"""How the ledger is doing: sizes, lag, witnesses, alarms; for the command and for metrics."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from prometheus_client.core import GaugeMetricFamily, Metric

from ledger import alarms, finality, lag, network
from ledger.models import Contact, Log
from ledger.policy import BadPolicy, Policy

AHEAD = "ahead"


@dataclass(frozen=True, slots=True)
class Seen:
    """A witness of the policy: the latest size it cosigned, what is wrong ("" if nothing)."""

    name: str
    size: int
    trouble: str
    text: str
    silent_s: float


@dataclass(frozen=True, slots=True)
class Status:
    """
    One log at one moment. ``alarms`` maps codes to words and is empty while all is well;
    ``margin`` is whether the quorum would survive the loss of any one witness.
    """

    origin: str
    lag: lag.Lag
    witnesses: tuple[Seen, ...]
    alarms: dict[str, str]
    margin: bool


def look(origin: str) -> Status:
    """Ask the database. Raises ``network.UnknownLog``."""
    log = Log.objects.get(id=network.log_id(origin))
    standing = {alarm.code: alarm.text for alarm in alarms.standing(origin)}
    measured = lag.measured(origin)
    if measured.oldest_s > settings.LEDGER_MERGE_DELAY_S:
        standing["ledger.lagging"] = f"the oldest entry has waited {measured.oldest_s:.0f} s"
    try:
        policy = finality.agreed(log)
    except BadPolicy as fault:
        return Status(origin, measured, (), {**standing, "policy.unusable": str(fault)}, False)
    witnesses = tuple(_witnesses(log, policy))
    for one in witnesses:
        if one.trouble and one.trouble != "silent":
            standing[f"witness.{one.trouble}"] = f"{one.name}: {one.text}"
    sound = {one.name for one in witnesses if not one.trouble}
    if not policy.is_met_by(sound):
        standing["witness.no_quorum"] = f"{len(sound)} of {len(witnesses)} witnesses answer"
    return Status(origin, measured, witnesses, standing, _has_margin(policy, sound))


def acknowledge(origin: str, name: str) -> bool:
    """
    Let the signer go on though this witness says that it has seen more of the log than we know.

    Whoever does so has made sure, with the witness, that no newer history exists to be restored.
    Returns whether there was anything to acknowledge.
    """
    contacts = Contact.objects.filter(log_id=network.log_id(origin), name=name, trouble=AHEAD)
    return contacts.update(trouble="", size=0, failures=0) > 0


def metrics(logs: Sequence[Status]) -> Iterator[Metric]:
    """The same of several logs as Prometheus has it; no label names a person."""
    sizes = _gauge("ledger_size", "Entries, by how far they have come", "stage")
    lags = _gauge("ledger_lag_seconds", "Age of the oldest entry that is not final")
    cosigned = _gauge("ledger_witness_size", "Latest size cosigned", "witness")
    trouble = _gauge(
        "ledger_witness_trouble", "1 if it did not cosign last time", "witness", "trouble"
    )
    standing = _gauge("ledger_alarm", "1 while an alarm stands", "code")
    for log in logs:
        for stage in ("sequenced", "signed", "final"):
            sizes.add_metric([log.origin, stage], getattr(log.lag, stage))
        lags.add_metric([log.origin], log.lag.oldest_s)
        for one in log.witnesses:
            cosigned.add_metric([log.origin, one.name], one.size)
            for kind in ("silent", "refused", AHEAD):
                trouble.add_metric([log.origin, one.name, kind], one.trouble == kind)
        for code in log.alarms:
            standing.add_metric([log.origin, code], 1)
    yield from (sizes, lags, cosigned, trouble, standing)


def _gauge(name: str, words: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, labels=["log", *labels])


def _witnesses(log: Log, policy: Policy) -> Iterator[Seen]:
    contacts = {one.name: one for one in Contact.objects.filter(log_id=log.id)}
    now = datetime.now(UTC)
    for name in policy.witnesses:
        known = contacts.get(name)
        if known is None:
            yield Seen(name, 0, "silent", "never asked", 0.0)
        else:
            silent_s = (now - known.tried_at).total_seconds() if known.trouble else 0.0
            yield Seen(name, known.size, known.trouble, known.text, silent_s)


def _has_margin(policy: Policy, sound: set[str]) -> bool:
    return all(policy.is_met_by(sound - {name}) for name in policy.witnesses)
