from __future__ import annotations

from django.db import models


class Tally(models.Model):
    """What was counted of rows that have ended, which may be gone by now; see `jobs.tallies`.

    ``labels`` holds the values of the metric's labels as JSON, in their order.
    """

    metric = models.CharField(max_length=80)
    labels = models.CharField(max_length=400)
    value = models.FloatField(default=0.0)

    class Meta:
        verbose_name_plural = "tallies"
        constraints = [models.UniqueConstraint(fields=["metric", "labels"], name="tally_once")]

    def __str__(self) -> str:
        return f"{self.metric}{self.labels}: {self.value:g}"


class TallyMark(models.Model):
    """Up to when what ended has been counted, of one table: microseconds since 1970."""

    source = models.CharField(max_length=20, unique=True)
    upto = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.source}: {self.upto}"
