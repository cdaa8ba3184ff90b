from django.db import migrations

FUNCTION = """
CREATE FUNCTION insurance_share_adds_up(named text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT 'share_is_its_lines' FROM insurance_billshare AS share
    WHERE id = named::bigint AND fen <> (
        SELECT coalesce(sum(fen), 0) FROM insurance_lineshare WHERE share_id = share.id
    )
$$;
CREATE CONSTRAINT TRIGGER share_adds_up AFTER INSERT OR UPDATE OR DELETE ON insurance_lineshare
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION insurance_adds_up('share', 'share_id');
"""
"""A fen that moves from one payer's line to another's changes no bill and no sum of a line."""
UNDONE = """
DROP TRIGGER share_adds_up ON insurance_lineshare;
DROP FUNCTION insurance_share_adds_up;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('insurance', '0014_claims_that_wait_for_a_person'),
    ]

    operations = [
        migrations.RunSQL(FUNCTION, UNDONE),
    ]
