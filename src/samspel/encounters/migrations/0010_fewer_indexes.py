import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Indexes by which nobody asks: seven of the eleven that each answer was put into."""

    dependencies = [
        ("encounters", "0009_texts_that_were_asked_for"),
        ("people", "0001_initial"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="answer",
            name="answer_unit_day",
        ),
        migrations.AlterField(
            model_name="answer",
            name="area",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="encounters.area",
            ),
        ),
        migrations.AlterField(
            model_name="answer",
            name="key",
            field=models.CharField(max_length=80),
        ),
        migrations.AlterField(
            model_name="answer",
            name="point",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="answers",
                to="encounters.point",
            ),
        ),
        migrations.AlterField(
            model_name="answer",
            name="provider",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="people.provider",
            ),
        ),
        migrations.AlterField(
            model_name="answer",
            name="service",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="encounters.service",
            ),
        ),
        migrations.AlterField(
            model_name="answer",
            name="unit",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.unit"
            ),
        ),
        migrations.AddConstraint(
            model_name="answer",
            constraint=models.UniqueConstraint(fields=("key",), name="answer_key_once"),
        ),
    ]
