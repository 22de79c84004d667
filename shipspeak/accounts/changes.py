"""What changes an account or its keys reaches its sockets at once."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save, pre_delete

from realtime.sign_out import look_again
from shipspeak.accounts.models import ApiKey, User

SIGNING_IN = frozenset({"last_login"})
"""What changes of an account with each sign-in, and takes nothing away."""


def connect() -> None:
    """Listens to Django's signals. Who changes rows past them tells it by `look_again`."""
    post_save.connect(_account_changed, sender=User, dispatch_uid="accounts.changed")
    pre_delete.connect(_account_changed, sender=User, dispatch_uid="accounts.deleted")
    for name, signal in (("changed", post_save), ("deleted", post_delete)):
        signal.connect(_key_changed, sender=ApiKey, dispatch_uid=f"accounts.key_{name}")


def _account_changed(instance: User, **signal: Any) -> None:
    fields = signal.get("update_fields")
    if not signal.get("created") and not (fields and SIGNING_IN.issuperset(fields)):
        look_again(instance.pk)


def _key_changed(instance: ApiKey, **signal: Any) -> None:
    if not signal.get("created"):
        look_again(instance.owner_id)
