from django.db import migrations, models


class Migration(migrations.Migration):
    """What becomes of answers that rest."""

    dependencies = [("encounters", "0005_factors")]

    operations = [
        migrations.AddField(model_name="day", name="has_texts", field=models.BooleanField(default=True)),
        migrations.CreateModel(
            name="Amendment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=80, unique=True)),
                ("day", models.DateField(db_index=True)),
                (
                    "aside",
                    models.CharField(
                        blank=True,
                        choices=[("", "räknas"), ("play", "ser ut som lek"), ("withdrawn", "taget tillbaka")],
                        default="",
                        max_length=10,
                    ),
                ),
                ("is_erased", models.BooleanField(default=False)),
                ("made_at", models.DateTimeField()),
            ],
        ),
    ]
