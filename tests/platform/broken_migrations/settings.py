"""The product's settings, and an app whose migration can't be run."""

from shipspeak.settings import *  # noqa: F403
from shipspeak.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.platform.broken_migrations"]
