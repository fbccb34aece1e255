from django.db import migrations, models


class Migration(migrations.Migration):
    """Tablets that show a code until somebody sets them up."""

    dependencies = [("encounters", "0006_amendment")]

    operations = [
        migrations.CreateModel(
            name="WaitingTablet",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=8, unique=True)),
                ("secret", models.BinaryField(max_length=32, unique=True)),
                ("expires_at", models.DateTimeField()),
            ],
        ),
    ]
