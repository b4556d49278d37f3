"""A request that takes a phone's diagnostic bundle along: its form, and the file with it."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from provision.devices import registry
from provision.devices.summary import DeviceSummary
from provision.diagnosis import bundle, conducting, words
from storage.installation import Installation
from support.attachments import content
from support.attachments.content import Accepted

#: The form's names of the phone and of its diagnosis.
DEVICE, DIAGNOSIS = "device", "diagnosis"
_NUMBER_DIGITS_MAX = 9


def filled_in(session: Session, asked: Mapping[str, str], language: str) -> Mapping[str, str]:
    """What the form already knows of the diagnosis that is named; nothing where none is.

    Raises what there is to say of a phone or a diagnosis that is not there.
    """
    named = _named(asked)
    if named is None:
        return {}
    mac, number = named
    answer = conducting.get(session, mac, number)
    device = DeviceSummary.of(registry.get(session, mac))
    found = answer.conclusion.findings if answer.conclusion else ()
    names = [words.NAMES[one.code].text(language) for one in found]
    return {
        DEVICE: device.mac,
        DIAGNOSIS: str(number),
        "serials": device.serial or "",
        "product": device.product_code,
        "firmware": device.firmware or "",
        "subject": names[0] if names else "",
        "text": "\n".join(names),
    }


def files(
    session: Session,
    installation: Installation,
    form: Mapping[str, str],
    *,
    actor: str,
    now: datetime,
) -> tuple[Accepted, ...]:
    """The bundle that the form names, made now; who took it is in the audit trail."""
    named = _named(form)
    if named is None:
        return ()
    made = bundle.make(session, installation, *named, actor=actor, now=now)
    return (content.inspect(made.file_name, made.body),)


def _named(form: Mapping[str, str]) -> tuple[str, int] | None:
    mac, number = form.get(DEVICE, "")[:40], form.get(DIAGNOSIS, "")
    is_number = number.isascii() and number.isdecimal() and len(number) <= _NUMBER_DIGITS_MAX
    return (mac, int(number)) if mac and is_number else None
