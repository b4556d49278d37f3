"""Who sends a file's bytes: we, the nginx in front of us, or the bucket. Pure decisions.

Preconditions are ours in every case. Another server gets only the requests that it answers as we
would: it judges the headers of the request again, by an ETag and a date that are not ours.
"""

from dataclasses import dataclass, replace

from storage.http_answers.conditions import RequestConditions
from storage.serving import Plan, Representation

#: How long a presigned address can be used, in seconds.
REDIRECT_TTL_S = 300


@dataclass(frozen=True)
class HandOver:
    """What may be handed over; `accel_prefix` is where nginx serves the blobs folder internally."""

    redirect: bool = True
    accel_prefix: str = ""


def nginx_may_send(conditions: RequestConditions, plan: Plan) -> bool:
    """Whether nginx answers this as planned.

    With our ETag in place of its own it takes any If-Match for wrong, and it compares dates with
    the file's. What it makes of odd ranges differs from ours.
    """
    if conditions.if_match is not None or conditions.if_unmodified_since is not None:
        return False
    if conditions.range is None:
        return plan.status == 200 and plan.body_wanted
    if "," in conditions.range:
        return False
    dated = conditions.if_range is not None and not conditions.if_range.startswith('"')
    return plan.status == 206 and len(plan.ranges) == 1 and plan.body_wanted and not dated


def bucket_may_send(conditions: RequestConditions, plan: Plan) -> bool:
    """Whether a bucket answers this as planned: a GET without conditions but If-None-Match.

    Some buckets ignore If-Range, so a resumed download that depends on it stays with us.
    """
    judged_again = (
        conditions.if_match,
        conditions.if_unmodified_since,
        conditions.if_modified_since,
        conditions.if_range,
    )
    if any(header is not None for header in judged_again) or not plan.body_wanted:
        return False
    if conditions.range is None:
        return plan.status == 200
    if "," in conditions.range:
        return False
    return plan.status == 206 and len(plan.ranges) == 1


def to_nginx(plan: Plan, representation: Representation, prefix: str) -> Plan:
    """The answer that makes nginx send the file; it cuts the range itself."""
    sha256 = representation.sha256
    # Of a whole file nginx says by itself that it takes ranges, of a part it does not.
    dropped = {"Content-Length", "Content-Range"}
    if plan.status == 200:
        dropped.add("Accept-Ranges")
    kept = tuple(pair for pair in plan.headers if pair[0] not in dropped)
    place = ("X-Accel-Redirect", f"{prefix}/{sha256[:2]}/{sha256[2:]}")
    # Without a length the server before us would end its connection to nginx with each answer.
    none = ("Content-Length", "0")
    return replace(plan, status=200, headers=(*kept, place, none), content_length=0, body=())


def to_bucket(address: str) -> Plan:
    """The redirect to a presigned address; nobody may keep it."""
    headers = (
        ("Location", address),
        ("Cache-Control", "no-store"),
        ("Referrer-Policy", "no-referrer"),
        ("Content-Length", "0"),
    )
    return Plan(307, headers, 0)
