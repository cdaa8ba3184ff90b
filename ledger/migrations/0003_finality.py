"""Cosignatures and final checkpoints (append-only), contacts, alarms; when an event was stored."""

import django.db.models.deletion
from django.db import migrations, models

import ledger.models

APPEND_ONLY = ("ledger_cosignature", "ledger_final")

TRIGGERS = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER never_emptied;
"""
NO_TRIGGERS = """
DROP TRIGGER append_only ON {table};
DROP TRIGGER never_emptied ON {table};
"""


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0002_append_only'),
    ]

    operations = [
        migrations.AddField(
            model_name='event',
            name='stored_at',
            field=models.DateTimeField(db_default=ledger.models.ClockTimestamp(), editable=False),
        ),
        migrations.CreateModel(
            name='Alarm',
            fields=[
                ('pk', models.CompositePrimaryKey('log_id', 'code', blank=True, editable=False, primary_key=True, serialize=False)),
                ('code', models.TextField()),
                ('text', models.TextField()),
                ('since', models.DateTimeField(db_default=ledger.models.ClockTimestamp())),
                ('log', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='ledger.log')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Contact',
            fields=[
                ('pk', models.CompositePrimaryKey('log_id', 'name', blank=True, editable=False, primary_key=True, serialize=False)),
                ('name', models.TextField()),
                ('size', models.BigIntegerField()),
                ('trouble', models.TextField()),
                ('text', models.TextField()),
                ('failures', models.IntegerField()),
                ('next_try_at', models.DateTimeField()),
                ('tried_at', models.DateTimeField()),
                ('log', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='ledger.log')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Cosignature',
            fields=[
                ('pk', models.CompositePrimaryKey('log_id', 'size', 'name', blank=True, editable=False, primary_key=True, serialize=False)),
                ('size', models.BigIntegerField()),
                ('name', models.TextField()),
                ('line', models.TextField()),
                ('at_s', models.BigIntegerField()),
                ('log', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='ledger.log')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Final',
            fields=[
                ('pk', models.CompositePrimaryKey('log_id', 'size', blank=True, editable=False, primary_key=True, serialize=False)),
                ('size', models.BigIntegerField()),
                ('note', models.BinaryField()),
                ('final_at', models.DateTimeField(db_default=ledger.models.ClockTimestamp())),
                ('log', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='ledger.log')),
            ],
            options={
                'abstract': False,
            },
        ),
        *[
            migrations.RunSQL(TRIGGERS.format(table=table), NO_TRIGGERS.format(table=table))
            for table in APPEND_ONLY
        ],
    ]
