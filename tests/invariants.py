"""
What holds in a stored world at every quiet moment, whatever was killed before.

``faults()`` runs the tasks that are due and names all that does not hold: the log, the way of every
prescription and consultation, the shelves, the money. ``COMMAND`` does so in a process of its own.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet

from config.celery import LINES, app
from config.sample import loader
from hospital import calendar
from insurance import queries, queries_claims
from insurance.models import (
    Bill,
    BillLine,
    BillShare,
    Claim,
    Clawback,
    Payment,
    PolicyUse,
    Reckoning,
    Refund,
    Remittance,
    Reversal,
    Settlement,
)
from ledger import audit, inspection, network, note, places
from ledger import queries as entries
from ledger.audit import Fault
from ledger.entry import Statement
from ledger.models import Checkpoint, Event, Leaf
from pharmacy.models import Dispensing, Reservation, StockItem
from prescriptions import lifecycle, rests
from prescriptions.models import Prescription, Status
from tests import (
    appraised,
    consented,
    contents,
    disputed,
    lawfulness,
    moneybooks,
    planned,
    registered,
    reviewed,
    secrecy,
    sharedbooks,
    stockbooks,
    talks,
)

COMMAND = (
    "manage.py",
    "shell",
    "--no-imports",
    "-c",
    "from tests import invariants; invariants.main()",
)
PATIENCE_S = 60.0
MOVES = {move.name: move for move in lifecycle.MOVES}
BEYOND = (
    "co_payment",
    "bill_ceiling",
    "day_ceiling",
    "year_ceiling",
    "family_ceiling",
    "as_before",
)
"""What is taken of the sum beyond the deductible."""
HOLDING = {Status.AUTHORIZED, Status.PAID}
GIVEN_OUT = {
    *(Status.DISPENSED, Status.IN_TRANSIT, Status.RETURNING),
    *(Status.DELIVERED, Status.CLAIMED, Status.UNDELIVERED, Status.TAKEN_BACK),
}


def faults(*, everything_is_ours: bool = False) -> list[str]:
    """
    All that does not hold, in words; empty if the world is sound.

    ``everything_is_ours``: the database holds the played sample and nothing else, so the shelves
    are compared with the sample's and no canary of the sample may be readable anywhere.
    """
    if unrest := come_to_rest():
        return unrest
    ways = _ways()
    found = [*the_logs(), *the_prescriptions(ways), *the_shelves(), *the_money(ways)]
    found += stockbooks.faults(ways)
    found += moneybooks.faults()
    found += [*the_claims(ways), *contents.faults(ways), *registered.faults(ways)]
    found += [*talks.faults(ways), *consented.faults(ways), *planned.faults()]
    found += [*appraised.faults(ways), *reviewed.faults(ways)]
    found += [*sharedbooks.faults(ways), *disputed.faults(ways)]
    if everything_is_ours:
        found += [*the_sample_shelves(), *secrecy.faults()]
    return found


def run_tasks() -> None:
    """Run every task of the beat table once, in this process."""
    ticks = [(tick["task"], tick["args"]) for tick in app.conf.beat_schedule.values()]
    more = [
        (task, (line,)) for task, named in ticks if named == (LINES[0],) for line in network.lines()
    ]
    for task, named in dict.fromkeys([*more, *ticks]):
        app.tasks[task](*named)


def come_to_rest() -> list[str]:
    """
    Run the tasks until all events are published and nothing is owed back; what is left, in words.

    Patience counts from the last progress: a suite leaves a log as long as the suite, and refunds
    by the hundred.
    """
    app.loader.import_default_modules()
    until, before = time.monotonic() + PATIENCE_S, [""]
    while True:
        run_tasks()
        left = _left()
        if not left or time.monotonic() > until:
            return left
        if left != before:
            until, before = time.monotonic() + PATIENCE_S, left
        time.sleep(0.2)


def _left() -> list[str]:
    """What the tasks still have to do."""
    lines = filter(inspection.logs_of, (*network.lines(), network.national()))
    found = [said for line in lines if (said := _unsigned(line))]
    owed = Refund.objects.filter(state__in=["due", "processing"]).order_by("state")
    numbers = owed.values_list("state").annotate(Count("id"))
    return [*found, *(f"{number} refunds are {state}" for state, number in numbers)]


def _unsigned(line: str) -> str:
    """How far the newest log of a line is signed, if not to its last event."""
    origin = network.newest(line)
    log_id = network.log_id(origin)
    events = Event.objects.filter(log_id=log_id).count()
    signed = Checkpoint.objects.filter(log_id=log_id).order_by("-size").first()
    size = signed.size if signed else 0
    return "" if size == events else f"{origin} is signed to {size} of {events} events"


def the_logs() -> Iterator[str]:
    """Each line, and the log of their checkpoints."""
    for line in (*network.lines(), network.national()):
        tables, files = audit.History(), audit.History()
        for origin in inspection.logs_of(line):
            yield from (f"{origin}: {fault}" for fault in the_log(origin, tables, files))


def the_log(origin: str, tables: audit.History, files: audit.History) -> Iterator[str]:
    """Every event has one leaf, versions follow each other, all verifies and is lawful."""
    log_id = network.log_id(origin)
    events = Event.objects.filter(log_id=log_id).count()
    leaves = Leaf.objects.filter(log_id=log_id).count()
    if events != leaves:
        yield f"{events} events and {leaves} leaves"
    with connection.cursor() as cursor:
        for sql, words in _LOG_QUERIES.items():
            cursor.execute(sql, {"log": log_id})
            yield from (f"{words}: {row}" for row in cursor.fetchall())
    try:
        inspection.database(origin, _silently, lawfulness.laws, tables)
        summary = inspection.published(origin, places.published(origin), _silently, files)
        yield from (f"{path} does not belong to the log" for path in summary.strays)
    except Fault as fault:
        yield f"the log does not verify: {fault}"


def the_prescriptions(ways: dict[str, list[Statement]]) -> Iterator[str]:
    """Each has gone a lawful way, and stands where its last entry says."""
    strangers = {subject for subject in ways if subject.startswith("rx/")}
    for prescription in Prescription.objects.all():
        strangers.discard(prescription.subject)
        status: str = Status.DRAFT
        for statement in ways.get(prescription.subject, []):
            facts = statement.facts
            move = MOVES.get(facts.get("move", ""))
            if move is None or move.kind != statement.kind:
                yield f"{statement.subject} version {statement.version} is no move"
                continue
            if facts["from"] != status or status not in move.sources:
                yield f"{statement.subject}: {move.name} from {facts['from']}, but it was {status}"
            if facts["to"] != move.leads_to(status):
                yield f"{statement.subject}: {move.name} led to {facts['to']}"
            status = facts["to"]
        if status != prescription.status:
            yield f"{prescription.subject} is {prescription.status}, its last entry says {status}"
    yield from (f"{subject} has entries and no row" for subject in strangers)


def the_shelves() -> Iterator[str]:
    """What is reserved is held by open prescriptions; what was given out was prescribed."""
    held: Counter[int] = Counter()
    units: dict[tuple[Any, str], int] = defaultdict(int)
    for one in Reservation.objects.all():
        units[one.prescription_id, one.state] += one.quantity
        if one.state == Reservation.State.HELD:
            held[one.item_id] += one.quantity
    for item in StockItem.objects.exclude(reserved=0) | StockItem.objects.filter(id__in=held):
        if item.reserved != held[item.id]:
            yield f"item {item.id}: {item.reserved} reserved, {held[item.id]} held"
    given = {one.prescription_id: one for one in Dispensing.objects.all()}
    for rx in Prescription.objects.all():
        chosen = sum((rx.chosen or {}).values())
        wanted = sum(given[rx.id].lines.values()) if rx.id in given else 0
        if rx.chosen is not None and not rests.within(rx.chosen, rx.quantities):
            yield f"{rx.subject}: {rx.chosen} authorized of {rx.quantities}"
        if units[rx.id, "held"] != (chosen if rx.status in HOLDING else 0):
            yield f"{rx.subject} ({rx.status}) holds {units[rx.id, 'held']} of {chosen} units"
        if units[rx.id, "taken"] != (wanted if rx.status in GIVEN_OUT else 0):
            yield f"{rx.subject} ({rx.status}): {units[rx.id, 'taken']} of {wanted} units taken"
        if (rx.id in given) != (rx.status in GIVEN_OUT):
            yield f"{rx.subject} is {rx.status}, dispensed: {rx.id in given}"
    yield from _remainders(given)


def _remainders(given: dict[Any, Dispensing]) -> Iterator[str]:
    """What was given and what became of the rest are what was prescribed, and its entry says so."""
    rest = {one.remainder_of_id: one for one in Prescription.objects.exclude(remainder_of=None)}
    rows = Prescription.objects.in_bulk([*given, *rest])
    for rx in rows.values():
        left = rests.less(rx.quantities, given[rx.id].lines if rx.id in given else {})
        owed = rest.get(rx.id)
        if rx.id not in given and owed:
            yield f"{owed.subject} is left of {rx.subject}, of which nothing was given"
        first = _first(owed.subject).facts["lines"] if owed else {}
        if rx.id in given and left != first:
            yield f"{rx.subject}: {given[rx.id].lines} given of {rx.quantities}, {first} owed"


def _first(subject: str) -> Statement:
    """What the first entry about a subject says."""
    return Statement.parse(note.parse(entries.entries_about(subject)[0].note).text)


def the_sample_shelves() -> Iterator[str]:
    """On each shelf of the sample lies what was there, less what was taken."""
    taken: Counter[int] = Counter()
    for one in Reservation.objects.filter(state=Reservation.State.TAKEN):
        taken[one.item_id] += one.quantity
    stocked = {one.slug: one.stock.quantity for one in loader.network() if one.stock}
    for item in StockItem.objects.select_related("pharmacy"):
        if item.on_hand != stocked[item.pharmacy.slug] - taken[item.id]:
            yield f"item {item.id}: {item.on_hand} on hand after {taken[item.id]} were taken"


def the_money(ways: dict[str, list[Statement]]) -> Iterator[str]:
    """Every bill adds up and is paid once; every payment paid for a bill or goes back."""
    yield from _bills(ways)
    yield from _reckonings()
    yield from the_uses(BillShare.objects.all())
    for payment in Payment.objects.filter(state=Payment.State.PAID).select_related("bill"):
        refunds = list(Refund.objects.filter(payment=payment))
        back = sum(one.amount_fen for one in refunds)
        paid = payment.bill.state == Bill.State.PAID and not payment.fund_refused
        kept = queries.reckoned(payment.bill).patient_fen if paid else 0
        if payment.amount_fen - back != kept:
            yield f"payment {payment.id}: {back} of {payment.amount_fen} fen go back, {kept} kept"
        yield from (
            f"refund {one.id} is {one.state}" for one in refunds if one.state != Refund.State.DONE
        )


def _bills(ways: dict[str, list[Statement]]) -> Iterator[str]:
    for bill in Bill.objects.select_related("prescription"):
        status, lines = bill.prescription.status, list(bill.lines.all())
        yield from _sums(bill, lines)
        lawful = {
            "open": {Status.AUTHORIZED},
            "paid": {Status.PAID, *GIVEN_OUT} - {Status.UNDELIVERED},
        }
        if status not in lawful.get(bill.state, {status}):
            yield f"bill {bill.id} is {bill.state}, its prescription {status}"
        if bill.state != Bill.State.PAID:
            continue
        paid = [one for one in ways.get(bill.prescription.subject, []) if one.kind == PAY]
        parts = Refund.objects.filter(payment__bill=bill, cause=Refund.Cause.PART)
        share = bill.patient_fen + sum(one.amount_fen for one in parts)
        if not paid or paid[-1].facts["patient_fen"] != share:
            yield f"bill {bill.id} is paid without an entry of {share} fen"
        funds = sum(queries.at_payment(bill, bill).values())
        funds += sum(one.insured_fen for one in parts)
        if paid and sum(paid[-1].facts.get("at_payment", {}).values()) != funds:
            yield f"bill {bill.id} is paid without an entry of the fund's {funds} fen"
        payments = bill.payments.filter(state=Payment.State.PAID, fund_refused=False).count()
        if payments != (1 if share + funds else 0):
            yield f"bill {bill.id} was paid {payments} times"


def _sums(bill: Bill, lines: list[BillLine]) -> Iterator[str]:
    for name in ("total_fen", "patient_fen"):
        if getattr(bill, name) != sum(getattr(line, name) for line in lines):
            yield f"bill {bill.id}: the lines do not add up to {name}"
    for share in bill.in_order:
        if share.fen != sum(line.fen for line in share.lines.all()):
            yield f"bill {bill.id}: the lines do not add up to share {share.number}"
    if bill.total_fen != bill.patient_fen + sum(bill.fens):
        yield f"bill {bill.id}: payers and patient do not pay the total"


def the_uses(among: QuerySet[BillShare]) -> Iterator[str]:
    """What policies' years have used is what their live bills come to, and nothing else."""
    shares = among.exclude(policy=None).select_related("bill__prescription", "use")
    for share in shares.prefetch_related("bill__reckonings__shares", "bill__shares"):
        bill, use = share.bill, getattr(share, "use", None)
        if (use is None) != (bill.state == Bill.State.VOID):
            yield f"bill {bill.id} is {bill.state}, its use of policy {share.policy_id} is {use}"
        if use is None:
            continue
        now = queries.reckoned(bill).fens[share.number - 1]
        as_billed = (
            share.policy_id,
            bill.prescription.patient_id,
            calendar.legal_day(bill.opened_at),
        )
        if (use.policy_id, use.patient_id, use.day) != as_billed or use.paid_fen != now:
            yield f"bill {bill.id}: policy {share.policy_id} has {use.paid_fen} used, not {now}"
        if not bill.reckonings.all():
            yield from _steps(share, use)


def _steps(share: BillShare, use: PolicyUse) -> Iterator[str]:
    """A bill to which nothing came back explains what it uses of deductible and tiers."""
    steps = [step for line in share.lines.all() for step in line.steps]
    deductible = sum(fen for rule, fen in steps if rule == "deductible")
    beyond = sum(fen for rule, fen in steps if rule in BEYOND)
    if (use.deductible_fen, use.counted_fen) != (deductible, share.fen + beyond):
        yield f"bill {share.bill_id}: its steps do not say what it uses"


def _reckonings() -> Iterator[str]:
    """Who gets something back paid more before; a payer stands by its share of what is kept."""
    for bill in Bill.objects.exclude(reckonings=None).prefetch_related("reckonings"):
        one_by_one = sorted(bill.reckonings.all(), key=lambda one: one.number)
        standing: list[Bill | Reckoning] = [bill, *one_by_one]
        for before, after in itertools.pairwise(standing):
            one, other = ([*each.fens, each.patient_fen] for each in (before, after))
            if any(a < b for a, b in zip(one, other, strict=True)):
                yield f"bill {bill.id}: somebody pays more after a return"
        shares = queries.shares(bill, one_by_one[-1])
        stands: Counter[str] = Counter()
        for claim in bill.claims.select_related("payer").prefetch_related("reversals"):
            stands[claim.payer.slug] += queries_claims.standing(claim)
            if not 0 <= stands[claim.payer.slug] <= shares[claim.payer.slug]:
                yield f"claim {claim.id} stands by {stands} of {shares[claim.payer.slug]}"
            accepted = [one for one in claim.reversals.all() if one.state == "reduced"]
            if claim.reversed_fen != sum(one.fen for one in accepted):
                yield f"claim {claim.id} is reduced by {claim.reversed_fen}"
    stated = Counter(one.clawback_id for one in Reversal.objects.exclude(clawback=None))
    for made in Clawback.objects.all():
        taken = sum(one.fen for one in made.reversals.all())
        if taken != made.total_fen or not stated[made.id]:
            yield f"clawback {made.id} of {made.total_fen} fen takes {taken}"


def the_claims(ways: dict[str, list[Statement]]) -> Iterator[str]:
    """Every payer decided about its own share, as its entries say, and pays each claim once."""
    stated: Counter[tuple[str, str]] = Counter()
    reopened = set()
    for way in ways.values():
        for one in way:
            if one.kind in (CLAIM, REOPEN):
                named = (one.subject, one.facts["payer"])
                stated[named] += one.facts.get("approved_fen", -stated[named])
                reopened |= {named} if one.kind == REOPEN else set()
    rows: dict[tuple[str, str], list[Claim]] = defaultdict(list)
    for claim in Claim.objects.select_related("bill__prescription", "payer"):
        rows[claim.bill.prescription.subject, claim.payer.slug].append(claim)
    for named in stated.keys() | rows.keys():
        claims = rows[named]
        more = sum(one.approved_fen for one in claims) - stated[named]
        before = sum(one.reversed_fen for one in claims) if named in reopened else 0
        if not claims or not 0 <= more <= before:
            yield f"claims of {named} approve {more} fen more than their entries"
        for claim in claims:
            share = queries.shares(claim.bill, claim.bill)[claim.payer.slug]
            if claim.claimed_fen > share:
                yield f"claim {claim.id}: {claim.claimed_fen} of a share of {share}"
    yield from _settlements(ways)


def _settlements(ways: dict[str, list[Statement]]) -> Iterator[str]:
    stated = Counter(
        (one.facts["payer"], one.facts["pharmacy"], one.facts["total_fen"])
        for subject, way in ways.items()
        if subject.startswith("settlement/")
        for one in way
    )
    for paid in Remittance.objects.prefetch_related("settlements"):
        if paid.total_fen != sum(one.total_fen for one in paid.settlements.all()):
            yield f"remittance {paid.id} is not the sum of its settlements"
    for made in Settlement.objects.select_related("payer", "pharmacy"):
        if made.total_fen != sum(claim.owed_fen for claim in made.claims.all()):
            yield f"settlement {made.id} is not the sum of its claims"
        stated[made.payer.slug, made.pharmacy.slug, made.total_fen] -= 1
    yield from (
        f"settlement {name}: {count} too many entries" for name, count in stated.items() if count
    )


def _ways() -> dict[str, list[Statement]]:
    """The statements about each prescription and settlement, by their place in the tree."""
    ways: dict[str, list[Statement]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_NOTES, {"logs": network.logs_of(*network.lines()), "subjects": SUBJECTS})
        for (text,) in cursor.fetchall():
            statement = Statement.parse(note.parse(bytes(text)).text)
            ways[statement.subject].append(statement)
    return ways


def _silently(done: int, total: int) -> None:
    """Nobody watches."""


SUBJECTS = (
    "^(appraisal|clawback|consultation|correction|emergency|grant|guardianship"
    "|offer|optin|readingkey|recall|register|remittance|rx|settlement)/"
)
PAY, CLAIM, REOPEN = lifecycle.PAY.kind, lifecycle.CLAIM.kind, lifecycle.REOPEN.kind
_NOTES = """
    SELECT e.note FROM ledger_leaf l JOIN ledger_event e ON e.log_id = l.log_id
        AND e.xid = l.event_xid AND e.id = l.event_id
    WHERE l.log_id = ANY(%(logs)s) AND e.subject ~ %(subjects)s
    ORDER BY l.log_id, l.seq
"""
_LOG_QUERIES = {
    """
    SELECT e.subject, e.version, count(l.seq) FROM ledger_event e LEFT JOIN ledger_leaf l
        ON e.log_id = l.log_id AND e.xid = l.event_xid AND e.id = l.event_id
    WHERE e.log_id = %(log)s GROUP BY e.subject, e.version HAVING count(l.seq) <> 1
    """: "an event has not exactly one leaf",
    """
    SELECT subject, version FROM (
        SELECT e.subject, e.version, l.log_id,
               row_number() OVER (
                   PARTITION BY e.subject, CASE e.subject WHEN 'log' THEN l.log_id END
                   ORDER BY l.log_id, l.seq) AS place
        FROM ledger_leaf l JOIN ledger_event e
            ON e.log_id = l.log_id AND e.xid = l.event_xid AND e.id = l.event_id
        WHERE l.log_id IN (SELECT id FROM ledger_log WHERE line = (
            SELECT line FROM ledger_log WHERE id = %(log)s))) AS placed
    WHERE version <> place
    """: "versions are not in the order of leaves",
    """
    SELECT count(*), max(seq) FROM ledger_leaf WHERE log_id = %(log)s
    HAVING count(*) <> max(seq) + 1
    """: "leaves are missing",
}


def main() -> None:
    """Print the faults of this home as JSON; the exit code is 1 if there are any."""
    found = faults(everything_is_ours=True)
    json.dump(found, sys.stdout, ensure_ascii=False)
    sys.exit(1 if found else 0)
