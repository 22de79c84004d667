"""Who is at the other end: from a session's cookie, with its Origin, or from a token."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Literal, Protocol, cast
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest, parse_cookie
from django.utils.module_loading import import_string

from realtime.conf import allowed_origins

Scope = Literal["read", "write"]
Authenticate = Callable[[str, Scope], AbstractBaseUser | None]
"""What the setting ``REALTIME_AUTHENTICATE`` names: whose token it is, if it is good for that scope."""


class Grant(Protocol):
    """What a ticket stood for, and its socket goes on standing for."""

    def holder(self, scope: Scope) -> AbstractBaseUser | None:
        """Whom it lets in, looked up now; None when it is over, or not for ``scope``."""


Redeem = Callable[[str], Grant | None]
"""What the setting ``REALTIME_REDEEM`` names: uses a ticket up, and gives what it stands for."""

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client showed. A token counts before what a ticket stood for, and that before a session."""

    session_key: str = ""
    token: str = ""
    grant: Grant | None = None

    @property
    def kind(self) -> str:
        """Which of them counts, in a word."""
        return "token" if self.token else "ticket" if self.grant else "session"

    def __repr__(self) -> str:
        """Tells no secret, wherever it is logged."""
        shown = {"session": self.session_key, "token": self.token, "grant": self.grant}
        return f"Credentials({', '.join(f'{name}={bool(value)}' for name, value in shown.items())})"


def who(credentials: Credentials, scope: Scope = "read") -> AbstractBaseUser | None:
    """Looks the person up, now; None when the credentials are not, or no longer, good. It queries."""
    if credentials.token:
        return _by_token(credentials.token, scope)
    if credentials.grant:
        return credentials.grant.holder(scope)
    return _by_session(credentials.session_key) if credentials.session_key else None


def redeem(ticket: str) -> Credentials:
    """What a ticket lets a socket do; nothing, if it is no good. It queries, and uses the ticket up."""
    path = getattr(settings, "REALTIME_REDEEM", None)
    grant = cast("Redeem", import_string(path))(ticket) if path else None
    return Credentials(grant=grant)


def ticket_of(query: bytes) -> str:
    """The ticket in the address of a socket, or ""."""
    return parse_qs(query.decode("latin1")).get("ticket", [""])[0]


def _by_token(token: str, scope: Scope) -> AbstractBaseUser | None:
    path = getattr(settings, "REALTIME_AUTHENTICATE", None)
    return cast("Authenticate", import_string(path))(token, scope) if path else None


def _by_session(session_key: str) -> AbstractBaseUser | None:
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = auth.get_user(request)
    return user if user.is_authenticated else None


def of_request(request: HttpRequest) -> Credentials:
    """What a request shows: its cookie, or a bearer token (RFC 6750)."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return Credentials(
        session_key=request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""),
        token=token.strip() if kind.lower() == "bearer" else "",
    )


def session_key(headers: Mapping[bytes, bytes]) -> str:
    """The session's key in the cookies of a socket's headers, or ""."""
    return parse_cookie(headers.get(b"cookie", b"").decode("latin1")).get(settings.SESSION_COOKIE_NAME, "")


def headers_of(pairs: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """ASGI's header pairs, by their lower-case names."""
    return {name.lower(): value for name, value in pairs}


def origin_allowed(headers: Mapping[bytes, bytes]) -> bool:
    """Whether the page that opens a socket is ours, so that the cookie may count.

    A browser sends the cookie whatever page opens the socket, and tells the page's origin: it must be the
    host that was asked for, or one that `WEBSOCKET_CORS_ORIGINS` lists. No origin is no allowed one.
    """
    origin = headers.get(b"origin", b"").decode("latin1").lower()
    return bool(origin) and (origin in allowed_origins() or _same_host(origin, _host(headers)))


def _host(headers: Mapping[bytes, bytes]) -> str:
    forwarded = headers.get(b"x-forwarded-host") if settings.USE_X_FORWARDED_HOST else None
    return (forwarded or headers.get(b"host", b"")).decode("latin1").lower()


def _same_host(origin: str, host: str) -> bool:
    try:
        page, asked = urlsplit(origin), urlsplit(f"//{host}")
        default = _DEFAULT_PORTS.get(page.scheme)
        return (
            bool(page.hostname)
            and default is not None
            and ((page.hostname, page.port or default) == (asked.hostname, asked.port or default))
        )
    except ValueError:  # a port that is no number, a broken IPv6 address
        return False
