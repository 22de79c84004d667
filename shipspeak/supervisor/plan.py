"""What `up` was asked for, and the programs that follow from it."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings

from shipspeak.supervisor.child import Child
from shipspeak.supervisor.probe import reachable

LARGEST_FRAME = 128 * 1024
"""Bytes of a WebSocket frame that daphne takes; above the protocol's 64 KB, so that ours can say why not."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run.

    Args:
        host: the address to listen on.
        port: the port to listen on.
        workers: how many worker processes; None for what `WORKER_POOL_SIZE` says.
        web: whether to run the web process.
        working: whether to run the workers.
    """

    host: str
    port: int
    workers: int | None = None
    web: bool = True
    working: bool = True

    @property
    def roles(self) -> list[str]:
        """The parts of ShipSpeak that this `up` runs; no other may run them on the same data directory."""
        return [role for role, wanted in (("web", self.web), ("workers", self.working)) if wanted]

    @property
    def pool_size(self) -> int:
        """How many worker processes to run."""
        return int(self.workers or settings.WORKER_POOL_SIZE)

    @property
    def address(self) -> str:
        """Where a browser on this machine finds the site."""
        host = reachable(self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def site(self) -> str:
        """Where people find the site: where the settings say, else where we, or another `up`, listen."""
        return settings.CONFIG.site_url or (self.address if self.web else settings.SITE_URL)

    def environment(self, given: Mapping[str, str] = os.environ) -> dict[str, str]:
        """The environment of the programs."""
        ours = {
            "DATA_DIR": str(settings.DATA_DIR),
            "SITE_URL": self.site,
            "WORKER_POOL_SIZE": str(self.pool_size),
        }
        if not given.get("ALLOWED_HOSTS") and self.host not in ("0.0.0.0", "::"):  # noqa: S104
            ours["ALLOWED_HOSTS"] = ",".join(dict.fromkeys([*settings.CONFIG.hosts, _host_header(self.host)]))
        return {**given, **ours}

    def web_child(self, listening: socket.socket) -> Child:
        """The web process, on a socket that listens already."""
        descriptor = listening.fileno()
        return self._child(
            "web process", ["daphne", "--fd", str(descriptor), *_daphne_options()], [descriptor]
        )

    def workers_child(self) -> Child:
        """The workers: django-q2's cluster."""
        return replace(self._child("workers", ["qcluster"], []), is_plural=True)

    def _child(self, name: str, program: list[str], descriptors: list[int]) -> Child:
        return Child(name, program, Path(settings.BASE_DIR), self.environment(), descriptors)


def _daphne_options() -> list[str]:
    sizes = [f"--websocket-max-{what}-size={LARGEST_FRAME}" for what in ("message", "frame")]
    proxy = ["--proxy-headers"] if settings.CONFIG.behind_tls_proxy else []
    return ["-v", "0", "--no-server-name", *sizes, *proxy, "shipspeak.asgi:application"]


def _host_header(host: str) -> str:
    return f"[{host}]" if ":" in host else host
