"""
What the ledger stores: logs, events, leaves, the head of each log, and signed checkpoints.

An ``Event`` is inserted by the transaction that it records; a ``Leaf`` gives it its place in the
tree afterwards. Events, leaves, checkpoints, cosignatures and logs are append-only: triggers refuse
UPDATE, DELETE and TRUNCATE for everyone, superusers included (migrations 0002 to 0004). Only
``Head`` changes, and what can be learnt anew: ``Contact``, ``Alarm``, and the patients' lists but
for their signed heads.

There are no foreign keys in the database: one from every event to the log's single row would make
all writers share a lock on it.
"""

from django.contrib.postgres.indexes import HashIndex
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Now


class IdentityField(models.BigIntegerField):  # type: ignore[type-arg]
    """A bigint that PostgreSQL alone numbers, rising by one with each insert."""

    def db_type_suffix(self, connection: BaseDatabaseWrapper) -> str:
        return "GENERATED ALWAYS AS IDENTITY"


class XidField(models.Field):  # type: ignore[type-arg]
    """A 64-bit transaction id (``xid8``), never reused in the life of a cluster."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "xid8"


class SnapshotField(models.Field):  # type: ignore[type-arg]
    """Which transactions were visible at one moment (``pg_snapshot``)."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "pg_snapshot"


class CurrentXid(models.Func):
    """The top-level transaction's id, the same inside savepoints."""

    function = "pg_current_xact_id"
    output_field = XidField()


class ClockTimestamp(models.Func):
    """The clock's time at this very moment, not that of the transaction's beginning."""

    template = "clock_timestamp()"
    output_field = models.DateTimeField()


class LeafHash(models.Func):
    """``ledger.entry.leaf_hash`` in SQL."""

    template = r"sha256('\x00'::bytea || %(expressions)s)"
    output_field = models.BinaryField()


class Log(models.Model):
    """
    One log, named for ever by its origin, which is also the name of its key.

    ``line`` is the origin of the first of the logs that continue each other (``succession``): by
    rising id they are one history.
    """

    origin = models.TextField(unique=True)
    vkey = models.TextField()
    line = models.TextField(db_index=True)

    def __str__(self) -> str:
        return self.origin


class _OfLog(models.Model):
    log = models.ForeignKey(Log, models.PROTECT, db_constraint=False, db_index=False)

    class Meta:
        abstract = True


class Closing(models.Model):
    """From now on nothing is appended to this log but the entry that freezes it."""

    log = models.OneToOneField(Log, models.PROTECT, primary_key=True, db_constraint=False)
    closed_at = models.DateTimeField(db_default=ClockTimestamp(), editable=False)


class Event(_OfLog):
    """
    An entry as its own transaction wrote it. ``note`` is the whole signed note, byte for byte.

    ``id`` is drawn while the caller holds the lock of the row that the entry is about, so ids rise
    within a subject. ``xid`` tells the sequencer which snapshots see the event. ``stored_at`` is
    this database's clock; from it the merge delay counts.
    """

    pk = models.CompositePrimaryKey("log_id", "xid", "id")
    id = IdentityField(editable=False)
    xid = XidField(db_default=CurrentXid(), editable=False)
    subject = models.TextField()
    version = models.BigIntegerField()
    kind = models.TextField()
    note = models.BinaryField()
    stored_at = models.DateTimeField(db_default=ClockTimestamp(), editable=False)
    leaf = models.GeneratedField(
        expression=LeafHash("note"), output_field=models.BinaryField(), db_persist=True
    )

    class Meta:
        # The subject comes first: the sequencer's range of xids is for the primary key alone.
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "log", "version"], name="one_event_per_version"
            )
        ]
        indexes = [HashIndex(fields=["leaf"], name="event_by_leaf")]


class Leaf(_OfLog):
    """The place of one event in the tree: ``seq`` counts from 0 without a gap."""

    pk = models.CompositePrimaryKey("log_id", "seq")
    seq = models.BigIntegerField()
    event_xid = XidField()
    event_id = models.BigIntegerField()
    hash = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["log", "event_id"], name="one_leaf_per_event")
        ]


class Head(models.Model):
    """
    How far a log has been sequenced.

    ``edge`` joins the roots of the perfect subtrees of the first ``size`` leaves, largest first.
    ``snap`` is the snapshot whose events all have leaves. Events with an id up to ``floor`` came
    with a restored database, where transaction ids say nothing (``ledger.sequencer``).
    """

    log = models.OneToOneField(Log, models.PROTECT, primary_key=True, db_constraint=False)
    size = models.BigIntegerField()
    root = models.BinaryField()
    edge = models.BinaryField()
    snap = SnapshotField()
    floor = models.BigIntegerField(db_default=0)


class Checkpoint(_OfLog):
    """A tree head that the log's key signed, and the edge from which the next one is computed."""

    pk = models.CompositePrimaryKey("log_id", "size")
    size = models.BigIntegerField()
    root = models.BinaryField()
    edge = models.BinaryField()
    note = models.BinaryField()
    signed_at = models.DateTimeField(db_default=Now())


class Cosignature(_OfLog):
    """
    What one witness of the policy says of one checkpoint: a verified signature line.

    ``name`` is the policy's for the witness, ``at_s`` the witness's time, seconds since 1970.
    """

    pk = models.CompositePrimaryKey("log_id", "size", "name")
    size = models.BigIntegerField()
    name = models.TextField()
    line = models.TextField()
    at_s = models.BigIntegerField()


class Final(_OfLog):
    """A checkpoint that satisfied the policy, with the cosignatures that it had at that moment."""

    pk = models.CompositePrimaryKey("log_id", "size")
    size = models.BigIntegerField()
    note = models.BinaryField()
    final_at = models.DateTimeField(db_default=ClockTimestamp())


class Contact(_OfLog):
    """
    How it went with a witness last time; ``size`` is the latest that it is known to have cosigned.

    ``trouble`` is empty, "silent", "refused" or "ahead" (``ledger.feeding``), ``text`` its words.
    """

    pk = models.CompositePrimaryKey("log_id", "name")
    name = models.TextField()
    size = models.BigIntegerField()
    trouble = models.TextField()
    text = models.TextField()
    failures = models.IntegerField()
    next_try_at = models.DateTimeField()
    tried_at = models.DateTimeField()


class Alarm(_OfLog):
    """Something that a person must look at; it is deleted when the task that raised it succeeds."""

    pk = models.CompositePrimaryKey("log_id", "code")
    code = models.TextField()
    text = models.TextField()
    since = models.DateTimeField(db_default=ClockTimestamp())


class PatientMap(models.Model):
    """
    How far the patients' lists are (``ledger.patientlists``): entries taken, entries covered by the
    published head, and what validators had to say against the lists ("" if nothing).
    """

    log = models.OneToOneField(Log, models.PROTECT, primary_key=True, db_constraint=False)
    size = models.BigIntegerField(db_default=0)
    published = models.BigIntegerField(db_default=0)
    trouble = models.TextField(db_default="")


class PatientBucket(_OfLog):
    """One bucket of the map as it was from ``size`` entries on (``patientmap.pack``)."""

    pk = models.CompositePrimaryKey("log_id", "number", "size")
    number = models.IntegerField()
    size = models.BigIntegerField()
    records = models.BinaryField()


class PatientNode(_OfLog):
    """One node above the buckets as it was from ``size`` entries on (``patientmap.Store``)."""

    pk = models.CompositePrimaryKey("log_id", "number", "size")
    number = models.IntegerField()
    size = models.BigIntegerField()
    hash = models.BinaryField()


class PatientEntry(_OfLog):
    """That the entry ``index`` is about the patient whose tag has this SHA-256."""

    pk = models.CompositePrimaryKey("log_id", "key", "index")
    key = models.BinaryField()
    index = models.BigIntegerField()


class PatientHead(_OfLog):
    """A head of the lists that the log's key signed; append-only, like checkpoints."""

    pk = models.CompositePrimaryKey("log_id", "size")
    size = models.BigIntegerField()
    root = models.BinaryField()
    note = models.BinaryField()
    signed_at = models.DateTimeField(db_default=Now())
