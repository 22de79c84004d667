"""API keys: made, recognised, revoked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from realtime.sign_out import look_again
from shipspeak.accounts.models import ApiKey, User
from shipspeak.accounts.models.api_key import Scope
from shipspeak.accounts.tokens import digest_of, new_token

MARK = "ss_"
"""What every key begins with, so that people and secret scanners recognise one."""
SHOWN = 9
"""How many characters of a key are kept to tell it from others."""
USE_NOTED_EVERY = timedelta(minutes=1)


class UnknownScope(ValueError):
    """A key can be used for read and for write, and for nothing else."""


def issue(
    owner: User, name: str = "", scopes: Iterable[str] = (Scope.READ, Scope.WRITE)
) -> tuple[ApiKey, str]:
    """Makes a key for ``owner``; returns its row and the key itself, which is never seen again.

    Raises `UnknownScope` when there is no such scope, or none is given.
    """
    key = MARK + new_token()
    row = ApiKey.objects.create(
        owner=owner,
        name=name.strip()[:100] or "API key",
        prefix=key[:SHOWN],
        digest=digest_of(key),
        scopes=",".join(_known(scopes)),
    )
    return row, key


def find(key: str) -> ApiKey | None:
    """The row of ``key`` with its owner, and notes its use; None if it is unknown, revoked, or its owner's
    account is closed."""
    if not key.startswith(MARK):
        return None
    valid = ApiKey.objects.filter(revoked_at=None, owner__is_active=True)
    row = valid.select_related("owner").filter(digest=digest_of(key)).first()
    if row:
        _note_use(row)
    return row


def user_with(key: str, scope: str) -> User | None:
    """Whose ``key`` it is, if it is good for ``scope``. What `realtime` asks of a token."""
    row = find(key)
    return row.owner if row and scope in row.scope_list else None


def revoke(owner: User, pk: int) -> bool:
    """Takes ``owner``'s key back; False when they have no such key, or it was revoked before."""
    return revoke_all(ApiKey.objects.filter(owner=owner, pk=pk)) == 1


def revoke_all(keys: QuerySet[ApiKey]) -> int:
    """Takes ``keys`` back; how many were not before. What is open by them closes."""
    valid = keys.filter(revoked_at=None)
    owners = set(valid.values_list("owner_id", flat=True))
    count = valid.update(revoked_at=timezone.now())
    for owner in owners:
        look_again(owner)
    return count


def _known(scopes: Iterable[str]) -> list[str]:
    wanted = set(scopes)
    if not wanted or not wanted <= set(Scope.values):
        raise UnknownScope(
            f"A scope is one of {', '.join(Scope.values)}, not {', '.join(sorted(wanted)) or 'none'}."
        )
    return [scope for scope in Scope.values if scope in wanted]


def _note_use(row: ApiKey) -> None:
    """Writes down when the key was used, at most once a minute: reading must not cost a write."""
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_NOTED_EVERY)
    if row.last_used_at is None or row.last_used_at < now - USE_NOTED_EVERY:
        ApiKey.objects.filter(stale, pk=row.pk).update(last_used_at=now)
