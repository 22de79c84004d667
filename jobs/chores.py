"""What a drain does beside its steps: a chore that fails must not end the drain, nor harm what runs in it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError

logger = logging.getLogger(__name__)

UNREACHABLE = (OperationalError, InterfaceError)
"""What a database raises that is locked, restarting or gone, and not at odds with what is written."""


@contextmanager
def chore(what: str) -> Iterator[None]:
    """Logs what goes wrong inside, and goes on; it is due again in its time.

    A database that does not answer is no chore's own trouble: that is raised, and all begin anew with it.

    Args:
        what: the chore, as the log calls it.
    """
    try:
        yield
    except UNREACHABLE:
        raise
    except Exception:
        logger.exception("%s failed; the drain goes on", what)
