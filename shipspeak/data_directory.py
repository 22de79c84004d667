"""The data directory, and the key that signs sessions and queued work, which is kept there."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from shipspeak.config import Config
from shipspeak.environment import ConfigError

SHORTEST_KEY = 32


def data_directory(config: Config) -> Path:
    """The data directory as an absolute path; made when it is not there."""
    path = config.data_dir.expanduser().absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(_not_writable(path, error)) from None
    return path


def secret_key(config: Config) -> str:
    """The key that ``config`` names; else the one kept in the data directory, made there if need be."""
    if config.secret_key:
        return config.secret_key
    if config.secret_key_file:
        return _read("SECRET_KEY_FILE", config.secret_key_file)
    kept = data_directory(config) / "secret_key"
    if not kept.exists():
        _keep(kept, secrets.token_urlsafe(64))
    return _read("DATA_DIR", kept)


def _read(variable: str, path: Path) -> str:
    try:
        key = path.read_bytes().decode("ascii").strip()
    except OSError as error:
        raise ConfigError(f'{variable} leads to "{path}", which can\'t be read: {error.strerror}.') from None
    except UnicodeDecodeError:
        raise ConfigError(f'{variable} leads to "{path}", but that file holds no plain ASCII text.') from None
    if len(key) < SHORTEST_KEY:
        raise ConfigError(
            f'{variable} leads to "{path}", but the key there has {len(key)} characters; '
            f"it must be at least {SHORTEST_KEY} characters long."
        )
    return key


def _keep(path: Path, key: str) -> None:
    """Writes ``key`` such that only we can read it. Of several that start at once, the first one's stays."""
    try:
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f"{path.name}.") as draft:
            draft.write(key)
            draft.flush()
            os.link(draft.name, path)
    except FileExistsError:
        return
    except OSError as error:
        raise ConfigError(_not_writable(path.parent, error)) from None


def _not_writable(path: Path, error: OSError) -> str:
    return (
        f'DATA_DIR is "{path}", but ShipSpeak can\'t write there: {error.strerror}. '
        "Make it writable, or set DATA_DIR to a folder that is."
    )
