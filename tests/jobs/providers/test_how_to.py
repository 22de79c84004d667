"""The example in docs/how-to/add-a-provider.md works."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from jobs.errors import NotOffered
from jobs.providers.contract import Provider
from tests.jobs.providers.asking import request, request_for_minutes

GUIDE = Path(__file__).parents[3] / "docs" / "how-to" / "add-a-provider.md"


@pytest.fixture
def shout() -> Provider:
    (example,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    defined: dict[str, Any] = {}
    exec(compile(example, str(GUIDE), "exec"), defined)
    made: Provider = defined["make"]()
    return made


async def test_it_answers_as_the_guide_says(shout):
    heard: list[str] = []
    answer = await shout.ask(request("quietly"), heard.append)
    assert (answer.text, heard, answer.provider) == ("QUIETLY", ["QUIETLY"], "shout")
    assert (await shout.health()).state == "ok"
    assert shout.estimate(request()).cost_usd == 0
    await shout.close()


async def test_it_refuses_as_the_guide_says(shout):
    with pytest.raises(NotOffered, match="no forms"):
        await shout.ask(request_for_minutes())
