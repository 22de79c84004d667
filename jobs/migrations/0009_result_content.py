import django.db.models.deletion
from django.db import migrations, models

import jobs.identifiers

AT_ONCE = 100


def share(apps, schema_editor):
    """Moves each result's data to a content of its own."""
    JobResult, ResultContent = apps.get_model("jobs", "JobResult"), apps.get_model("jobs", "ResultContent")
    while rows := list(JobResult.objects.filter(content=None)[:AT_ONCE]):
        for row in rows:
            row.content = ResultContent(data=row.data)
        ResultContent.objects.bulk_create([row.content for row in rows])
        JobResult.objects.bulk_update(rows, ["content"])


class Migration(migrations.Migration):
    dependencies = [("jobs", "0008_resumable_upload")]

    operations = [
        migrations.CreateModel(
            name="ResultContent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=jobs.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("data", models.JSONField()),
            ],
        ),
        migrations.AddField(
            model_name="jobresult",
            name="content",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="results",
                to="jobs.resultcontent",
            ),
        ),
        migrations.RunPython(share, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="jobresult",
            name="content",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="results",
                to="jobs.resultcontent",
            ),
        ),
        migrations.RemoveField(model_name="jobresult", name="data"),
    ]
