"""Tickets: what opens one socket where neither a cookie nor a header can be sent along.

A browser's page of another site has no cookie of ours, and no browser lets a page set a header on a socket. A
key in the address would be good for ever, and stand in logs; a ticket is good once, for half a minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from realtime import identity
from realtime.identity import Credentials, Scope
from shipspeak.accounts.models import ApiKey, SocketTicket, User
from shipspeak.accounts.tokens import digest_of, new_token

VALID_FOR = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a ticket stood for; good for as long as that is. Arguments as of `SocketTicket`."""

    user: int
    session_key: str = ""
    api_key: int | None = None
    until: datetime | None = None
    sign: str = ""

    def __repr__(self) -> str:
        """Tells no secret, wherever it is logged."""
        return f"Grant(user={self.user})"

    def holder(self, scope: Scope) -> User | None:
        """Whom it lets in now; None when it is over, or not for ``scope``."""
        if self.session_key:
            found = identity.who(Credentials(session_key=self.session_key))
            return found if isinstance(found, User) and found.pk == self.user else None
        user = User.objects.filter(pk=self.user, is_active=True).first()
        if user is None or (self.until and self.until <= timezone.now()):
            return None
        if self.api_key is not None:
            return user if self._is_good(self.api_key, scope) else None
        return user if self.sign == user.get_session_auth_hash() else None

    def _is_good(self, api_key: int, scope: Scope) -> bool:
        key = ApiKey.objects.filter(pk=api_key, owner=self.user, revoked_at=None).first()
        return key is not None and scope in key.scope_list


def issue(grant: Grant) -> str:
    """Makes a ticket that stands for ``grant``; it is never seen again."""
    ticket = new_token()
    SocketTicket.objects.create(
        user_id=grant.user,
        digest=digest_of(ticket),
        session_key=grant.session_key,
        api_key_id=grant.api_key,
        until=grant.until,
        sign=grant.sign,
        expires_at=timezone.now() + VALID_FOR,
    )
    return ticket


def redeem(ticket: str) -> Grant | None:
    """Uses ``ticket`` up, and gives what it stood for; None when it is unknown, too old, or was used, be it
    in the same moment. What `realtime` asks of a ticket."""
    now = timezone.now()
    row = SocketTicket.objects.filter(digest=digest_of(ticket), expires_at__gt=now).first()
    if row is None or not SocketTicket.objects.filter(pk=row.pk, used_at=None).update(used_at=now):
        return None
    return Grant(row.user_id, row.session_key, row.api_key_id, row.until, row.sign)
