"""What the API answers with when a request is refused for what is no error of a job: a table by code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """An error of the API that is none of a job's: its HTTP status, and what it says to people."""

    status: int
    sentence: str


ANSWERS = {
    "authentication_failed": Answer(401, "What was sent to sign in with is wrong, or no longer valid."),
    "bad_request": Answer(400, "The request can't be understood. Send it as the API's description tells."),
    "csrf_failed": Answer(
        403, "This request did not come from a page of this site. Reload the page, then try again."
    ),
    "method_not_allowed": Answer(
        405, "This address does not take this method. The answer's Allow header names those that it takes."
    ),
    "no_such_object": Answer(404, "There is no such thing of yours. It may be another's, or deleted."),
    "not_authenticated": Answer(401, "Sign in, or send an API key as “Authorization: Bearer <key>”."),
    "not_found": Answer(
        404, "There is nothing at this address that you may see. Addresses of the API end with a slash."
    ),
    "parse_error": Answer(400, "The body can't be read. Send JSON, and a file as multipart/form-data."),
    "permission_denied": Answer(403, "You may not do this. Ask an operator if you think that you should."),
    "throttled": Answer(
        429, "That is too many requests at once. Wait as many seconds as the Retry-After header says."
    ),
    "unexpected_error": Answer(
        500,
        "Something went wrong on our side. Try again; if it stays so, tell an operator the X-Request-ID of "
        "this answer.",
    ),
    "unsupported_media_type": Answer(
        415,
        "A body of this type is not taken here. Send application/json, and a file as multipart/form-data.",
    ),
}
"""Those errors, by code. What else the API answers with are errors of `jobs.errors`, and those like them."""
SPECIFIC = frozenset({"authentication_failed", "no_such_object", "parse_error", "permission_denied"})
"""Codes of which whoever raises them may say more than the table."""
