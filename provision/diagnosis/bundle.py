"""The diagnostic bundle: everything about one diagnosis in a zip that may leave the house.

facts.json, findings.json, timeline.json, config.redacted.cfg, log.txt: each text of them goes
through the redactor, whatever it came from.
"""

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import Enum

from sqlalchemy.orm import Session

from accounts import audit
from provision import configurations
from provision.configurations import Press
from provision.device_story import timeline
from provision.devices import readings, registry
from provision.devices.models import Device
from provision.devices.readings import ReadingSummary
from provision.devices.summary import DeviceSummary
from provision.diagnosis import conducting, words
from provision.diagnosis.conducting import DiagnosisAnswer
from provision.families.formats import UnwritableNameError, UnwritableValueError
from provision.phone_logs import keeping
from provision.proving.device_secrets import secrets_of
from provision.redaction import redact_tree, redactor
from provision.rendering import RenderError
from storage.installation import Installation
from storage.refusals import RefusedError

EVENTS, READINGS = 500, 100
MEDIA_TYPE = "application/zip"


class UnfinishedDiagnosisError(RefusedError):
    code = "diagnosis-unfinished"
    ru = "Диагностика ещё идёт: пакет будет, когда она закончится."
    en = "The diagnosis is still running: the bundle is there when it ends."


@dataclass(frozen=True)
class Bundle:
    """A finished zip and the name to save it under."""

    file_name: str
    body: bytes = field(repr=False)


def make(
    session: Session,
    installation: Installation,
    mac: str,
    number: int,
    *,
    actor: str,
    now: datetime,
) -> Bundle:
    """The bundle of a finished diagnosis; who took it is in the audit trail."""
    device = registry.get(session, mac)
    answer = conducting.get(session, mac, number)
    if answer.conclusion is None or answer.finished_at is None:
        raise UnfinishedDiagnosisError
    redacted = redactor(secrets_of(session, installation, device))
    files = {
        "facts.json": _json(_facts(session, device, answer), redacted),
        "findings.json": _json(_findings(answer), redacted),
        "timeline.json": _json(_events(session, device), redacted),
        "config.redacted.cfg": redacted(_configuration(session, installation, device, now)),
    }
    told = _log(answer, readings.of_device(session, device, READINGS))
    sent = _sent_log(session, installation, device, actor=actor, now=now)
    files["log.txt"] = redacted(f"{told}{sent}")
    audit.record(session, actor, "device.bundle", device.subject, now, diagnosis=number)
    name = f"flatpro-{device.mac}-{answer.finished_at:%Y%m%d-%H%M}.zip"
    return Bundle(name, _zip(files, answer.finished_at))


def _facts(session: Session, device: Device, answer: DiagnosisAnswer) -> object:
    return {
        "device": asdict(DeviceSummary.of(device)),
        "facts": answer.facts.as_record() if answer.facts else None,
        "failures": answer.as_document()["failures"],
        "readings": [_reading(one) for one in readings.of_device(session, device, READINGS)],
    }


def _reading(one: ReadingSummary) -> object:
    return {
        "at": one.at,
        "via": one.via,
        "lane": one.lane,
        "address": one.address,
        "asked_by": one.asked_by,
        "verdict": one.verdict,
        "facts": one.facts.as_record() if one.facts else None,
        "error": one.error_code,
    }


def _findings(answer: DiagnosisAnswer) -> object:
    """The findings as programs get them, with their names, meanings and advice."""
    document = answer.as_document()
    found = answer.conclusion.findings if answer.conclusion else ()
    told = [
        {
            **one.as_record(),
            "name": asdict(words.NAMES[one.code]),
            "meaning": asdict(words.MEANINGS[one.code]),
            "advice": asdict(words.ADVICE[one.code]),
        }
        for one in found
    ]
    return {
        name: document[name] for name in ("id", "mac", "asked_at", "asked_by", "update_first")
    } | {"findings": told}


def _events(session: Session, device: Device) -> object:
    return [
        {name: value for name, value in asdict(event).items() if value not in (None, (), 0)}
        for event in timeline.of_device(session, device, limit=EVENTS)
    ]


def _configuration(
    session: Session, installation: Installation, device: Device, now: datetime
) -> str:
    """What the phone would get now; why there is no such file is told instead of it."""
    try:
        return configurations.preview(session, Press.of(installation), device, now)
    except (RenderError, UnwritableValueError, UnwritableNameError) as error:
        return f"# {error.text('en')}\n"


def _log(answer: DiagnosisAnswer, past: Sequence[ReadingSummary]) -> str:
    """One line for each reading, the oldest first, then what the phone said over SSH last."""
    lines = [f"# diagnosis {answer.id} of {answer.mac}, asked by {answer.asked_by}"]
    lines += [
        f"{one.at:%Y-%m-%dT%H:%M:%SZ} {one.via} {one.address} "
        f"{'answered' if one.facts else one.error_text_en or one.error_code}"
        for one in reversed(past)
    ]
    said = next((one for one in past if one.transcript), None)
    if said is not None:
        lines += ["", f"# over SSH on {said.at:%Y-%m-%dT%H:%M:%SZ}", said.transcript or ""]
    return "\n".join([*lines, ""])


def _sent_log(
    session: Session, installation: Installation, device: Device, *, actor: str, now: datetime
) -> str:
    """The last log that the phone sent by itself, if it did."""
    kept = keeping.of_device(session, device)
    if not kept:
        return ""
    seal = installation.seal
    log, content = keeping.taken(session, seal, device, kept[0].id, actor=actor, now=now)
    head = f"\n# sent by the phone on {log.at:%Y-%m-%dT%H:%M:%SZ} as {log.name}\n"
    return head + content.decode("utf-8", "replace")


def _json(document: object, redacted: Callable[[str], str]) -> str:
    plain = json.loads(json.dumps(document, default=_plain, ensure_ascii=False))
    return json.dumps(redact_tree(plain, redacted), ensure_ascii=False, indent=1) + "\n"


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.value if isinstance(value, Enum) else str(value)


def _zip(files: Mapping[str, str], at: datetime) -> bytes:
    """The files as a zip whose bytes depend on nothing but them and the instant."""
    stamp = (max(at.year, 1980), at.month, at.day, at.hour, at.minute, at.second)
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name, stamp)
            entry.external_attr = 0o600 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(entry, text)
    return body.getvalue()
