"""What browsers are told not to do on our pages: Content-Security-Policy, one for each part of the site."""

from __future__ import annotations

from typing import Any

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

Policy = dict[str, Any]

PAGES: Policy = {
    "default-src": [SELF],
    "worker-src": [SELF],
    "img-src": [SELF, "data:"],
    "object-src": [NONE],
    "base-uri": [NONE],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
}
"""Our own pages: nothing from elsewhere, nothing inline."""

ADMIN: Policy = PAGES | {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}
"""The admin: unfold's Alpine evaluates expressions and sets styles."""

API_DOCS: Policy = PAGES | {"style-src": [SELF, UNSAFE_INLINE]}
"""The browsable API description: Swagger UI sets styles."""

BY_PREFIX: dict[str, Policy] = {"/admin/": ADMIN, "/api/docs/": API_DOCS}


class PolicyByPath(CSPMiddleware):
    """Sends the policy of the part of the site that the request is for."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        """The view's own policy if it set one, else that of its prefix, else the common one."""
        parts = super().get_policy_parts(request, response, report_only)
        if parts.config is None and not report_only:
            parts.config = _policy(request.path_info)
        return parts


def _policy(path: str) -> Policy:
    prefixes: dict[str, Policy] = settings.CONTENT_SECURITY_POLICY_BY_PREFIX
    common: Policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    return next((policy for prefix, policy in prefixes.items() if path.startswith(prefix)), common)
