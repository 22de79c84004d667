"""Makes a one-time sign-in link from the shell."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from shipspeak.accounts import sign_in_links
from shipspeak.accounts.models import User


class Command(BaseCommand):
    """`manage.py sign_in_link USERNAME`: for who has no password, or lost it."""

    help = "Makes a link that signs a person in once, within 24 hours, and prints it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        """Prints the link, under the address that `SITE_URL` names."""
        try:
            user = User.objects.get(username=username, is_active=True)
        except User.DoesNotExist:
            raise CommandError(f'There is nobody called "{username}" whose account is open.') from None
        self.stdout.write(settings.SITE_URL + sign_in_links.issue(user))
