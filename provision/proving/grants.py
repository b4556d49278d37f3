"""What a phone's request gets, given who it proved to be (pure)."""

from enum import StrEnum

from provision.families.family import PathKind
from provision.families.identification import Identity, Strength


class Grant(StrEnum):
    """NOTHING is one and the same refusal, whether a token, a MAC or the whole path is wrong."""

    BOOTSTRAP = "bootstrap"
    CHALLENGE = "challenge"
    CONFIGURATION = "configuration"
    COMMON = "common"
    FIRMWARE = "firmware"
    RELEASE = "release"
    LOG = "log"
    NOTHING = "nothing"


_FOR_PROVED = {
    PathKind.BOOTSTRAP: Grant.CONFIGURATION,
    PathKind.AUTHENTICATED: Grant.CONFIGURATION,
    PathKind.CONFIGURATION: Grant.CONFIGURATION,
    PathKind.FIRMWARE: Grant.FIRMWARE,
    PathKind.RELEASE: Grant.RELEASE,
    PathKind.PRODUCT: Grant.COMMON,
    PathKind.LOG: Grant.LOG,
}
_FOR_ANYONE = {
    PathKind.BOOTSTRAP: Grant.BOOTSTRAP,
    PathKind.AUTHENTICATED: Grant.CHALLENGE,
    PathKind.PRODUCT: Grant.COMMON,
}


def decide(identity: Identity, method: str) -> Grant:
    """The rule of the phone plane: secrets only for a proved MAC that nothing contradicts.

    An unproved request gets what holds no secret: a bootstrap, a product's common settings, or
    the challenge to prove itself. A MAC is a name and proves nothing; a token that proves nothing
    gets nothing, and neither does a proved phone of which the request says another MAC.
    """
    asked = identity.asked
    if asked is None or method not in asked.methods:
        return Grant.NOTHING
    if identity.may_have_secrets:
        return _FOR_PROVED.get(asked.kind, Grant.NOTHING)
    proved = identity.mac is not None and identity.mac.strength >= Strength.PROVED
    if asked.token is not None or (proved and asked.kind is not PathKind.BOOTSTRAP):
        return Grant.NOTHING
    return _FOR_ANYONE.get(asked.kind, Grant.NOTHING)
