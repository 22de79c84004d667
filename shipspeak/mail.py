"""How mail is sent: by the server that `EMAIL_URL` names, else written to the log."""

from __future__ import annotations

from dataclasses import dataclass

import environ

CONSOLE = "django.core.mail.backends.console.EmailBackend"
PORTS = {"smtp": 25, "smtps": 587, "smtp+tls": 587, "smtp+ssl": 465}


@dataclass(frozen=True, slots=True)
class Mail:
    """What Django's EMAIL_… settings hold. The password is not shown."""

    backend: str = CONSOLE
    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    use_tls: bool = False
    use_ssl: bool = False
    folder: str | None = None

    def __repr__(self) -> str:
        return f"Mail({self.backend}, {self.host}:{self.port})"


def mail_settings(url: str) -> Mail:
    """What ``url`` says, such as ``smtp+tls://user:password@host``; "" writes mail to the output."""
    if not url:
        return Mail()
    found = environ.Env.email_url_config(url)
    return Mail(
        backend=found["EMAIL_BACKEND"],
        host=found["EMAIL_HOST"] or "",
        port=found["EMAIL_PORT"] or PORTS.get(url.partition("://")[0], 25),
        user=found["EMAIL_HOST_USER"] or "",
        password=found["EMAIL_HOST_PASSWORD"] or "",
        use_tls=found.get("EMAIL_USE_TLS", False),
        use_ssl=found.get("EMAIL_USE_SSL", False),
        folder=f"/{found['EMAIL_FILE_PATH']}" if url.startswith("filemail:") else None,
    )
