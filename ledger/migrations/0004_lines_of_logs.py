"""Logs that continue each other form a line; a log can be closed."""

import django.db.models.deletion
from django.db import migrations, models

import ledger.models

FIRST_OF_ITS_LINE = """
ALTER TABLE ledger_log DISABLE TRIGGER append_only;
UPDATE ledger_log SET line = origin;
ALTER TABLE ledger_log ENABLE ALWAYS TRIGGER append_only;
"""
TRIGGERS = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_closing
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON ledger_closing
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
ALTER TABLE ledger_closing ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE ledger_closing ENABLE ALWAYS TRIGGER never_emptied;
"""
NO_TRIGGERS = """
DROP TRIGGER append_only ON ledger_closing;
DROP TRIGGER never_emptied ON ledger_closing;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0003_finality'),
    ]

    operations = [
        migrations.AddField(
            model_name='log',
            name='line',
            field=models.TextField(default='', db_index=True),
            preserve_default=False,
        ),
        migrations.RunSQL(FIRST_OF_ITS_LINE, migrations.RunSQL.noop),
        migrations.CreateModel(
            name='Closing',
            fields=[
                ('log', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, primary_key=True, serialize=False, to='ledger.log')),
                ('closed_at', models.DateTimeField(db_default=ledger.models.ClockTimestamp(), editable=False)),
            ],
        ),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
    ]
