"""Whatever a client says, the server answers in the protocol and stays up."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from realtime.protocol import MAX_FRAME_BYTES, CloseCode, Refusal, decode

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
types = st.sampled_from(["hello", "subscribe", "unsubscribe", "command", "ack", "ping", "welcome", "", None])
fields = st.sampled_from(["streams", "stream", "since", "seq", "id", "name", "data", "token", "x"])
objects = st.builds(lambda kind, rest: rest | {"type": kind}, types, st.dictionaries(fields, json_values))


def understood_or_refused(text: str) -> None:
    try:
        frame = decode(text)
    except Refusal as refusal:
        refused = refusal
    else:
        assert decode(frame.model_dump_json()) == frame
        return
    assert refused.close in (CloseCode.MALFORMED, CloseCode.TOO_BIG)
    assert 0 < len(refused.message) < 2000


@given(st.text())
def test_it_understands_or_refuses_any_text(text: str) -> None:
    understood_or_refused(text)


@given(objects)
def test_it_understands_or_refuses_any_object(value: object) -> None:
    understood_or_refused(json.dumps(value))


def test_it_refuses_what_is_nested_too_deep() -> None:
    deep = (
        '{"type":"command","id":"' + "0" * 32 + '","name":"x","data":{"a":' + "[" * 5000 + "]" * 5000 + "}}"
    )
    assert len(deep) < MAX_FRAME_BYTES
    understood_or_refused(deep)
