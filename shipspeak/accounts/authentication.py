"""Who calls the API, by the key in the Authorization header."""

from __future__ import annotations

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import AuthUser, JWTAuthentication
from rest_framework_simplejwt.exceptions import InvalidToken
from rest_framework_simplejwt.tokens import Token

from shipspeak.accounts import api_keys
from shipspeak.accounts.models import ApiKey, User


class ApiKeyAuthentication(BaseAuthentication):
    """``Authorization: Bearer ss_…`` (RFC 6750). Other tokens are left to other classes."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        """The key's owner and the key; None when there is none of ours. Raises `AuthenticationFailed`."""
        kind, _, token = get_authorization_header(request).decode("latin1").partition(" ")
        if kind.lower() != "bearer" or not token.startswith(api_keys.MARK):
            return None
        key = api_keys.find(token.strip())
        if key is None:
            raise AuthenticationFailed(
                "This API key is unknown or was revoked. Make a new one in the settings."
            )
        return key.owner, key

    def authenticate_header(self, request: Request) -> str:
        """What a 401 tells the client to send."""
        return 'Bearer realm="api"'


class TokenAuthentication(JWTAuthentication):
    """``Authorization: Bearer eyJ…``: the access token of a pair, see `shipspeak.accounts.bearers`."""

    def authenticate(self, request: Request) -> tuple[AuthUser, Token] | None:
        """The token's person and the token; None when there is none. Raises `AuthenticationFailed`."""
        try:
            return super().authenticate(request)
        except (InvalidToken, AuthenticationFailed):
            raise AuthenticationFailed(
                "This access token is unknown or has expired. Get another by the refresh token, or sign in."
            ) from None

    def authenticate_header(self, request: Request) -> str:
        """What a 401 tells the client to send."""
        return 'Bearer realm="api"'


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document tells of the tokens."""

    target_class = TokenAuthentication
    name = "accessToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """The scheme's entry under ``securitySchemes``."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document tells of the keys."""

    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """The scheme's entry under ``securitySchemes``."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "ss_…"}
