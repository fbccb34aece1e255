import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Answers that were taken back, in the place of amendments, which no journey made."""

    dependencies = [("encounters", "0011_a_link_is_used_at_no_moment"), ("people", "0001_initial")]

    operations = [
        migrations.DeleteModel("Amendment"),
        migrations.AlterField(
            "answer",
            "aside",
            models.CharField(
                blank=True, choices=[("", "räknas"), ("play", "ser ut som lek")], default="", max_length=10
            ),
        ),
        migrations.CreateModel(
            name="Withdrawal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("key", models.CharField(max_length=80)),
                ("is_pending", models.BooleanField(default=True)),
                (
                    "unit",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="people.unit",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("is_pending", True)), fields=["day"], name="withdrawal_pending")
                ],
                "constraints": [models.UniqueConstraint(fields=("day", "unit", "key"), name="withdrawn_once")],
            },
        ),
    ]
