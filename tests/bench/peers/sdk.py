"""The peer of provider calls: the bare SDK, all calls at once on one event loop, nothing stored.

Run as ``python -m tests.bench.peers.sdk COUNT IN_FLIGHT``; reads ``OPENAI_*`` and prints JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time

from openai import AsyncOpenAI


async def call(client: AsyncOpenAI, slots: asyncio.Semaphore, number: int) -> str:
    """One streamed answer."""
    async with slots:
        stream = await client.chat.completions.create(
            model=os.environ["OPENAI_MODEL"],
            messages=[{"role": "user", "content": f"call {number}"}],
            stream=True,
        )
        pieces = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
        return "".join(pieces)


async def main(count: int, in_flight: int) -> None:
    """Calls a second, from the first request to the last answer; a first call warms everything up."""
    async with AsyncOpenAI(max_retries=0) as client:
        slots = asyncio.Semaphore(in_flight)
        await call(client, slots, -1)
        began = time.perf_counter()
        await asyncio.gather(*(call(client, slots, number) for number in range(count)))
        print(json.dumps({"per_second": count / (time.perf_counter() - began)}))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
