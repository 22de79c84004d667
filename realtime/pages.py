"""What a page that the server draws needs, to be kept up to date by its scripts."""

from __future__ import annotations

from django.http import HttpRequest

from realtime.log import Position, position
from realtime.rights import own_stream


def here(request: HttpRequest) -> Position:
    """Where the stream of the signed-in person stands now.

    A view reads it before the page's data and gives it to the template as ``live``: the page then asks for
    all that came after, and nothing that happened in between is missed.
    """
    user = request.user
    assert user.is_authenticated
    return position(own_stream(user))
