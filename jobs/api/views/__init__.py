"""The views, one subject a file: each reads a request, calls one action and draws the answer."""
