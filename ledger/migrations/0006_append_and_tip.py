"""
The two statements of every write as functions, so that each connection plans them once.

Planning cost as much as running them. ``enable_seqscan`` is off because a plan that was made while
a table was empty would otherwise be kept until the table is analysed.
"""

from django.db import migrations

# No lock is taken: who closes a log waits until all have ended who may not have seen it.
FUNCTIONS = """
CREATE FUNCTION ledger_append(
    log bigint, about text, number bigint, what text, signed bytea,
    OUT id bigint, OUT leaf bytea, OUT stored_at timestamptz, OUT newest timestamptz
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    SELECT e.stored_at INTO newest FROM ledger_event e
        WHERE e.log_id = log ORDER BY e.xid DESC, e.id DESC LIMIT 1;
    INSERT INTO ledger_event AS e (log_id, subject, version, kind, note)
        SELECT log, about, number, what, signed
        WHERE NOT EXISTS (SELECT FROM ledger_closing c WHERE c.log_id = log)
        ON CONFLICT (log_id, subject, version) DO NOTHING
        RETURNING e.id, e.leaf, e.stored_at INTO id, leaf, stored_at;
END $$;

CREATE FUNCTION ledger_tip(
    of_line text, logs bigint[], about text,
    OUT last_log bigint, OUT version bigint, OUT leaf bytea, OUT note bytea
) LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
BEGIN
    SELECT max(l.id) INTO last_log FROM ledger_log l WHERE l.line = of_line;
    SELECT e.version, e.leaf, e.note INTO version, leaf, note FROM ledger_event e
        WHERE e.log_id = ANY(logs) AND e.subject = about ORDER BY e.version DESC LIMIT 1;
END $$;
"""
NO_FUNCTIONS = """
DROP FUNCTION ledger_append;
DROP FUNCTION ledger_tip;
"""


class Migration(migrations.Migration):

    dependencies = [('ledger', '0005_patients_lists')]

    operations = [migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS)]
