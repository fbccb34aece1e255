from django.db import migrations, models


class Migration(migrations.Migration):
    """A link knows that it has been used, and no longer when: the moment was its answer's. What the moments told is
    turned by the change of type itself, in one statement."""

    dependencies = [("encounters", "0010_fewer_indexes")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE encounters_invitation ALTER COLUMN used_at TYPE boolean USING used_at IS NOT NULL,"
                    " ALTER COLUMN used_at SET NOT NULL"
                ),
                migrations.RunSQL("ALTER TABLE encounters_invitation RENAME COLUMN used_at TO is_used"),
            ],
            state_operations=[
                migrations.RemoveField("invitation", "used_at"),
                migrations.AddField("invitation", "is_used", models.BooleanField(default=False)),
            ],
        ),
    ]
