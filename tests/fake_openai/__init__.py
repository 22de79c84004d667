"""A real HTTP server that speaks OpenAI's chat completions, and misbehaves on order.

By hand: ``python -m tests.fake_openai --port 8090``. In tests: the fixture of `fixtures`, or
`process.running` for a process of its own. What it does to a call is an `orders.Order`, which comes from

- the model's name: ``stall-0.5``, ``status-503``, ``limit-2``, ``stall-1+cut-3``; see `orders.WORDS`;
- what was queued for the next calls, or set for all, by code or by ``POST /control``
  ``{"orders": [{"status": 500}], "always": {"stall": 0.1}}``.

``GET /control`` tells what was seen; ``DELETE /control`` forgets it and all orders.
"""
