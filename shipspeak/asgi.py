"""The ASGI application: pages and API by Django, `/ws/` by `realtime`."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shipspeak.settings")

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

django = get_asgi_application()

from realtime.routing import websocket  # noqa: E402 - its models need the apps, which Django has loaded now

application = ProtocolTypeRouter({"http": django, "websocket": websocket})
