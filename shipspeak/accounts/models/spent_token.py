from __future__ import annotations

from django.db import models


class SpentToken(models.Model):
    """A refresh token that was used, by the id in it; kept for as long as it would be good."""

    jti = models.CharField(max_length=64, primary_key=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.jti
