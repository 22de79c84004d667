"""The engine over REST, under ``/api/v1/``."""
