"""
Refuse UPDATE, DELETE and TRUNCATE on entries and postings, and at commit what does not balance.

An entry has two postings or more, all of the transaction that made it, and they add up to zero: so
nothing is added to an entry later, balanced or not. Checked for the entry and for each posting, or
an entry without postings, and a posting behind a check that came early, would pass.
"""

from django.db import migrations

BALANCED = """
CREATE FUNCTION journal_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    posted uuid;
    is_sound boolean;
BEGIN
    IF TG_TABLE_NAME = 'journal_entry' THEN posted := NEW.id; ELSE posted := NEW.entry_id; END IF;
    SELECT count(*) >= 2 AND sum(p.fen) = 0 AND bool_and(p.xid = e.xid AND p.at = e.at)
        INTO is_sound
        FROM journal_entry e JOIN journal_posting p ON p.entry_id = e.id WHERE e.id = posted;
    IF is_sound IS NOT TRUE THEN
        RAISE EXCEPTION 'the journal entry % does not balance', posted
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON journal_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION journal_balanced();
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON journal_posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION journal_balanced();
ALTER TABLE journal_entry ENABLE ALWAYS TRIGGER balanced;
ALTER TABLE journal_posting ENABLE ALWAYS TRIGGER balanced;
"""
NOT_BALANCED = """
DROP TRIGGER balanced ON journal_entry;
DROP TRIGGER balanced ON journal_posting;
DROP FUNCTION journal_balanced();
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
    dependencies = [
        ("journal", "0001_entries_and_postings"),
        ("ledger", "0002_append_only"),
    ]

    operations = [
        *[
            migrations.RunSQL(TRIGGERS.format(table=table), NO_TRIGGERS.format(table=table))
            for table in ("journal_entry", "journal_posting")
        ],
        migrations.RunSQL(BALANCED, NOT_BALANCED),
    ]
