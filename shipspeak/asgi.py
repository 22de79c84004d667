"""The ASGI application: pages and API by Django, `/ws/` by `realtime`."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shipspeak.settings")

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application
from django.db import connections

django = get_asgi_application()
# Each request has a thread of its own here. A connection kept by a thread that is gone serves nobody: with
# 60 clients PostgreSQL refused 4 requests of 10, having no connection left.
connections.settings["default"]["CONN_MAX_AGE"] = 0

from realtime.routing import websocket  # noqa: E402 - its models need the apps, which Django has loaded now

application = ProtocolTypeRouter({"http": django, "websocket": websocket})
