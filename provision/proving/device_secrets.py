"""Every secret that goes with a device: what must never leave us, in no file and no record."""

from sqlalchemy.orm import Session

from provision import credentials, profiles
from provision.devices.models import Device
from provision.redaction import Secrets
from provision.vocabulary import is_secret
from storage.installation import Installation


def secrets_of(session: Session, installation: Installation, device: Device) -> Secrets:
    """Every secret of the device and of its settings, of weaker levels and past times too."""
    resolved = profiles.resolve(session, profiles.chain_of(device))
    settings = [*resolved, *(one for many in resolved.overridden.values() for one in many)]
    texts = {str(one.opened(installation.seal)) for one in settings if is_secret(one.name)}
    texts |= set(credentials.every_password(session, device, installation.seal))
    users = {
        str(one.value)
        for one in settings
        if one.value is not None and one.name.endswith(("user", "number"))
    }
    return Secrets(
        frozenset(texts),
        frozenset(users | {device.mac}),
        credentials.token_digests(session, device),
    )
