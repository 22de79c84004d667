"""POSTs that are done once, however often they are sent: the ``Idempotency-Key`` header.

Source: IETF draft-ietf-httpapi-idempotency-key-header. A key belongs to a person and an address. Its first
request claims it, works, and keeps its answer; the next ones with the same body get that answer again.

Only successes are kept. A refused request did nothing, so it may be tried again with the same key, but not
with another body. A claim whose process died is over after `CLAIM_SECONDS`; whoever comes then takes it on.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.endpoint import Endpoint
from jobs.errors import SubmitError
from jobs.models import IdempotentRequest
from jobs.uploads import fingerprint as fingerprint_of_file

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")
KEPT = timedelta(hours=24)
CLAIM_SECONDS = 60
"""How long a request may work on its answer before it counts as dead."""

Handler = Callable[..., Response]
Find = Callable[[IdempotentRequest], Response | None]


class BadKey(SubmitError):
    """An Idempotency-Key has 1 to 255 visible ASCII characters; a UUID is a good one."""

    code = "bad_idempotency_key"


class KeyReused(SubmitError):
    """This Idempotency-Key was used for another request. Use a new key for a new request."""

    code = "idempotency_key_reused"
    status = 422


class InFlight(SubmitError):
    """The first request with this Idempotency-Key is still being worked on. Ask again in a moment."""

    code = "request_in_flight"
    status = 409


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a keyed request, until ``CLAIM_SECONDS`` after it was taken."""

    row: IdempotentRequest
    is_first: bool

    def keep(self, answer: Response) -> bool:
        """Keeps the answer for those who ask again; False when the claim is another's by now."""
        return bool(self._mine().update(status=answer.status_code, answer=json.dumps(answer.data)))

    def let_go(self) -> None:
        """Lets the next one try at once."""
        self._mine().filter(status=None).update(claimed_at=timezone.now() - timedelta(days=1))

    def _mine(self) -> Any:
        return IdempotentRequest.objects.filter(pk=self.row.pk, claimed_at=self.row.claimed_at)


def once(handler: Handler) -> Handler:
    """For a handler whose work is one transaction: it and the keeping of its answer become one.

    So there is no point at which a crash leaves one without the other.
    """

    @wraps(handler)
    def answer(view: Endpoint, request: Request, *args: Any, **kwargs: Any) -> Response:
        def work(claim: Claim) -> Response:
            with transaction.atomic():
                made = handler(view, request, *args, **kwargs)
                if not claim.keep(made):
                    raise InFlight(retry_after=1)
            return made

        return _keyed(view, request, work) or handler(view, request, *args, **kwargs)

    return answer


def once_found_by(find: Find) -> Callable[[Handler], Handler]:
    """For a handler that must not hold a transaction all the while.

    When its process dies between the work and the keeping of the answer, the next one looks for the work.
    When it was only slow, and ends after the next one, the id that both give what they make is taken: the
    database refuses it, and the answer is that of the work which is there.

    Args:
        find: gives the answer that the work of an earlier try would have had, or None when it was not
            done. Its argument tells whose try, and the id that the work was to have.
    """

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def answer(view: Endpoint, request: Request, *args: Any, **kwargs: Any) -> Response:
            def work(claim: Claim) -> Response:
                made = None if claim.is_first else find(claim.row)
                try:
                    made = made or handler(view, request, *args, **kwargs)
                except IntegrityError:
                    made = find(claim.row)
                    if made is None:
                        raise
                claim.keep(made)
                return made

            return _keyed(view, request, work) or handler(view, request, *args, **kwargs)

        return answer

    return decorate


def nothing(row: IdempotentRequest) -> None:
    """For work that may be done again, because it leaves nothing behind that would be there twice."""


def _keyed(view: Endpoint, request: Request, work: Callable[[Claim], Response]) -> Response | None:
    """The answer of a request with a key; None for one without."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not KEY.fullmatch(key):
        raise BadKey
    claimed = _claim(request, key, view.trace_id)
    if isinstance(claimed, Response):
        return claimed
    view.trace_id, view.work = claimed.row.trace_id, claimed.row.work
    made = None
    try:
        made = work(claimed)
    finally:
        if made is None:
            claimed.let_go()
    return made


def _claim(request: Request, key: str, trace_id: str) -> Claim | Response:
    """The right to work on the request, or the answer that it got before. Drops the person's old keys."""
    owner_id: Any = request.user.pk
    fingerprint, now = _fingerprint(request), timezone.now()
    with transaction.atomic():
        IdempotentRequest.objects.filter(user_id=owner_id, created_at__lt=now - KEPT).delete()
        row, is_first = IdempotentRequest.objects.select_for_update().get_or_create(
            user_id=owner_id,
            path=request.path,
            key=key,
            defaults={"fingerprint": fingerprint, "trace_id": trace_id, "claimed_at": now},
        )
        if row.fingerprint != fingerprint:
            raise KeyReused
        if row.status is not None:
            return _replay(row)
        if not is_first:
            _take_on(row, now)
    return Claim(row, is_first)


def _take_on(row: IdempotentRequest, now: Any) -> None:
    left = (row.claimed_at - now).total_seconds() + CLAIM_SECONDS
    if left > 0:
        raise InFlight(retry_after=min(left, 1.0))
    row.claimed_at = now
    row.save(update_fields=["claimed_at"])


def _replay(row: IdempotentRequest) -> Response:
    return Response(json.loads(row.answer), row.status, headers={REPLAYED: "true"})


def _fingerprint(request: Request) -> str:
    """SHA-256 of what was posted; of a form, not of the boundaries that differ each time it is sent."""
    digest = hashlib.sha256()
    data: Any = request.data
    files = dict(request.FILES.items())
    for name, file in sorted(files.items()):
        digest.update(f"{name} {file.name} {fingerprint_of_file(file)}\n".encode())
    fields = {name: data[name] for name in data if name not in files} if files else data
    digest.update(json.dumps(fields, sort_keys=True).encode())
    return digest.hexdigest()
