"""What `doctor` looks at besides the parts that `/readyz` tells of: mail and the AI providers."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Iterator
from contextlib import closing

from django.conf import settings
from django.core.checks import CheckMessage, run_checks
from django.core.mail import get_connection

from jobs.providers import chain
from jobs.providers.contract import Health, Provider
from shipspeak import parts
from shipspeak.mail import CONSOLE
from shipspeak.parts import Part, State

PROVIDER_SECONDS = 15.0


def everything() -> Iterator[Part]:
    """Looks at one part after the other."""
    yield from configuration()
    for look in parts.READINESS:
        yield look()
    yield mail()
    yield from providers()


def configuration() -> list[Part]:
    """Whether the settings make sense together; one that is wrong by itself stops every start."""
    found = [_setting(message) for message in run_checks() if not message.is_silenced()]
    return found or [Part("settings", "ok", "make sense together")]


def mail() -> Part:
    """Whether the mail server takes us in. Sends nothing."""
    if settings.EMAIL_BACKEND == CONSOLE:
        return Part("mail", "ok", "written to the log, as EMAIL_URL is not set")
    try:
        with closing(get_connection()) as connection:
            connection.open()
    except (OSError, smtplib.SMTPException) as error:
        return Part("mail", "down", f"the server does not take us in ({error})", "Check EMAIL_URL.")
    return Part("mail", "ok", f"{settings.EMAIL_HOST or settings.EMAIL_BACKEND} takes mail")


def providers() -> list[Part]:
    """How each provider of the chain says it is."""
    return asyncio.run(_providers())


async def _providers() -> list[Part]:
    try:
        return await asyncio.gather(*(_provider(provider) for provider in chain.providers()))
    finally:
        await chain.close()


async def _provider(provider: Provider) -> Part:
    try:
        health = await asyncio.wait_for(provider.health(), PROVIDER_SECONDS)
    except TimeoutError:
        health = Health("down", f"no answer within {PROVIDER_SECONDS:g} s")
    state: State = "ok" if health.state == "ok" else "degraded" if health.state == "degraded" else "down"
    remedy = "" if state == "ok" else "Check OPENAI_API_KEY, OPENAI_BASE_URL and the network."
    return Part(f"provider:{provider.name}", state, health.detail or "answers", remedy, health.latency_ms)


def _setting(message: CheckMessage) -> Part:
    state: State = "down" if message.is_serious() else "degraded"
    return Part("settings", state, message.msg, message.hint or "")
