from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class Scope(models.TextChoices):
    """What a key may be used for."""

    READ = "read", "look"
    WRITE = "write", "change"


class ApiKey(models.Model):
    """A key by which a program acts for a person. Only its SHA-256 is kept.

    A plain hash is enough, since a key is 256 random bits and no word that one could guess.
    ``scopes`` holds `Scope` values, comma-separated; use `scope_list`.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.CharField(max_length=40, default="read,write")
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-pk")
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def scope_list(self) -> list[str]:
        """What the key may be used for."""
        return self.scopes.split(",")

    @property
    def is_revoked(self) -> bool:
        """Whether the key has been taken back."""
        return self.revoked_at is not None
