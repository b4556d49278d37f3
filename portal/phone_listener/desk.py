"""Who answers phones, whose word on addresses counts, and how long phones may take."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from portal.phone_listener.door_turn import DoorTurn
from portal.phone_listener.image_desk import ASK_THE_PAGES, FOR_PAGES, ImageDesk
from portal.phone_listener.request_head import Head
from portal.phone_listener.views_pool import ViewsPool
from portal.phone_listener.watch import Watch
from portal.proxies import client_address, is_trusted
from portal.settings import Network
from provision.phone_door import DoorRequest, Reply


@dataclass(frozen=True)
class Patience:
    """How long a phone may take, in seconds."""

    head_s: float = 10.0
    body_s: float = 30.0
    #: A reader that takes no byte for so long is cut off.
    stalled_s: float = 60.0
    #: Between two requests; longer than a proxy in front keeps it, so that the proxy ends it.
    idle_s: float = 75.0
    #: After a refusal we listen on, or the phone would lose it with what it was still sending.
    linger_s: float = 5.0


@dataclass(frozen=True)
class Desk:
    """The door answers within a turn of the loop, the views in threads."""

    door: DoorTurn
    views: ViewsPool
    watch: Watch
    trusted: Sequence[Network] = ()
    patience: Patience = field(default_factory=Patience)
    images: ImageDesk = field(default_factory=ImageDesk)

    def ask_door(
        self,
        head: Head,
        peer: str,
        then: Callable[[Reply | None], None],
        cut: Callable[[], None],
    ) -> None:
        """Ask the door about a GET without a body (`DoorTurn.ask`)."""
        headers = head.headers
        if FOR_PAGES in headers:
            self.door.answer(self._for_pages(head, peer), then, cut)
            return
        asked = DoorRequest(
            target=head.target,
            agent=headers.get("user-agent", ""),
            address=self._client(head, peer),
            if_none_match=headers.get("if-none-match"),
            has_authorization="authorization" in headers,
        )
        self.door.ask(asked, then, cut)

    def _for_pages(self, head: Head, peer: str) -> Reply:
        """What nginx is told that asks for a person; from anybody else it is not heard."""
        if not is_trusted(peer, self.trusted):
            return ASK_THE_PAGES
        return self.images.reply(head, self._client(head, peer))

    def is_counted(self, peer: str) -> bool:
        """Whether it is one of its address's connections: a proxy brings those of many."""
        return not is_trusted(peer, self.trusted)

    def _client(self, head: Head, peer: str) -> str:
        forwarded_for = head.headers.get("x-forwarded-for")
        if forwarded_for is None or not self.trusted:
            return peer
        return client_address(peer, forwarded_for, self.trusted)
