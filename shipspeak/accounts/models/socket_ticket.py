from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class SocketTicket(models.Model):
    """What opens one socket, once, within seconds. Only the SHA-256 of it is kept.

    It stands for what its person had signed in with, and the socket ends when that does: a session
    (``session_key``), an API key (``api_key``), or a token that is good ``until`` then, and no longer than
    the password (``sign``, a digest that changes with it).
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    session_key = models.CharField(max_length=40, blank=True)
    api_key = models.ForeignKey("ApiKey", null=True, on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField(null=True)
    sign = models.CharField(max_length=128, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return f"ticket for {self.user_id}"
