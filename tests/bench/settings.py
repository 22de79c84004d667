"""Settings of the benchmarks: the suite's, with the product's own password hashing and logging left out."""

from __future__ import annotations

import os

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS, Q_CLUSTER

INSTALLED_APPS = [*INSTALLED_APPS, "tests.bench"]
WORKER_POOL_SIZE = int(os.environ.get("WORKER_POOL_SIZE", "3"))
PROCESSING_CONCURRENCY = int(os.environ.get("PROCESSING_CONCURRENCY", "100"))
Q_CLUSTER = {**Q_CLUSTER, "workers": WORKER_POOL_SIZE, "log_level": "ERROR"}
