from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("jobs", "0002_engine_at_full_strength")]

    operations = [
        migrations.AlterModelOptions(
            name="share",
            options={"verbose_name": "person's share", "verbose_name_plural": "people's shares"},
        ),
    ]
