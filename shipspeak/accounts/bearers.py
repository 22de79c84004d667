"""Whose bearer token it is: an API key, or a JSON Web Token (RFC 7519) of a pair.

A pair is for apps that let a person sign in by password: an access token, which is good for minutes, and a
refresh token, by which the next pair is had. Each refresh token is good once. Both end with the password.
"""

from __future__ import annotations

from datetime import UTC, datetime

from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import InvalidToken, TokenError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from realtime.identity import Scope
from shipspeak.accounts import api_keys
from shipspeak.accounts.models import SpentToken, User


class Spent(Exception):
    """The refresh token is no good: expired, used before, or made with a password that was changed since."""


def user_with(token: str, scope: Scope) -> User | None:
    """Whose ``token`` it is, if it is good for ``scope``. What `realtime` asks of a token."""
    if token.startswith(api_keys.MARK):
        return api_keys.user_with(token, scope)
    try:
        return _person(AccessToken(token))  # type: ignore[arg-type]  # it takes a text as well
    except (TokenError, InvalidToken, AuthenticationFailed):
        return None


def pair(user: User) -> dict[str, str]:
    """A new pair for ``user``."""
    refresh = RefreshToken.for_user(user)
    return {"access": str(refresh.access_token), "refresh": str(refresh)}


def renew(token: str) -> dict[str, str]:
    """A new pair for a refresh ``token``, which is used up by it. Raises `Spent`."""
    try:
        refresh = RefreshToken(token)  # type: ignore[arg-type]
        user = _person(refresh)
    except (TokenError, InvalidToken, AuthenticationFailed):
        raise Spent from None
    spent = {"expires_at": expiry(refresh)}
    _, is_first = SpentToken.objects.get_or_create(jti=refresh["jti"], defaults=spent)
    if not is_first:
        raise Spent
    return pair(user)


def expiry(token: Token) -> datetime:
    """When ``token`` ends."""
    return datetime.fromtimestamp(token["exp"], UTC)


def _person(token: Token) -> User:
    found = JWTAuthentication().get_user(token)
    assert isinstance(found, User)
    return found
