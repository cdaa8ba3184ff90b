"""
Refuse UPDATE, DELETE and TRUNCATE on everything that may only grow.

ENABLE ALWAYS makes the triggers fire under ``session_replication_role = replica`` too. There is no
switch to silence them: whoever wants to change history has to drop them first, and is found by
``manage.py verify`` all the same.
"""

from django.db import migrations

TABLES = ("ledger_log", "ledger_event", "ledger_leaf", "ledger_checkpoint")

FUNCTION = """
CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$
"""
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
    dependencies = [("ledger", "0001_events_leaves_and_checkpoints")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION ledger_refuse()"),
        *[
            migrations.RunSQL(TRIGGERS.format(table=table), NO_TRIGGERS.format(table=table))
            for table in TABLES
        ],
    ]
