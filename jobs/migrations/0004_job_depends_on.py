from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0003_share_names")]

    operations = [
        migrations.AddField("job", "depends_on", models.JSONField(blank=True, default=list)),
    ]
