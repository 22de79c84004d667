from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


class Tier(models.Model):
    """A class of people: how large their share is, and what they may use. Null means as the settings say.

    With twice the ``weight``, a person's jobs get twice the slots while there are not enough for all.
    """

    name = models.CharField(max_length=64, unique=True)
    weight = models.FloatField(default=1.0, validators=[MinValueValidator(0.01), MaxValueValidator(1000)])
    max_running = models.PositiveIntegerField(null=True, blank=True)
    max_queued = models.PositiveIntegerField(null=True, blank=True)
    budget_usd_per_day = models.DecimalField(
        max_digits=12, decimal_places=4, null=True, blank=True, validators=[MinValueValidator(0)]
    )

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
