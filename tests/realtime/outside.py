"""What other processes do in the tests of a real server: ``python -m tests.realtime.outside WHAT …``."""

from __future__ import annotations

import json
import sys

import django


def person(name: str) -> dict[str, str]:
    """Makes somebody who is signed in; gives their stream and session."""
    from tests.factories import make_user
    from tests.realtime.clients import signed_in

    user = make_user(name)
    return {"stream": f"user:{user.pk}", "session": signed_in(user)}


def publish(stream: str, number: str) -> int:
    """Publishes events; gives the number of the last."""
    from realtime import log
    from tests.realtime.clients import tell

    tell(stream, int(number))
    return log.position(stream).seq


if __name__ == "__main__":
    django.setup()
    print(json.dumps({"person": person, "publish": publish}[sys.argv[1]](*sys.argv[2:])))
