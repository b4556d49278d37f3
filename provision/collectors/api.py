"""What collectors call: claim an errand, hand its answer back. A collector sees its site alone."""

from datetime import datetime

from flask import Response, abort, request
from flask_openapi3 import Tag
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from accounts.access import AccessRule
from provision.collectors import errands, keeping, wire
from provision.collectors.keeping import CollectorTokenError
from provision.collectors.models import Collector
from provision.collectors.wire import AnswerMessage, FoundMessage, WorkMessage
from provision.dialects import family_of, own_tables
from provision.reading import phone_reads
from provision.sweeps import handing_out
from storage.clock import now
from storage.request import installation, writing

#: A collector proves itself inside the view, by its own token; it is no user.
collector_rule = AccessRule("collector", None)
_BEARER = "Bearer "

api = APIBlueprint(
    "collector_api",
    __name__,
    url_prefix="/api/v1/collector",
    abp_tags=[Tag(name="collectors", description="Readers at sites behind NAT")],
    abp_security=[{"token": []}],
)


class ErrandPath(BaseModel):
    number: int = Field(ge=1, le=2**31 - 1, description="The errand's id")


class ChunkPath(BaseModel):
    sweep: int = Field(ge=1, le=2**31 - 1, description="The sweep's number")
    start: int = Field(ge=0, le=2**32, description="Where the part begins")


@api.post("/claim", responses={200: WorkMessage, 204: None})
@collector_rule
def claim() -> Response:
    """The next phone to read at the collector's site, else the next part of a sweep there."""
    at = now()
    with writing() as session:
        work = _work(session, _collector(session, at), at)
    if work is None:
        return Response(status=204)
    work = work.model_copy(update={"tables": own_tables(installation(), work.family)})
    answer = Response(work.model_dump_json(exclude_none=True), mimetype="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _work(session: Session, collector: Collector, at: datetime) -> WorkMessage | None:
    errand = errands.claim(session, collector, at)
    if errand is not None:
        return WorkMessage(read=phone_reads.errand_for(session, installation(), errand))
    seal = installation().seal
    chunk = handing_out.claim(session, seal, collector.site_id, collector.id, at)
    if chunk is None:
        return None
    return WorkMessage(chunk=wire.chunk_message(chunk, family_of(installation()).name))


@api.post("/chunks/<int:sweep>/<int:start>", responses={204: None})
@collector_rule
def hand_back_chunk(path: ChunkPath, body: FoundMessage) -> Response:
    """What answered in a part of a sweep; in as many pieces as it takes."""
    at, key = now(), (path.sweep, path.start)
    with writing() as session:
        collector = _collector(session, at)
        if body.refused:
            handing_out.refuse(session, collector.id, key, at)
        else:
            found = [wire.swept_of(one) for one in body.results]
            handing_out.take_back(session, collector.id, key, found, at, done=body.done)
    return Response(status=204)


@api.post("/errands/<int:number>", responses={204: None})
@collector_rule
def hand_back(path: ErrandPath, body: AnswerMessage) -> Response:
    """What the phone told, or why it was not read."""
    at = now()
    with writing() as session:
        collector = _collector(session, at)
        errands.answer(session, collector, path.number, body.model_dump(mode="json"), at)
    return Response(status=204)


def _collector(session: Session, at: datetime) -> Collector:
    """Whose token this request shows; 401 for anybody else."""
    header = request.headers.get("Authorization", "")
    token = header[len(_BEARER) :].strip() if header.startswith(_BEARER) else ""
    try:
        return keeping.of_token(session, token, request.remote_addr or "", at)
    except CollectorTokenError:
        abort(401)
