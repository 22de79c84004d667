"""Random tokens, and the digests by which they are found again."""

from __future__ import annotations

import hashlib
import secrets


def new_token() -> str:
    """256 random bits, safe in an address and in a header."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """The SHA-256 of ``token`` in hexadecimal: all that is stored of it."""
    return hashlib.sha256(token.encode()).hexdigest()
