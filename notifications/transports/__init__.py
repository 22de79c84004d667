"""The transports: each folder here is one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from notifications.transports.contract import Transport


@cache
def transports() -> Mapping[str, Transport]:
    """All transports by name, those that cannot be turned off first.

    Raises:
        ImproperlyConfigured: a folder's transport does not carry the folder's name.
    """
    found = [_load(module.name) for module in iter_modules(__path__) if module.ispkg]
    return {each.name: each for each in sorted(found, key=lambda each: (each.optional, each.name))}


def _load(folder: str) -> Transport:
    transport: Transport = import_module(f"{__name__}.{folder}.transport").TRANSPORT
    if transport.name != folder:
        raise ImproperlyConfigured(f"The transport in the folder {folder} calls itself {transport.name}.")
    return transport
