"""Which way a person is told of what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.contrib.auth.models import AbstractUser

from notifications.models import Choice
from notifications.topics import TOPICS, default
from notifications.transports import transports
from notifications.transports.contract import Transport

Choices = Mapping[tuple[str, str], bool]
"""What a person chose: by (event, transport), whether it is on."""


class UnknownChoice(ValueError):
    """There is nothing to choose: the event or the transport is unknown, or it cannot be turned off.

    Args:
        field: what is wrong, "event" or "transport".
        message: why, and what is allowed.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Switch:
    """One thing to choose, as people see it."""

    transport: Transport
    on: bool
    obstacle: str | None

    @property
    def fixed(self) -> bool:
        """Whether it cannot be turned off."""
        return not self.transport.optional


def transports_for(event: str, choices: Choices, available: Iterable[Transport]) -> list[Transport]:
    """The ``available`` transports over which a person with these ``choices`` is told of ``event``.

    Pure: the same arguments give the same answer.
    """
    return [each for each in available if not each.optional or is_on(event, each.name, choices)]


def is_on(event: str, transport: str, choices: Choices) -> bool:
    """Whether an optional transport is on: the choice, and where there is none, the default."""
    return choices.get((event, transport), default(event, transport))


def choices_of(user_ids: Collection[int]) -> Mapping[int, Choices]:
    """What these persons chose; one query for all. Who chose nothing has an empty entry."""
    found: defaultdict[int, dict[tuple[str, str], bool]] = defaultdict(dict)
    for row in Choice.objects.filter(user_id__in=user_ids):
        found[row.user_id][row.event, row.transport] = row.on
    return found


def choose(user: AbstractUser, event: str, transport: str, *, on: bool) -> None:
    """Keeps that the person wants, or does not want, to be told of ``event`` over ``transport``.

    Raises:
        UnknownChoice: there is no such choice.
    """
    optional = [each.name for each in transports().values() if each.optional]
    if event not in TOPICS:
        raise UnknownChoice("event", f"There is no event {event!r}. Known: {', '.join(TOPICS)}.")
    if transport not in optional:
        message = f"There is no transport {transport!r} to choose. There is: {', '.join(optional)}."
        raise UnknownChoice("transport", message)
    Choice.objects.update_or_create(user_id=user.pk, event=event, transport=transport, defaults={"on": on})


def switches(user: AbstractUser) -> dict[str, list[Switch]]:
    """All that the person can choose: by event, a switch for each transport."""
    choices = choices_of([user.pk])[user.pk]
    obstacles = {name: each.reachable(user) for name, each in transports().items()}
    return {
        event: [
            Switch(each, not each.optional or is_on(event, name, choices), obstacles[name])
            for name, each in transports().items()
        ]
        for event in TOPICS
    }
