"""Makes the people of the benchmark and signs them in; prints their sessions and streams as JSON."""

from __future__ import annotations

import json
import sys
from importlib import import_module

import django


def main(number: int) -> list[tuple[str, str]]:
    """Makes ``number`` people; gives the session key and the own stream of each."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
    from django.db import transaction
    from django.utils.module_loading import import_string

    backends = settings.AUTHENTICATION_BACKENDS
    backend = next(path for path in backends if hasattr(import_string(path), "get_user"))
    store = import_module(settings.SESSION_ENGINE).SessionStore
    people = [get_user_model()(username=f"bench-{n}", password="!") for n in range(number)]
    made = []
    with transaction.atomic():
        for user in get_user_model().objects.bulk_create(people):
            session = store()
            session[SESSION_KEY] = str(user.pk)
            session[BACKEND_SESSION_KEY] = backend
            session[HASH_SESSION_KEY] = user.get_session_auth_hash()
            session.create()
            made.append((session.session_key, f"user:{user.pk}"))
    return made


if __name__ == "__main__":
    django.setup()
    print(json.dumps(main(int(sys.argv[1]))))
