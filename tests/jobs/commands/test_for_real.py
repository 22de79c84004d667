"""The command beside a running site."""

from __future__ import annotations

import json

import pytest

from tests.processes import manage, up

MEETING = """WEBVTT

00:00:01.000 --> 00:00:04.000
<v Ada>Let us ship the release on Friday. I will write the notes.

00:00:05.000 --> 00:00:08.000
<v Bob>Agreed. Could you also check the numbers, please?
"""


@pytest.mark.processes
def test_it_submits_and_watches_while_the_site_runs():
    with up() as site:
        path = site.data_dir / "meeting.vtt"
        path.write_text(MEETING)
        ended = manage("submit", str(path), "--watch", "--json", data_dir=site.data_dir)
        assert ended.returncode == 0, ended.stderr
        assert [one["name"] for one in json.loads(ended.stdout)["speakers"]] == ["Ada", "Bob"]
        assert "completed" in ended.stderr
        path.write_text("WEBVTT\n")
        refused = manage("submit", str(path), "--watch", data_dir=site.data_dir)
        assert refused.returncode == 2
        assert "Traceback" not in refused.stderr
