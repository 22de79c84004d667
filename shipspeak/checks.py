"""Settings that are allowed one by one but unwise together, found before the start."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, register

from shipspeak.config import Config


@register()
def settings_make_sense(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """All of this module's checks, on the settings that are in force."""
    config: Config = settings.CONFIG
    return [*key_is_shared(config), *service_is_reachable(config), *debug_is_private(config)]


def key_is_shared(config: Config) -> list[CheckMessage]:
    """Several machines must sign with one key, so none may make its own."""
    scaled_out = bool(config.redis_url) or config.database_url.startswith("postgres")
    if not scaled_out or config.secret_key or config.secret_key_file:
        return []
    return [
        checks.Warning(
            "SECRET_KEY is not set, so this machine uses one that it made for itself.",
            hint="One machine may do that. Several need the same: set SECRET_KEY or SECRET_KEY_FILE on all.",
            id="shipspeak.W001",
        )
    ]


def service_is_reachable(config: Config) -> list[CheckMessage]:
    """Who asks an AI service needs its key or its address."""
    if "openai" not in config.providers or config.openai_api_key or config.openai_base_url:
        return []
    return [
        checks.Warning(
            "SHIPSPEAK_PROVIDERS names openai, but neither OPENAI_API_KEY nor OPENAI_BASE_URL is set.",
            hint="Set one of them, or take openai out of SHIPSPEAK_PROVIDERS.",
            id="shipspeak.W002",
        )
    ]


def debug_is_private(config: Config) -> list[CheckMessage]:
    """Tracebacks show settings and data, so only this machine may see them."""
    own = set(Config().hosts)
    if not config.debug or own.issuperset(config.hosts):
        return []
    return [
        checks.Warning(
            "DEBUG is on while ALLOWED_HOSTS lets others in, who would see tracebacks.",
            hint="Unset DEBUG, or leave only this machine's own names in ALLOWED_HOSTS.",
            id="shipspeak.W003",
        )
    ]
