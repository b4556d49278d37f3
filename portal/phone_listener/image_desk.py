"""Images of the download centre that nginx asks this listener for, and not the pages.

An answer here takes a tenth of what one of the pages takes. Each is on record as theirs are.
"""

import time
from dataclasses import dataclass
from functools import lru_cache

from firmware.image_door import ImageDoor
from portal import metrics, request_log
from portal.phone_listener import answers
from portal.phone_listener.request_head import Head
from portal.security import CONTENT_SECURITY_POLICY
from provision.phone_door import Reply
from storage.serving import Headers

#: nginx says by it that a person asks, and not a phone.
FOR_PAGES = "x-for-pages"
_POLICY = ("Content-Security-Policy", CONTENT_SECURITY_POLICY)
#: nginx then asks the pages themselves (deploy/nginx).
ASK_THE_PAGES = Reply(404, b"Content-Type: text/plain\r\nContent-Length: 4\r\n", b"404\n")


@dataclass(frozen=True)
class ImageDesk:
    """Answers for the pages; without a door, where nginx sends no files, nothing at all."""

    door: ImageDoor | None = None

    def reply(self, head: Head, address: str) -> Reply:
        """The answer to a GET without a body."""
        began_s = time.monotonic()
        plan = self.door.plan(head.target, head.headers, began_s) if self.door else None
        if plan is None:
            return ASK_THE_PAGES
        took_s = time.monotonic() - began_s
        metrics.count(plan.status, took_s)
        agent = head.headers.get("user-agent", "")
        request_log.record(
            request_log.Answered("GET", head.target, plan.status, took_s, address, agent)
        )
        return Reply(plan.status, _lines(plan.headers), b"")


@lru_cache(maxsize=256)
def _lines(headers: Headers) -> bytes:
    return answers.lines((*headers, _POLICY))
