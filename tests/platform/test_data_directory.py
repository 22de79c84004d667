"""The data directory and the key in it."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shipspeak.config import Config
from shipspeak.data_directory import data_directory, secret_key
from shipspeak.environment import ConfigError


def test_it_makes_a_key_that_only_we_can_read_and_keeps_it(tmp_path: Path) -> None:
    config = Config(data_dir=tmp_path / "var")

    made = secret_key(config)

    assert len(made) >= 50
    assert secret_key(config) == made
    assert stat.S_IMODE((tmp_path / "var" / "secret_key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700


def test_it_gives_one_key_to_all_who_start_at_once(tmp_path: Path) -> None:
    config = Config(data_dir=tmp_path)

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: secret_key(config), range(8)))

    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_it_takes_the_key_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("k" * 40 + "\n")

    assert secret_key(Config(data_dir=tmp_path, secret_key_file=file)) == "k" * 40


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "can't be read: No such file"),
        (b"short", "has 5 characters"),
        (b"\xff" * 40, "no plain ASCII text"),
    ],
)
def test_it_refuses_a_file_without_a_key(tmp_path: Path, content: bytes | None, words: str) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(ConfigError, match="SECRET_KEY_FILE leads to") as caught:
        secret_key(Config(data_dir=tmp_path, secret_key_file=file))
    assert words in str(caught.value)


def test_it_refuses_a_data_directory_that_can_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(ConfigError, match="ShipSpeak can't write there: Not a directory"):
        data_directory(Config(data_dir=tmp_path / "file" / "var"))
