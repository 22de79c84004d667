"""Settings of the test suite: the product's own, on a data directory of its own."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile

from shipspeak.config import Config

# What a developer's shell has set must change no test; only the database may be chosen. Processes that tests
# and benchmarks start with these settings keep what they were given.
if "pytest" in sys.modules:
    for name in Config.model_fields:
        if name != "database_url":
            os.environ.pop(name.upper(), None)

# One for each process, also for each of pytest-xdist's: the doorbell's rooms are in it.
if "DATA_DIR" not in os.environ:
    os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="shipspeak-tests-")
    atexit.register(shutil.rmtree, os.environ["DATA_DIR"], ignore_errors=True)

from shipspeak.settings import *  # noqa: F403
from shipspeak.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.kinds"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
WHITENOISE_AUTOREFRESH = True
