"""What `make check` asks Django: migrations in step with models, safe to deploy, a valid API description.

``python -m tests.deployment_check``; in one process, because each start of Django takes seconds here.
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile

DEPLOYED = {
    "DJANGO_SETTINGS_MODULE": "shipspeak.settings",
    "ALLOWED_HOSTS": "shipspeak.example.com",
    "SITE_URL": "https://shipspeak.example.com",
    "BEHIND_TLS_PROXY": "true",
}


def main() -> int:
    """Runs the checks with the settings of a deployment; 1 when one of them finds something."""
    with tempfile.TemporaryDirectory(prefix="shipspeak-check-") as folder:
        os.environ.update(DEPLOYED, DATA_DIR=folder, SECRET_KEY=secrets.token_urlsafe(64))
        import django
        from django.core.management import CommandError, call_command

        django.setup()
        try:
            call_command("makemigrations", check=True, dry_run=True)
            call_command("check", deploy=True, fail_level="WARNING")
            call_command("spectacular", validate=True, fail_on_warn=True, file=os.devnull)
        except CommandError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
