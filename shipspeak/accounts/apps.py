from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "shipspeak.accounts"
    label = "accounts"
