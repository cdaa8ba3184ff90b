"""
What lies on the shelves gets a lot that says so: 未登记批号, which expires never.

Nobody knows the numbers; a pharmacist counts such a lot down and receives the real ones.
"""

import os
from datetime import date

from django.db import migrations
from django.utils import timezone

from ledger import commitments

NUMBER, NEVER = "未登记批号", date(9999, 12, 31)
BATCH = 1_000


def open_lots(apps, _):
    item, lot, movement = (
        apps.get_model("pharmacy", name) for name in ("StockItem", "Lot", "Movement")
    )
    now = timezone.now()
    stocked = item.objects.filter(on_hand__gt=0).select_related("pharmacy").order_by("id")
    made = [_lot(lot, one, now) for one in stocked.iterator()]
    lot.objects.bulk_create(made, batch_size=BATCH)
    movement.objects.bulk_create(
        [
            movement(lot=one, kind="opened", quantity=one.on_hand, at=now)
            for one in made
        ],
        batch_size=BATCH,
    )


def _lot(lot, item, now):
    salt = os.urandom(commitments.SALT_SIZE)
    said = [item.pharmacy.slug, item.medicine_id, NUMBER, NEVER.isoformat()]
    return lot(
        item=item,
        number=NUMBER,
        expires_on=NEVER,
        on_hand=item.on_hand,
        salt=salt,
        commitment=commitments.digest(salt, "lot", said).hex(),
        created_at=now,
    )


class Migration(migrations.Migration):
    dependencies = [("pharmacy", "0003_lots_movements_and_counts")]
    operations = [migrations.RunPython(open_lots, migrations.RunPython.noop)]
