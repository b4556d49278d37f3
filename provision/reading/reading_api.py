"""REST: readings of a phone, and its diagnosis, for programs."""

from datetime import datetime
from typing import Any

from flask import Response
from flask_openapi3 import Tag
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel, Field

from accounts.access import acting, roles, staff
from accounts.models import Role
from jobs import queue
from provision.devices import readings, registry
from provision.devices.readings import ReadingSummary
from provision.diagnosis import conducting, work
from provision.readers.ways import Via
from provision.reading import phone_reads
from provision.reading.phone_reads import ReadAnswer
from storage.clock import now
from storage.request import installation, reading, writing

READINGS_MAX = 100
#: Who may ask a phone: support does it all day.
READERS = roles(Role.AGENT, Role.ENGINEER)

api = APIBlueprint(
    "reading_api",
    __name__,
    url_prefix="/api/v1/devices",
    abp_tags=[Tag(name="readings", description="What phones were found to be, and what ails them")],
    abp_security=[{"token": []}],
)


class PhonePath(BaseModel):
    mac: str = Field(max_length=40, description="MAC address in any spelling")


class DiagnosisPath(PhonePath):
    number: int = Field(ge=1, le=2**31 - 1, description="The diagnosis's number")


class ReadingQuery(BaseModel):
    limit: int = Field(20, ge=1, le=READINGS_MAX, description="The newest so many, 100 at most")


class NewReading(BaseModel):
    via: Via | None = Field(None, description="One way alone; SNMP and HTTP otherwise")


class ReadingItem(BaseModel):
    at: datetime = Field(description="UTC")
    address: str
    via: str = Field(description="snmp, http or ssh")
    lane: str | None = Field(description="Of SNMP: pysnmp, gufo or sweep; null for other ways")
    asked_by: str
    verdict: str | None = Field(description="How the facts fit the record; null for a failure")
    facts: dict[str, Any] | None = Field(description="Absent facts are left out")
    error: str | None = Field(description="Why it was not read, as a stable code")
    reason_ru: str | None
    reason_en: str | None


class ReadingList(BaseModel):
    items: list[ReadingItem] = Field(description="The newest first")


class DiagnosisItem(BaseModel):
    id: int
    mac: str = Field(description="12 lower-case hex digits")
    asked_at: datetime = Field(description="UTC")
    asked_by: str
    finished_at: datetime | None = Field(description="UTC; null while the phone is being asked")
    findings: list[dict[str, Any]] = Field(
        description="code, weight, sureness, evidence and cause, the gravest first"
    )
    update_first: dict[str, Any] | None = Field(
        description="The release that the phone is due, if it mends what was found"
    )
    facts: dict[str, Any] | None = Field(description="What the phone told")
    failures: list[dict[str, Any]] = Field(description="The ways by which it was not read")


@api.get("/<mac>/readings", responses={200: ReadingList})
@staff
def list_readings(path: PhonePath, query: ReadingQuery) -> Response:
    """The last attempts to read a phone, each with the lane that it took."""
    with reading() as session:
        device = registry.get(session, path.mac)
        found = readings.of_device(session, device, query.limit)
    return _json(ReadingList(items=[_stored(one) for one in found]))


@api.post("/<mac>/readings", responses={200: ReadingList})
@READERS
def read_now(path: PhonePath, body: NewReading) -> Response:
    """Read the phone now; a failure is an answer too. Takes as long as the phone does."""
    at = now()
    with reading() as session:
        mac = registry.get(session, path.mac).mac
    ways = (body.via,) if body.via else phone_reads.BOTH
    answers = phone_reads.read_phone(
        installation(), mac, asked_by=acting().login, now=at, ways=ways
    )
    items = [_fresh(one, acting().login, at) for one in answers]
    return _json(ReadingList(items=items))


@api.post("/<mac>/diagnoses", responses={202: DiagnosisItem})
@READERS
def diagnose(path: PhonePath) -> Response:
    """Ask for a diagnosis; GET it under its number until `finished_at` is set."""
    actor, at = acting().login, now()
    with writing() as session:
        asked = conducting.start(session, registry.get(session, path.mac).mac, actor=actor, now=at)
        queue.submit(session, work.DIAGNOSE, {"diagnosis": asked.id}, actor=actor, now=at)
    answer = _json(DiagnosisItem.model_validate(asked.as_document()))
    answer.status_code = 202
    answer.headers["Location"] = f"/api/v1/devices/{asked.mac}/diagnoses/{asked.id}"
    return answer


@api.get("/<mac>/diagnoses/<int:number>", responses={200: DiagnosisItem})
@staff
def get_diagnosis(path: DiagnosisPath) -> Response:
    """One diagnosis: findings with their evidence, and what to do first."""
    with reading() as session:
        found = conducting.get(session, path.mac, path.number)
    return _json(DiagnosisItem.model_validate(found.as_document()))


def _stored(one: ReadingSummary) -> ReadingItem:
    return ReadingItem(
        at=one.at,
        address=one.address,
        via=one.via,
        lane=one.lane,
        asked_by=one.asked_by,
        verdict=one.verdict,
        facts=one.facts.as_record() if one.facts else None,
        error=one.error_code,
        reason_ru=one.error_text_ru,
        reason_en=one.error_text_en,
    )


def _fresh(one: ReadAnswer, asked_by: str, at: datetime) -> ReadingItem:
    return ReadingItem(
        at=at,
        address=one.address,
        via=one.via,
        lane=one.lane,
        asked_by=asked_by,
        verdict=one.verdict,
        facts=one.facts.as_record() if one.facts else None,
        error=one.error.code if one.error else None,
        reason_ru=one.error.text("ru") if one.error else None,
        reason_en=one.error.text("en") if one.error else None,
    )


def _json(model: BaseModel) -> Response:
    return Response(model.model_dump_json(), mimetype="application/json")
