"""Makes an API key from the shell."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from shipspeak.accounts import api_keys
from shipspeak.accounts.models import User


class Command(BaseCommand):
    """`manage.py create_api_key USERNAME [--name N] [--scope read,write]`."""

    help = "Makes an API key for a person and prints it, once, alone on its line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="made on the command line", help="what the key is for")
        parser.add_argument(
            "--scope", default="read,write", help="what it may be used for: read, write or both"
        )

    def handle(self, *args: Any, username: str, name: str, scope: str, **options: Any) -> None:
        """The key goes to standard output and nothing else does, so that a script can take it."""
        scopes = [word.strip() for word in scope.split(",") if word.strip()]
        try:
            row, key = api_keys.issue(User.objects.get(username=username), name, scopes)
        except User.DoesNotExist:
            raise CommandError(f'There is nobody called "{username}".') from None
        except api_keys.UnknownScope as error:
            raise CommandError(str(error)) from None
        self.stderr.write(
            f"A key of {username} for {row.scopes.replace(',', ' and ')}; it is not shown again:"
        )
        self.stdout.write(key)
