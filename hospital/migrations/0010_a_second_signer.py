import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    """
    A second doctor signs before an emergency opens anything.

    What one doctor alone had opened is over by now; it becomes a plea that nobody signed second.
    Its entries and its verdict's stay in the log.
    """

    dependencies = [("hospital", "0009_lists_looked_at")]
    operations = [
        migrations.RemoveIndex("emergency", "unreviewed"),
        migrations.RemoveConstraint("emergency", "emergency_ends_after_it_begins"),
        migrations.RenameField("emergency", "opened_at", "pleaded_at"),
        migrations.AddField("emergency", "opened_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "emergency",
            "seconder",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunSQL(
            "UPDATE hospital_emergency SET verdict = '', reviewed_at = NULL, reviewer_id = NULL",
            migrations.RunSQL.noop,
        ),
        migrations.AddConstraint(
            "emergency",
            models.CheckConstraint(
                name="emergency_ends_after_it_begins", condition=Q(until__gt=F("pleaded_at"))
            ),
        ),
        migrations.AddConstraint(
            "emergency",
            models.CheckConstraint(
                name="opened_by_two_in_time",
                condition=Q(opened_at__isnull=True, seconder__isnull=True)
                | (
                    Q(opened_at__isnull=False, seconder__isnull=False)
                    & Q(opened_at__lt=F("until"))
                    & ~Q(seconder=F("doctor"))
                ),
            ),
        ),
        migrations.AddConstraint(
            "emergency",
            models.CheckConstraint(
                name="only_what_was_opened_is_judged",
                condition=Q(verdict="") | Q(opened_at__isnull=False),
            ),
        ),
        migrations.AddIndex(
            "emergency",
            models.Index(
                fields=["opened_at", "id"],
                name="unreviewed",
                condition=Q(verdict="", opened_at__isnull=False),
            ),
        ),
        migrations.AddIndex(
            "emergency",
            models.Index(
                fields=["until"], name="unseconded", condition=Q(opened_at__isnull=True)
            ),
        ),
    ]
