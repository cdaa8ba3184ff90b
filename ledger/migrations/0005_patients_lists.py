"""The patients' lists: their map, whose entries they hold, and their signed heads (append-only)."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

TRIGGERS = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_patienthead
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON ledger_patienthead
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
ALTER TABLE ledger_patienthead ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE ledger_patienthead ENABLE ALWAYS TRIGGER never_emptied;
"""
NO_TRIGGERS = """
DROP TRIGGER append_only ON ledger_patienthead;
DROP TRIGGER never_emptied ON ledger_patienthead;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0004_lines_of_logs'),
    ]

    operations = [
        migrations.CreateModel(
            name='PatientMap',
            fields=[
                ('log', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, primary_key=True, serialize=False, to='ledger.log')),
                ('size', models.BigIntegerField(db_default=0)),
                ('published', models.BigIntegerField(db_default=0)),
                ('trouble', models.TextField(db_default='')),
            ],
        ),
        migrations.CreateModel(
            name='PatientBucket',
            fields=[
                ('pk', models.CompositePrimaryKey('log_id', 'number', 'size', blank=True, editable=False, primary_key=True, serialize=False)),
                ('number', models.IntegerField()),
                ('size', models.BigIntegerField()),
                ('records', models.BinaryField()),
                ('log', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='ledger.log')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='PatientEntry',
            fields=[
                ('pk', models.CompositePrimaryKey('log_id', 'key', 'index', blank=True, editable=False, primary_key=True, serialize=False)),
                ('key', models.BinaryField()),
                ('index', models.BigIntegerField()),
                ('log', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='ledger.log')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='PatientHead',
            fields=[
                ('pk', models.CompositePrimaryKey('log_id', 'size', blank=True, editable=False, primary_key=True, serialize=False)),
                ('size', models.BigIntegerField()),
                ('root', models.BinaryField()),
                ('note', models.BinaryField()),
                ('signed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('log', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='ledger.log')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='PatientNode',
            fields=[
                ('pk', models.CompositePrimaryKey('log_id', 'number', 'size', blank=True, editable=False, primary_key=True, serialize=False)),
                ('number', models.IntegerField()),
                ('size', models.BigIntegerField()),
                ('hash', models.BinaryField()),
                ('log', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='ledger.log')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
    ]
