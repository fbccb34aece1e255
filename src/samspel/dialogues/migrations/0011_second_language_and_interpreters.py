from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dialogues", "0010_world_cafe_and_nominal_group")]

    operations = [
        migrations.AddField("dialogue", "second_language", models.CharField(blank=True, max_length=5)),
        migrations.AddField("question", "second_text", models.CharField(blank=True, max_length=200)),
        migrations.AddField("invitation", "interpreter", models.CharField(blank=True, max_length=5)),
        migrations.AddField("table", "interpreter", models.CharField(blank=True, max_length=5)),
        migrations.AddField("note", "language", models.CharField(blank=True, max_length=5)),
    ]
