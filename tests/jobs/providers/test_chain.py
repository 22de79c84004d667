"""The chain of providers in use."""

from __future__ import annotations

import asyncio

import pytest
from django.core.exceptions import ImproperlyConfigured

from jobs.providers import chain
from jobs.providers.per_loop import PerLoop
from tests.jobs.providers.asking import request


def names() -> list[str]:
    return [one.name for one in chain.providers()]


@pytest.mark.parametrize(
    ("given", "made"),
    [("local", ["local"]), ("openai,local", ["openai", "local"]), (" local , openai ,", ["local", "openai"])],
)
def test_it_holds_the_providers_of_the_setting_in_their_order(settings, given, made):
    settings.SHIPSPEAK_PROVIDERS = given
    assert names() == made


@pytest.mark.parametrize("given", ["", ",", "oracle", "local,local", "../local", "contract"])
def test_it_refuses_a_setting_that_is_no_list_of_providers(settings, given):
    settings.SHIPSPEAK_PROVIDERS = given
    with pytest.raises(ImproperlyConfigured, match="one or more of local, openai, each once"):
        chain.providers()


def test_it_is_made_once(settings):
    settings.SHIPSPEAK_PROVIDERS = "openai,local"
    assert chain.providers() is chain.providers()


def test_it_is_made_anew_when_a_setting_changes(settings):
    settings.SHIPSPEAK_PROVIDERS, settings.OPENAI_MODEL = "openai", "one"
    before = chain.providers()
    settings.OPENAI_MODEL = "other"
    assert chain.providers() is not before


def test_it_finds_a_provider_by_name(settings):
    settings.SHIPSPEAK_PROVIDERS = "local"
    assert chain.provider("local") is chain.providers()[0]
    with pytest.raises(KeyError):
        chain.provider("openai")


def test_every_folder_is_a_provider_of_its_name(settings):
    settings.SHIPSPEAK_PROVIDERS = ",".join(chain.known())
    assert tuple(names()) == chain.known() == ("local", "openai")


async def test_it_can_be_closed_and_used_again(settings):
    settings.SHIPSPEAK_PROVIDERS = "openai,local"
    for _ in range(2):
        assert (await chain.provider("local").ask(request())).text
        await chain.close()


def test_each_loop_has_a_thing_of_its_own():
    things = PerLoop(object)

    async def twice() -> tuple[object, object]:
        return things.get(), things.get()

    one, same = asyncio.run(twice())
    other, _ = asyncio.run(twice())
    assert one is same
    assert one is not other


async def test_a_thing_is_taken_once():
    things = PerLoop(object)
    made = things.get()
    assert things.take() is made
    assert things.take() is None
    assert things.get() is not made
