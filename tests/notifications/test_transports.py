from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
from django.core.exceptions import ImproperlyConfigured

import notifications.transports as package
from notifications.transports import transports

SOURCE = """
class Pigeon:
    name = "{name}"
    title = "By pigeon"
    optional = True
    immediate = False

TRANSPORT = Pigeon()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new folder among the transports."""
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    pigeon = tmp_path / "pigeon"
    pigeon.mkdir()
    (pigeon / "__init__.py").touch()
    yield pigeon
    for name in ("pigeon", "pigeon.transport"):
        sys.modules.pop(f"notifications.transports.{name}", None)
    vars(package).pop("pigeon", None)


def test_it_finds_the_transports_that_come_with_it() -> None:
    assert list(transports()) == ["in_app", "email"]


def test_it_finds_a_transport_in_a_new_folder(folder: Path) -> None:
    (folder / "transport.py").write_text(SOURCE.format(name="pigeon"))
    assert list(transports.__wrapped__()) == ["in_app", "email", "pigeon"]


def test_it_refuses_a_transport_with_a_name_that_is_not_its_folders(folder: Path) -> None:
    (folder / "transport.py").write_text(SOURCE.format(name="dove"))
    with pytest.raises(ImproperlyConfigured, match="pigeon calls itself dove"):
        transports.__wrapped__()


@pytest.mark.parametrize("transport", transports().values(), ids=lambda each: each.name)
def test_it_has_in_each_transport_all_of_the_contract(transport) -> None:
    assert isinstance(sys.modules[type(transport).__module__], ModuleType)
    assert transport.title
    assert isinstance(transport.optional, bool)
    assert isinstance(transport.immediate, bool)
    assert callable(transport.reachable)
    assert callable(transport.send)
