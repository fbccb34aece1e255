from django.db import migrations, models


class Migration(migrations.Migration):
    """Whom not to send a link again yet, told by no name."""

    dependencies = [("encounters", "0007_waiting_tablet")]

    operations = [
        migrations.CreateModel(
            name="Resting",
            fields=[
                ("recipient", models.BinaryField(max_length=32, primary_key=True, serialize=False)),
                ("again_on", models.DateField(db_index=True)),
            ],
        ),
    ]
