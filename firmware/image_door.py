"""Hands published images to the nginx in front: one look-up, and no view.

nginx copies an image in two or three milliseconds; a view beside it would take a fifth of that
again. What is not handed over so is the pages' to answer: a name that is none, a withdrawn image, a
condition or a range that nginx would judge in another way.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy.exc import SQLAlchemyError

from firmware import published_images
from firmware.downloads.counting import Kind
from firmware.published_images import PublishedImage
from storage.blobs import BlobStore
from storage.db import Database, DatabaseUnavailableError
from storage.http_answers import handing_over
from storage.http_answers.conditions import RequestConditions
from storage.refusals import RefusedError
from storage.serving import Plan, plan_response

#: A name that is written otherwise, with %20 say, the pages read; sbom.json is no image's address.
_ADDRESS = re.compile(
    r"/firmware/([A-Z0-9-]{1,32})/([0-9a-z.+-]{1,16})/(?!sbom\.json$)([!$&-.0-9:-;=@-~]{1,200})"
)
_CONDITIONS = (
    "if-match", "if-unmodified-since", "if-none-match", "if-modified-since", "if-range", "range",
)  # fmt: skip
#: After a failed look-up the pages answer alone for so long (seconds).
_REST_S = 1.0


@dataclass
class ImageDoor:
    """Stands before the pages' views, for nginx alone; `count` notes a download that begins."""

    database: Database
    blobs: BlobStore
    accel_prefix: str
    count: Callable[[str, Kind], None]
    _rests_until_s: float = 0.0

    def plan(self, target: str, headers: Mapping[str, str], at_s: float) -> Plan | None:
        """The answer to a GET that makes nginx send an image; None: the pages must be asked."""
        named = _ADDRESS.fullmatch(target)
        if named is None or at_s < self._rests_until_s:
            return None
        try:
            return self._plan(named, headers)
        except (DatabaseUnavailableError, SQLAlchemyError):
            # No phone waits for a database that is away while people ask.
            self._rests_until_s = at_s + _REST_S
        except RefusedError:
            # What is missing or damaged the pages tell in words.
            pass
        return None

    def _plan(self, named: re.Match[str], headers: Mapping[str, str]) -> Plan | None:
        product, version, file_name = named.groups()
        found = published_images.find(self.database, product, version, file_name)
        if found is None or found.is_withdrawn:
            return None
        asked = {name: headers[name] for name in _CONDITIONS if name in headers}
        conditions = RequestConditions.from_headers("GET", asked)
        handed = _handed(found, file_name, conditions, self.accel_prefix)
        if handed is None:
            return None
        self.blobs.size(found.sha256)
        if handed.has_first_byte:
            self.count(found.sha256, Kind.NAME)
        return handed.plan


@dataclass(frozen=True, slots=True)
class _Handed:
    plan: Plan
    has_first_byte: bool


@lru_cache(maxsize=256)
def _handed(
    found: PublishedImage, file_name: str, conditions: RequestConditions, prefix: str
) -> _Handed | None:
    """Pure, so it is remembered: most people ask for the same image in the same words."""
    shown = published_images.shown(found, file_name)
    plan = plan_response(shown, conditions)
    if not handing_over.nginx_may_send(conditions, plan):
        return None
    handed = handing_over.to_nginx(plan, shown, prefix)
    return _Handed(handed, has_first_byte=plan.ranges[0].first == 0)
