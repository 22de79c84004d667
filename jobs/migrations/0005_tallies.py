from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0004_job_depends_on")]

    operations = [
        migrations.CreateModel(
            name="Tally",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("metric", models.CharField(max_length=80)),
                ("labels", models.CharField(max_length=400)),
                ("value", models.FloatField(default=0.0)),
            ],
            options={
                "verbose_name_plural": "tallies",
                "constraints": [models.UniqueConstraint(fields=["metric", "labels"], name="tally_once")],
            },
        ),
        migrations.CreateModel(
            name="TallyMark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(max_length=20, unique=True)),
                ("upto", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.AddField("attempt", "queued_at", models.DateTimeField(blank=True, null=True)),
        *(
            migrations.AddIndex(
                model,
                models.Index(
                    fields=["finished_at"], condition=models.Q(finished_at__isnull=False), name=name
                ),
            )
            for model, name in (
                ("job", "job_ended"),
                ("attempt", "attempt_ended"),
                ("providercall", "provider_call_ended"),
            )
        ),
    ]
