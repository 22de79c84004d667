"""The doorbell: rings are heard, and nothing about a listener can hurt who rings."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from realtime import checks, doorbell, hints
from realtime.doorbell import Listener
from realtime.hints import Moved, Signal, SignedOut

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _own_directory(settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def test_it_rings_at_everybody_in_the_room() -> None:
    with Listener("web") as one, Listener("web") as other, Listener("worker") as elsewhere:
        doorbell.ring("web", b"hello")
        doorbell.ring("web")
        assert one.receive_all() == [b"hello", b""]
        assert other.receive_all() == [b"hello", b""]
        assert elsewhere.receive_all() == []


def test_it_rings_where_nobody_listens() -> None:
    doorbell.ring("nowhere", b"hello")


def test_it_wakes_a_listener_of_another_process(settings) -> None:
    code = (
        "import sys; from django.conf import settings; settings.configure(DATA_DIR=sys.argv[1]);"
        "from realtime import doorbell; doorbell.ring('web', b'from afar')"
    )
    with Listener("web") as listener:
        command = [sys.executable, "-c", code, str(settings.DATA_DIR)]
        subprocess.run(command, check=True, env={"PATH": os.environ["PATH"]}, cwd=ROOT)
        assert listener.wait(5) == [b"from afar"]


def test_it_removes_the_socket_of_a_listener_that_died() -> None:
    listener = Listener("web")
    listener._socket.close()  # as the kernel does when a process is killed
    assert os.path.exists(listener._path)
    doorbell.ring("web", b"hello")
    assert not os.path.exists(listener._path)


def test_it_loses_rings_rather_than_wait_for_a_listener_that_does_not_listen() -> None:
    with Listener("web") as listener:
        for _ in range(doorbell.capacity() + 100):
            doorbell.ring("web", b"hello")
        assert len(listener.receive_all()) >= doorbell.capacity()


def test_it_survives_a_message_that_is_too_long() -> None:
    with Listener("web") as listener:
        doorbell.ring("web", b"x" * 10_000_000)
        assert listener.receive_all() == []


def test_it_waits_no_longer_than_it_was_told() -> None:
    with Listener("web") as listener:
        assert listener.wait(0.01) == []


def test_it_hears_again_after_its_socket_was_tidied_away() -> None:
    with Listener("web") as listener:
        os.unlink(listener._path)
        assert listener.wait(0.01) == []
        doorbell.ring("web", b"hello")
        assert listener.receive_all() == [b"hello"]


def test_it_leaves_nothing_behind() -> None:
    with Listener("web") as listener:
        path = Path(listener._path)
    assert list(path.parent.iterdir()) == []


def test_it_keeps_its_directory_private() -> None:
    assert stat.S_IMODE(doorbell.directory().stat().st_mode) == 0o700


def test_it_finds_a_short_place_when_the_data_directory_is_too_deep(settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / ("deep" * 30)
    assert len(str(doorbell.directory())) < 60
    with Listener("web") as listener:
        doorbell.ring("web", b"hello")
        assert listener.receive_all() == [b"hello"]
    settings.DATA_DIR = tmp_path / ("other" * 30)
    assert doorbell.directory() != Path(listener._path).parents[1]


def test_it_does_not_use_a_place_that_somebody_else_laid(settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / ("deep" * 30)
    place = doorbell.directory()
    place.rmdir()
    place.symlink_to(tmp_path)
    doorbell._directory.cache_clear()
    with pytest.raises(PermissionError):
        doorbell.directory()
    assert [found.id for found in checks.doorbell_can_be_rung(None)] == ["realtime.E001"]
    doorbell.ring("web", b"hello")  # and still does not raise
    place.unlink()


@pytest.mark.parametrize(
    "hint",
    [
        Moved(("user:1",)),
        Moved(("user:1", "system", "project:7")),
        Moved(),
        Signal("user:1", "user:1 job.progress 1 2", '{"type":"signal"}'),
        SignedOut("abc"),
    ],
)
def test_it_carries_hints(hint: hints.Hint) -> None:
    assert hints.decode(hint.encode()) == hint


@pytest.mark.parametrize("message", [b"", b"X", b"\xff\xfe", b"S\0half", b"O\0too\0many"])
def test_it_takes_what_it_does_not_understand_as_look_at_everything(message: bytes) -> None:
    assert hints.decode(message) == Moved()


def test_it_says_look_at_everything_when_the_names_are_too_many() -> None:
    assert Moved(tuple(f"user:{n}" for n in range(100_000))).encode() == b""


def test_it_checks_that_the_setting_for_tokens_can_be_imported(settings) -> None:
    assert checks.authenticate_can_be_imported(None) == []
    settings.REALTIME_AUTHENTICATE = "nowhere.nothing"
    assert [found.id for found in checks.authenticate_can_be_imported(None)] == ["realtime.E002"]
