"""The providers that are in use, in the order in which they are asked.

A provider is a folder here whose package has a function ``make() -> Provider``; its name is the folder's.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from threading import Lock

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

import jobs.providers
from jobs.providers.contract import Provider

_lock = Lock()
_chain: tuple[Provider, ...] = ()


def providers() -> tuple[Provider, ...]:
    """The chain of ``SHIPSPEAK_PROVIDERS``, first to be asked first; at least one.

    Made once a process. The first call imports what the providers stand on, which takes a second or so.
    Raises ImproperlyConfigured when a name is not one of `known`, comes twice, or there is none.
    """
    global _chain
    with _lock:
        if not _chain:
            _chain = tuple(_make(name) for name in _names())
        return _chain


def provider(name: str) -> Provider:
    """The provider in use that is called ``name``; KeyError when none is."""
    return {one.name: one for one in providers()}[name]


def known() -> tuple[str, ...]:
    """Names of all the providers there are, in use or not."""
    found = pkgutil.iter_modules(jobs.providers.__path__)
    return tuple(sorted(module.name for module in found if module.ispkg))


async def close() -> None:
    """Closes what the providers hold open on the running event loop. They may be asked again after it."""
    for one in _chain:
        await one.close()


def _names() -> list[str]:
    given: str = getattr(settings, "SHIPSPEAK_PROVIDERS", "local")
    names = [name.strip() for name in given.split(",") if name.strip()]
    if not names or len(set(names)) < len(names) or not set(names) <= set(known()):
        allowed = ", ".join(known())
        raise ImproperlyConfigured(
            f"SHIPSPEAK_PROVIDERS is {given!r}, but it must be a comma-separated list of one or more of "
            f"{allowed}, each once."
        )
    return names


def _make(name: str) -> Provider:
    made: Provider = import_module(f"{jobs.providers.__name__}.{name}").make()
    return made


def _forget(**_: object) -> None:
    """Makes the chain anew when a test changes a setting."""
    global _chain
    _chain = ()


setting_changed.connect(_forget)
