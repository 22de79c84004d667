"""What an API key may be used for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from shipspeak.accounts.models import ApiKey
from shipspeak.accounts.models.api_key import Scope

if TYPE_CHECKING:
    from rest_framework.views import APIView


class KeyHasScope(BasePermission):
    """A key needs the scope "read" to look and "write" to change. Sessions have both."""

    message = "This API key is not made for that: reading needs the scope read, changing needs write."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the request's key, if it came with one, covers its method."""
        if not isinstance(request.auth, ApiKey):
            return True
        needed = Scope.READ if request.method in SAFE_METHODS else Scope.WRITE
        return needed in request.auth.scope_list
