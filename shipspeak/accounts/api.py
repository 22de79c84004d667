"""Signing in over REST, under ``/api/v1/``: a pair of tokens by password, and tickets for sockets."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables
from pydantic import BaseModel, Field
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework_simplejwt.tokens import Token

from jobs.api.endpoint import Endpoint
from jobs.api.openapi import operation
from jobs.api.requests import Asked, understood
from jobs.errors import ErrorClass, SubmitError
from shipspeak.accounts import bearers, guessing, tickets
from shipspeak.accounts.models import ApiKey, User
from shipspeak.accounts.tickets import Grant


class TooManyTries(SubmitError):
    """There were too many wrong passwords for this name. Wait for some minutes, then try again."""

    code = "too_many_tries"
    error_class = ErrorClass.RESOURCE
    status = 429


class SignInRequest(Asked):
    """Who wants a pair of tokens."""

    username: str = Field(max_length=150)
    password: str = Field(max_length=4096, repr=False)


class RefreshRequest(Asked):
    """By which token the next pair is wanted."""

    refresh: str = Field(max_length=4096, repr=False)


class PairGiven(BaseModel):
    """A pair of tokens."""

    access: str = Field(description="Good for ten minutes, as `Authorization: Bearer …` and in `hello`.")
    refresh: str = Field(description="Good once, for fourteen days, to get the next pair.")


class TicketGiven(BaseModel):
    """What opens one socket."""

    ticket: str = Field(description="For `/ws/?ticket=…`, once.")
    expires_in: int = Field(description="Seconds.")


class Unsigned(Endpoint):
    """For who is not signed in yet."""

    authentication_classes = ()
    permission_classes = ()

    def get_authenticate_header(self, request: Request) -> str:
        """What a 401 tells the client to send, although nothing is looked for in the header."""
        return 'Bearer realm="api"'


@method_decorator(sensitive_variables(), name="post")
class SignInByPassword(Unsigned):
    """Pairs of tokens."""

    @operation("auth_token", {200: PairGiven}, (400,), request=SignInRequest)
    def post(self, request: Request) -> Response:
        """A pair of tokens for a name and its password."""
        asked = understood(SignInRequest, request.data)
        bare = request._request
        user = authenticate(bare, username=asked.username, password=asked.password)
        if user is None:
            if guessing.must_wait(bare, asked.username):
                raise TooManyTries(retry_after=guessing.HERE.seconds)
            raise AuthenticationFailed("This name and this password do not belong together.")
        assert isinstance(user, User)
        user_logged_in.send(sender=User, request=bare, user=user)
        return Response(bearers.pair(user))


@method_decorator(sensitive_variables(), name="post")
class Refresh(Unsigned):
    """The next pair of tokens."""

    @operation("auth_refresh", {200: PairGiven}, (400,), request=RefreshRequest)
    def post(self, request: Request) -> Response:
        """The next pair, for a refresh token; that is used up by it."""
        try:
            return Response(bearers.renew(understood(RefreshRequest, request.data).refresh))
        except bearers.Spent:
            raise AuthenticationFailed(
                "This refresh token has expired, or was used before. Sign in again."
            ) from None


class Tickets(Endpoint):
    """Tickets for sockets."""

    permission_classes = (IsAuthenticated,)  # also for a key that may only read: a ticket changes nothing

    @operation("ws_ticket", {200: TicketGiven})
    def post(self, request: Request) -> Response:
        """A ticket. It opens one socket within half a minute, which ends with what the ticket is asked by."""
        ticket = tickets.issue(_grant(request))
        return Response({"ticket": ticket, "expires_in": int(tickets.VALID_FOR.total_seconds())})


def _grant(request: Request) -> Grant:
    user: Any = request.user
    if isinstance(request.auth, ApiKey):
        return Grant(user.pk, api_key=request.auth.pk)
    if isinstance(request.auth, Token):
        return Grant(user.pk, until=bearers.expiry(request.auth), sign=user.get_session_auth_hash())
    return Grant(user.pk, session_key=request._request.session.session_key or "")
