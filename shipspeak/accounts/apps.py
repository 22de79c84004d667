from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "shipspeak.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Has a right password end the count of the wrong ones."""
        from shipspeak.accounts import guessing

        guessing.connect()
