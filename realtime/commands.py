"""Commands: what a client may have done over its socket. Each is done once, however often it is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from realtime import identity
from realtime.identity import Credentials
from realtime.models import AnsweredCommand
from realtime.protocol import Command, Done, NotDone, Problem
from realtime.reading import require

Handler = Callable[[AbstractBaseUser, Mapping[str, Any]], dict[str, Any]]
"""Carries a command out for a person, inside a transaction; gives the reply's data or raises `Refused`."""

_handlers: dict[str, Handler] = {}


class Refused(Exception):
    """The command cannot be carried out.

    Args:
        code: the reason in one word, for programs.
        message: the reason in a sentence that a person understands.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def register(name: str, handler: Handler) -> None:
    """Has ``handler`` carry out the commands called ``name``."""
    _handlers[name] = handler


def answer(credentials: Credentials, command: Command) -> str:
    """The reply's frame for whoever shows these credentials. Raises `Refusal` when they are no good."""
    user = identity.who(credentials, "write")
    if user is not None:
        return carry_out(user, command)
    require(credentials)
    problem = Problem(code="read_only", message="This key may read, but not change anything.")
    return NotDone(id=command.id, error=problem).encode()


def outcome(reply: str) -> str:
    """What came of a command, by its reply's frame: ok, or the code of the refusal."""
    told = json.loads(reply)
    return "ok" if told["ok"] else str(told["error"]["code"])


def carry_out(user: AbstractBaseUser, command: Command) -> str:
    """Carries the command out, or finds what it was answered before, and gives the reply's frame.

    The reply and the command's effects are one transaction: after a crash there are both or neither.
    What a handler did before it refused is undone.
    """
    with transaction.atomic():
        row, fresh = AnsweredCommand.objects.select_for_update().get_or_create(
            person=str(user.pk), command=command.id, defaults={"name": command.name}
        )
        if fresh:
            row.reply = _reply(user, command)
            row.save(update_fields=["reply"])
        return row.reply


def _reply(user: AbstractBaseUser, command: Command) -> str:
    try:
        with transaction.atomic():
            return Done(id=command.id, data=_handler(command.name)(user, command.data)).encode()
    except Refused as refused:
        problem = Problem(code=refused.code, message=refused.message)
        return NotDone(id=command.id, error=problem).encode()


def _handler(name: str) -> Handler:
    if name not in _handlers:
        raise Refused(
            "unknown_command", f"There is no command {name}. Known: {', '.join(sorted(_handlers))}."
        )
    return _handlers[name]


def forget(before: datetime) -> int:
    """Deletes the answers given before that moment, and says how many. Their ids may be used again."""
    return AnsweredCommand.objects.filter(at__lt=before).delete()[0]
