"""How long keys, links and sessions are kept that open nothing any more."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.db.models import Q

from realtime.pruning import Leftovers, Prunable
from shipspeak.accounts.models import ApiKey, SignInLink, SocketTicket, SpentToken

REVOKED_KEPT = timedelta(days=30)
"""How long a revoked key is still shown to its owner and to operators."""
LINKS_KEPT = timedelta(days=1)


def leftovers(now: datetime) -> list[Prunable]:
    """What has expired, was used up or revoked."""
    old = now - LINKS_KEPT
    return [
        Leftovers("sessions that have expired", lambda: Session.objects.filter(expire_date__lt=now)),
        Leftovers(
            "sign-in links that no longer work",
            lambda: SignInLink.objects.filter(Q(expires_at__lt=old) | Q(used_at__lt=old)),
        ),
        Leftovers("tickets for sockets", lambda: SocketTicket.objects.filter(expires_at__lt=now)),
        Leftovers("refresh tokens that were used", lambda: SpentToken.objects.filter(expires_at__lt=now)),
        Leftovers(
            f"API keys that were revoked more than {REVOKED_KEPT.days} days ago",
            lambda: ApiKey.objects.filter(revoked_at__lt=now - REVOKED_KEPT),
        ),
    ]
