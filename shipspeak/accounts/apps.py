from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "shipspeak.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Has a right password end the count of wrong ones, and changes of an account reach its sockets."""
        from shipspeak.accounts import changes, guessing

        changes.connect()
        guessing.connect()
