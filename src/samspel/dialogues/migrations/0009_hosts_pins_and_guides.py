from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dialogues", "0008_themes")]

    operations = [
        migrations.AddField("template", "hosts_stay", models.BooleanField(default=False)),
        migrations.AddField("templatestep", "guide", models.JSONField(blank=True, default=dict)),
        migrations.AddField("step", "guide", models.JSONField(blank=True, default=dict)),
        migrations.AddField("plannedplace", "is_host", models.BooleanField(default=False)),
        migrations.AddField("plannedplace", "is_pinned", models.BooleanField(default=False)),
        migrations.AddField("placement", "is_host", models.BooleanField(default=False)),
    ]
