from datetime import UTC, datetime

from django.db import migrations, models

ALWAYS = datetime(1, 1, 1, tzinfo=UTC)
"""Since when the contracts count that were there before anybody asked."""


class Migration(migrations.Migration):

    dependencies = [
        ('hospital', '0014_pharmacies_by_place'),
        ('journal', '0003_what_was_there_already'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='carrying',
            name='carried_by_one',
        ),
        migrations.AddField(
            model_name='carrying',
            name='since',
            field=models.DateTimeField(default=ALWAYS),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name='carrying',
            constraint=models.UniqueConstraint(fields=('payer', 'pharmacy', 'since'), name='carried_by_one', nulls_distinct=False),
        ),
    ]
