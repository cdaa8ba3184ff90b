"""
A movement, once stored, changes its lot and its item, and nothing else does.

The item first: whoever moves or reserves something locks its row first.
"""

from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION pharmacy_add_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE pharmacy_stockitem SET on_hand = on_hand + NEW.quantity
        WHERE id = (SELECT item_id FROM pharmacy_lot WHERE id = NEW.lot_id);
    UPDATE pharmacy_lot SET on_hand = on_hand + NEW.quantity WHERE id = NEW.lot_id;
    RETURN NULL;
END $$;
CREATE FUNCTION pharmacy_only_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION '%.on_hand is the sum of its movements: % refused', TG_TABLE_NAME, TG_OP
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION pharmacy_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;
"""
NO_FUNCTIONS = """
DROP FUNCTION pharmacy_add_up;
DROP FUNCTION pharmacy_only_moved;
DROP FUNCTION pharmacy_refuse;
"""
SUMMED = """
CREATE TRIGGER begins_empty BEFORE INSERT ON {table}
    FOR EACH ROW WHEN (NEW.on_hand <> 0) EXECUTE FUNCTION pharmacy_only_moved();
CREATE TRIGGER only_moved BEFORE UPDATE ON {table}
    FOR EACH ROW WHEN (OLD.on_hand <> NEW.on_hand) EXECUTE FUNCTION pharmacy_only_moved();
"""
NOT_SUMMED = """
DROP TRIGGER begins_empty ON {table};
DROP TRIGGER only_moved ON {table};
"""
MOVED = """
CREATE TRIGGER adds_up AFTER INSERT ON pharmacy_movement
    FOR EACH ROW EXECUTE FUNCTION pharmacy_add_up();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON pharmacy_movement
    FOR EACH ROW EXECUTE FUNCTION pharmacy_refuse();
CREATE TRIGGER stays_the_same BEFORE UPDATE ON pharmacy_lot
    FOR EACH ROW WHEN (
        (OLD.item_id, OLD.number, OLD.expires_on, OLD.salt, OLD.commitment)
        IS DISTINCT FROM (NEW.item_id, NEW.number, NEW.expires_on, NEW.salt, NEW.commitment)
    ) EXECUTE FUNCTION pharmacy_refuse();
"""
NOT_MOVED = """
DROP TRIGGER adds_up ON pharmacy_movement;
DROP TRIGGER append_only ON pharmacy_movement;
DROP TRIGGER stays_the_same ON pharmacy_lot;
"""


class Migration(migrations.Migration):
    dependencies = [("pharmacy", "0004_a_lot_for_what_lies_there")]
    operations = [
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
        *(
            migrations.RunSQL(SUMMED.format(table=table), NOT_SUMMED.format(table=table))
            for table in ("pharmacy_stockitem", "pharmacy_lot")
        ),
        migrations.RunSQL(MOVED, NOT_MOVED),
    ]
