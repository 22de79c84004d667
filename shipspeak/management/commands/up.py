"""Starts ShipSpeak: `manage.py up`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections

from jobs.wording import workforce
from shipspeak import site_address
from shipspeak.supervisor import first_start, preflight
from shipspeak.supervisor.console import Voice
from shipspeak.supervisor.plan import Plan
from shipspeak.supervisor.preflight import CannotStart
from shipspeak.supervisor.supervisor import Supervisor

LARGEST_PORT = 65_535


class Command(BaseCommand):
    """`manage.py up [--host] [--port] [--workers N] [--no-web] [--no-workers]`."""

    help = "Starts the web process and the workers, keeps them alive, and stops them on Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
        parser.add_argument("--port", type=int, default=8000, help="the port to listen on")
        parser.add_argument("--workers", type=int, help="how many worker processes; else WORKER_POOL_SIZE")
        parser.add_argument("--no-web", action="store_true", help="the workers only")
        parser.add_argument("--no-workers", action="store_true", help="the web process only")

    def handle(self, *args: Any, **options: Any) -> None:
        """Runs until it is told to stop. Exits with 1 and a sentence when it can't start."""
        voice = Voice()
        plan = Plan(
            host=options["host"],
            port=options["port"],
            workers=options["workers"],
            web=not options["no_web"],
            working=not options["no_workers"],
        )
        try:
            status = _up(plan, voice)
        except CannotStart as error:
            voice.failure(str(error))
            status = 1
        except KeyboardInterrupt:  # before there was anything to stop
            status = 130
        sys.exit(status)


def _up(plan: Plan, voice: Voice) -> int:
    _require_sense(plan)
    run = Path(settings.DATA_DIR) / "run"
    for role in plan.roles:
        preflight.lock(run, role)
    listening = preflight.listen(plan.host, plan.port) if plan.web else None
    preflight.require_writable_database()
    preflight.migrate(Path(settings.BASE_DIR))
    voice.done("database ready", str(settings.DATABASES["default"]["NAME"]))
    preflight.despite_a_break(lambda: _greet_administrator(plan, voice))
    connections.close_all()
    children = [plan.web_child(listening)] if listening else []
    if plan.working:
        children.append(plan.workers_child())
    supervisor = Supervisor(
        children, run=run, voice=voice, listening=listening, announce=lambda: _announce(plan, voice)
    )
    status = _run(supervisor, plan)
    voice.say("Stopped.")
    return status


def _run(supervisor: Supervisor, plan: Plan) -> int:
    """Runs it; meanwhile other commands know where the site is."""
    data_dir = Path(settings.DATA_DIR)
    if plan.web:
        site_address.keep(data_dir, plan.address)
    try:
        return supervisor.run()
    finally:
        site_address.forget(data_dir)


def _require_sense(plan: Plan) -> None:
    if not plan.roles:
        raise CannotStart("With --no-web and --no-workers there is nothing to start. Leave one of them out.")
    if not 1 <= plan.port <= LARGEST_PORT:
        raise CannotStart(f"--port is {plan.port}, but it must be a whole number from 1 to {LARGEST_PORT}.")
    if plan.workers is not None and not 1 <= plan.workers <= 64:
        raise CannotStart(f"--workers is {plan.workers}, but it must be a whole number from 1 to 64.")


def _greet_administrator(plan: Plan, voice: Voice) -> None:
    made = first_start.first_administrator(os.environ)
    if made is None:
        unused = first_start.unused_administrator()
        if unused:
            voice.say(
                f"Nobody has signed in yet. `manage.py sign_in_link {unused}` makes a new sign-in link."
            )
        return
    voice.done("administrator", made.username)
    if made.link:
        voice.link("Sign in once, within 24 hours, with this link:", plan.site + made.link)


def _announce(plan: Plan, voice: Voice) -> None:
    if plan.working:
        voice.done("workers", workforce(plan.pool_size - 1, 1))
    if plan.web:
        voice.done("web", plan.address)
    voice.say("Press Ctrl-C to stop.")
