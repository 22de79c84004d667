"""Settings of the processes that tests start: the product's own, and the kinds made for testing."""

from shipspeak.settings import *  # noqa: F403
from shipspeak.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.kinds"]
