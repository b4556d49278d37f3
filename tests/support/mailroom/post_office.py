"""A real SMTP server for the tests: it takes letters into a list, and misbehaves when told to."""

import asyncio
import email
import email.policy
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from support.mailroom.options import MailOptions, Server
from tests.ports import free_port


@dataclass(frozen=True)
class Taken:
    """A letter as the server took it: its envelope, and the message parsed."""

    sender: str
    recipient: str
    message: EmailMessage

    @property
    def text(self) -> str:
        body = self.message.get_body(("plain",))
        assert body is not None
        return str(body.get_content()).replace("\r\n", "\n")

    def link(self, path: str = "/support/r/") -> str:
        """The first address in the text that leads to `path`."""
        found = re.search(rf"https?://[^/\s]+(({path})[^\s>]+)", self.text)
        assert found is not None, self.text
        return found[1]


@dataclass
class PostOffice:
    """The letters taken; `says` answers for a recipient (a status line) instead of taking.

    `meanwhile` is done once, while the next letter is being handed over.
    """

    taken: list[Taken] = field(default_factory=list)
    says: dict[str, str] = field(default_factory=dict)
    port: int = 0
    meanwhile: Callable[[], object] | None = None

    @property
    def options(self) -> MailOptions:
        return MailOptions(outgoing=Server("smtp", "127.0.0.1", self.port))

    async def handle_RCPT(  # noqa: N802 - the name is aiosmtpd's
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if address in self.says:
            return self.says[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await asyncio.to_thread(meanwhile)
        content = envelope.content
        assert isinstance(content, bytes)
        message = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.taken.append(
            Taken((envelope.mail_from or "").strip("<>"), envelope.rcpt_tos[0], message)
        )
        return "250 Taken"


def opened() -> tuple[PostOffice, Controller]:
    """A post office on a free port of its own; the caller stops the controller."""
    # The controller knocks at its own port when it starts, so it has to know it before.
    office = PostOffice(port=free_port())
    controller = Controller(office, hostname="127.0.0.1", port=office.port, ready_timeout=60)
    controller.start()
    return office, controller
