"""What collectors call: claim an errand, hand its answer back. A collector sees its site alone."""

from datetime import datetime

from flask import Response, abort, request
from flask_openapi3 import Tag
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from accounts.access import AccessRule
from provision import phone_reads
from provision.collectors import errands, keeping
from provision.collectors.keeping import CollectorTokenError
from provision.collectors.models import Collector
from provision.collectors.wire import AnswerMessage, ErrandMessage
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


@api.post("/claim", responses={200: ErrandMessage, 204: None})
@collector_rule
def claim() -> Response:
    """The next phone to read at the collector's site, with what may be shown to it."""
    at = now()
    with writing() as session:
        collector = _collector(session, at)
        errand = errands.claim(session, collector, at)
        if errand is None:
            return Response(status=204)
        message = phone_reads.errand_for(session, installation(), errand)
    answer = Response(message.model_dump_json(), mimetype="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer


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
