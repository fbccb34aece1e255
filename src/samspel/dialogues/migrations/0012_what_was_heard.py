from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dialogues", "0011_second_language_and_interpreters")]

    operations = [migrations.AddField("dialogue", "heard", models.JSONField(default=list))]
