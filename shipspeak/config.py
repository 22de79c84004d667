"""Every setting of ShipSpeak, read from the environment in one typed place."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, NoReturn, Self

import environ
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from shipspeak.environment import ConfigError, given, real, secret, sentences, switch, text, whole

DATABASES = ("sqlite", "postgres", "postgresql")
MAILERS = ("smtp", "smtps", "smtp+tls", "smtp+ssl", "consolemail", "filemail", "dummymail")
OWN_NAMES = ("localhost", ".localhost", "127.0.0.1", "[::1]")
HOST = re.compile(r"\*|\.?[\w-]+(\.[\w-]+)*|\[[0-9a-fA-F:.]+\]")
ORIGIN = re.compile(r"https?://([\w.-]+|\[[0-9a-fA-F:.]+\])(:\d{1,5})?")
PROVIDER = re.compile(r"[a-z][a-z0-9_]*")


def _listed(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(word.strip() for word in value.split(",") if word.strip())


def _prices(value: object) -> object:
    if not isinstance(value, str):
        return value
    found = {}
    for part in value.split(","):
        model, _, prices = part.strip().rpartition("=")
        per_in, _, per_out = prices.partition("/")
        found[model.strip()] = (per_in.strip(), per_out.strip())
    return found


Listed = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Price = Annotated[Decimal, Field(ge=0, le=1_000_000)]
Prices = Annotated[dict[Annotated[str, Field(min_length=1)], tuple[Price, Price]], BeforeValidator(_prices)]
Money = Annotated[Decimal | None, Field(ge=0, le=1_000_000)]
"""USD."""


class Config(BaseModel):
    """The settings, by the names that the environment uses, in lower case."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path = text(
        Path("var"),
        "Where the SQLite database, the uploads and what ShipSpeak makes for itself are kept.",
        "a path of a folder that may be made and written",
        shown="`./var`",
    )
    database_url: str = text(
        "",
        "The database. Without it, SQLite in `DATA_DIR`.",
        "like postgres://user:password@host:5432/name or sqlite:////path/to/file",
        shown="SQLite in `DATA_DIR`",
    )
    redis_url: str = text(
        "",
        "Redis, for several web hosts. Without it, one machine needs none.",
        "like redis://host:6379/0 or rediss://host:6379/0",
        pattern=r"^(redis|rediss|unix)://\S+$",
    )
    secret_key: str = secret(
        "Signs sessions and queued work; the same on all machines. Kept in `DATA_DIR` if made by itself.",
        at_least=32,
        shown="made at the first start",
    )
    secret_key_file: Path | None = text(
        None,
        "A file that holds the `SECRET_KEY`, instead of the variable.",
        "a path of a file with at least 32 characters in it",
    )
    debug: bool = switch("Shows tracebacks in the browser and re-reads templates. Never on a public address.")
    allowed_hosts: Listed = text(
        (),
        "The names under which browsers may reach this site.",
        "a comma-separated list of host names, like shipspeak.example.com,127.0.0.1",
        shown="this machine's own names",
    )
    site_url: str = text(
        "",
        "The address of this site, for the links in mail.",
        "like https://shipspeak.example.com",
        shown="where `up` listens",
        pattern=r"^https?://[^\s/]+$",
    )
    behind_tls_proxy: bool = switch(
        "Whether a proxy in front speaks TLS and sets `X-Forwarded-Proto` and `X-Forwarded-For` itself. "
        "Then cookies are for TLS only and plain addresses lead to TLS ones.",
    )
    metrics_token: str = secret("Opens `/metrics` to other hosts, as `Authorization: Bearer`.", at_least=16)

    openai_api_key: str = secret("The key of the AI service.")
    openai_base_url: str = text(
        "",
        "Any server that speaks OpenAI's protocol, such as vLLM, Ollama or LM Studio. Several that serve the "
        "same model share the load.",
        "like http://localhost:11434/v1, or several of them with commas between",
        pattern=r"^https?://[^\s,]+(\s*,\s*https?://[^\s,]+)*$",
    )
    openai_model: str = text("gpt-5-mini", "The model to ask there.", "the name of a model")
    openai_embedding_model: str = text(
        "text-embedding-3-small", "The model for embeddings there.", "the name of a model"
    )
    model_prices: Prices = text(
        {},
        "Prices that come before the list that ShipSpeak brings: USD for a million tokens in and out. Zero "
        "is for what costs nothing. Budgets need to know the price.",
        "like my-model=0.15/0.60,llama3=0/0",
        shown="the list's",
    )
    budget_usd_per_user_per_day: Money = text(
        None,
        "What one person may spend in a day (of UTC). A tier may say otherwise.",
        "an amount in USD from 0 to 1000000, like 2.50",
        shown="no limit",
    )
    budget_usd_per_day: Money = text(
        None,
        "What all people together may spend in a day.",
        "an amount in USD from 0 to 1000000, like 50",
        shown="no limit",
    )
    shipspeak_providers: Listed = text(
        (),
        "Who answers AI requests, in the order in which they are tried.",
        "a comma-separated list of providers, like openai,local",
        shown="`openai,local` with a key or base URL, else `local`",
    )

    processing_max_retries: int = whole(
        3, "How often a step is tried again with one provider.", "times", 0, 20
    )
    processing_timeout: float = real(
        60, "How long a step may take that sets no limit itself.", "seconds", 0.1, 3600
    )
    processing_concurrency: int = whole(
        64, "How many steps a worker process has in flight.", "steps", 1, 1000
    )
    processing_retry_base: float = real(2, "The first wait before a step is tried again.", "seconds", 0, 300)
    queue_max_size: int = whole(10_000, "How many jobs may wait in all.", "jobs", 1, 10_000_000)
    queue_max_per_user: int = whole(1_000, "How many jobs of one person may wait.", "jobs", 1, 10_000_000)
    worker_pool_size: int = whole(
        3,
        "How many worker processes a machine runs. One is kept free for housekeeping; the others run steps.",
        "processes",
        2,
        64,
    )
    worker_heartbeat_interval: float = real(10, "How often a worker says that it lives.", "seconds", 0.1, 300)
    lease_seconds: float = real(
        30,
        "How long a silent worker keeps its steps. At least twice the heartbeat's interval.",
        "seconds",
        0.5,
        3600,
    )

    websocket_ping_interval: float = real(25, "How often a client pings its socket.", "seconds", 0.1, 300)
    websocket_connection_timeout: float = real(
        30, "How long a socket may be silent after a ping was due.", "seconds", 0.1, 300
    )
    websocket_max_connections: int = whole(
        5_000, "How many sockets a web process serves.", "sockets", 1, 100_000
    )
    websocket_max_per_user: int = whole(
        20, "How many sockets one person may have open.", "sockets", 1, 10_000
    )
    websocket_cors_origins: Listed = text(
        (),
        "Other sites whose pages may open a socket here.",
        "a comma-separated list of origins, like https://app.example.com",
    )
    api_rate: str = text(
        "6000/min",
        "How many API requests one person may make.",
        "a number per time, like 6000/min (s, min, hour or day)",
        pattern=r"^\d+/(s|sec|m|min|h|hour|d|day)$",
    )
    upload_max_bytes: int = whole(25 * 2**20, "How large an uploaded file may be.", "bytes", 1, 2**31)

    result_retention_days: int = whole(
        0,
        "How long results are kept; 0 is for ever. After it, a job says that its result is gone.",
        "days",
        0,
        36_500,
    )
    upload_retention_days: int = whole(
        90,
        "How long files are kept that people handed in, from when they were last used; 0 is for ever.",
        "days",
        0,
        36_500,
    )
    event_retention_days: int = whole(
        30, "How long events are kept for clients that come back; 0 is for ever.", "days", 0, 36_500
    )
    notification_retention_days: int = whole(
        90, "How long notifications are kept; 0 is for ever.", "days", 0, 36_500
    )
    call_retention_days: int = whole(
        90,
        "How long the ledger of calls to AI services is kept; 0 is for ever. Budgets need a day of it, and "
        "what is told of providers two weeks.",
        "days",
        0,
        36_500,
    )

    email_url: str = text(
        "",
        "The mail server. Without it, mail is written to the log.",
        "like smtp://user:password@host:25, or smtp+tls:// or smtp+ssl://",
    )
    default_from_email: str = text(
        "ShipSpeak <shipspeak@localhost>",
        "The sender of mail.",
        "a mail address, like ShipSpeak <shipspeak@example.com>",
        pattern=r"^[^\n]*[^\s@<>]+@[^\s@<>]+>?$",
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Config:
        """Reads ``environment``. Raises `ConfigError` with a sentence for each wrong setting."""
        values = given(cls, environment)
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise ConfigError(sentences(cls, error, values)) from None

    @property
    def hosts(self) -> list[str]:
        """The names under which browsers may reach this site."""
        return list(self.allowed_hosts or (*OWN_NAMES, socket.gethostname()))

    @property
    def heartbeat(self) -> float:
        """Seconds between two signs of life of a worker: as set, or shorter if the leases are short."""
        if "worker_heartbeat_interval" in self.model_fields_set:
            return self.worker_heartbeat_interval
        return min(self.worker_heartbeat_interval, self.lease_seconds / 3)

    @property
    def providers(self) -> tuple[str, ...]:
        """The providers, in the order in which they are tried."""
        with_service = self.openai_api_key or self.openai_base_url
        return self.shipspeak_providers or (("openai", "local") if with_service else ("local",))

    @field_validator("allowed_hosts", "websocket_cors_origins", "shipspeak_providers")
    @classmethod
    def _each_fits(cls, values: tuple[str, ...], info: Any) -> tuple[str, ...]:
        patterns = {"allowed_hosts": HOST, "websocket_cors_origins": ORIGIN, "shipspeak_providers": PROVIDER}
        if not all(patterns[info.field_name].fullmatch(value) for value in values):
            raise ValueError("one of them does not fit")
        return values

    @field_validator("database_url")
    @classmethod
    def _is_database(cls, url: str) -> str:
        return _address(url, DATABASES, environ.Env.db_url_config)

    @field_validator("email_url")
    @classmethod
    def _is_mailer(cls, url: str) -> str:
        return _address(url, MAILERS, environ.Env.email_url_config)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.secret_key and self.secret_key_file:
            raise ValueError(
                "SECRET_KEY and SECRET_KEY_FILE are both set, but only one of them can be: unset one."
            )
        if self.lease_seconds < 2 * self.heartbeat:
            raise ValueError(
                f"LEASE_SECONDS is {self.lease_seconds:g}, but it must be at least twice "
                f"WORKER_HEARTBEAT_INTERVAL, which is {self.heartbeat:g}."
            )
        return self


def load_or_exit() -> Config:
    """The settings; where one is wrong, says so on standard error and ends the process with status 2."""
    try:
        return Config.from_environment()
    except ConfigError as error:
        exit_with(error)


def exit_with(error: ConfigError) -> NoReturn:
    """Ends the process with status 2 and the sentences of ``error``, without a traceback."""
    sys.stderr.write(f"{error}\n")
    raise SystemExit(2)


def _address(url: str, schemes: tuple[str, ...], parse: Callable[[str], Any]) -> str:
    if url.partition("://")[0] not in schemes:
        raise ValueError("unknown scheme")
    parse(url)
    return url
