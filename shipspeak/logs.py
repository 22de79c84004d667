"""Log lines: one event a line, as ``key=value`` pairs that people and machines can read (logfmt)."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

AUDIT_BYTES, AUDIT_FILES = 10_000_000, 5
STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class Logfmt(logging.Formatter):
    """A record as ``at=… level=… from=… message=…``, then its ``extra`` fields, then its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        fields: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "message": record.getMessage(),
        }
        fields |= {name: value for name, value in record.__dict__.items() if name not in STANDARD}
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        return " ".join(f"{name}={_quoted(value)}" for name, value in fields.items())


def logging_settings(*, debug: bool, data_dir: Path) -> dict[str, Any]:
    """Django's LOGGING: everything to standard error, quiet unless something is amiss; and who connected to
    ``audit.log`` in the data directory, which only the web process writes.

    Django tells of every 404 and of every wrong Host header as if it were trouble of ours; it is not.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"logfmt": {"()": "shipspeak.logs.Logfmt"}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "logfmt"},
            "audit": {
                "class": "logging.handlers.RotatingFileHandler",
                "formatter": "logfmt",
                "filename": data_dir / "audit.log",
                "maxBytes": AUDIT_BYTES,
                "backupCount": AUDIT_FILES - 1,
                "encoding": "utf-8",
                "delay": True,
            },
        },
        "root": {"handlers": ["stderr"], "level": "INFO" if debug else "WARNING"},
        "loggers": {
            "django": {"handlers": [], "level": "INFO" if debug else "WARNING", "propagate": True},
            "django.request": {"level": "ERROR"},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "django.server": {"handlers": [], "propagate": True},
            "realtime.audit": {"handlers": ["audit"], "level": "INFO", "propagate": False},
        },
    }


def _quoted(value: Any) -> str:
    """``value`` bare if it is one plain word, else in quotes with line breaks escaped."""
    text = str(value)
    plain = text and not any(character.isspace() or character in '"=' for character in text)
    return text if plain and text.isprintable() else json.dumps(text, ensure_ascii=False)
