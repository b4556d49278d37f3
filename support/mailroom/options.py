"""Where letters leave and come in, as the installation's settings say."""

from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote, urlsplit

SUPPORT_ADDRESS = "support@flat-pro.ru"
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465, "imap": 143, "imaps": 993}


@dataclass(frozen=True)
class Server:
    """A mail server: `scheme` says how the connection is protected."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    folder: str = "INBOX"

    @classmethod
    def parse(cls, url: str) -> Self:
        """From `smtp://host:25`, `smtp+starttls://user:password@host`, `imaps://…/INBOX`.

        Raises ValueError with the reason, never with the password.
        """
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            known = ", ".join(f"{scheme}://" for scheme in _PORTS)
            raise ValueError(f"an address begins with one of {known} and names a host")
        return cls(
            scheme=parts.scheme,
            host=parts.hostname,
            port=parts.port or _PORTS[parts.scheme],
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            folder=unquote(parts.path.strip("/")) or "INBOX",
        )


@dataclass(frozen=True)
class MailOptions:
    """`outgoing` or `incoming` is None where nothing is sent or fetched: letters wait then.

    `team` is where people of support are told of deadlines; nobody is when it is empty.
    """

    outgoing: Server | None = None
    incoming: Server | None = None
    address: str = SUPPORT_ADDRESS
    team: str = ""
    name: str = "ФЛАТ-ПРО, техническая поддержка"

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]
