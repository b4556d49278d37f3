"""How people call each trouble, what it means, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import gettext as _

from provision.stuck.troubles import Trouble


@dataclass(frozen=True)
class Words:
    kind: str
    name: str
    means: str
    do: str


def words() -> Mapping[Trouble, Words]:
    """The words for each trouble; `kind` is how it is coloured."""
    return {
        Trouble.REFUSED: Words(
            "fault",
            _("Wrong proof"),
            _("The last thing heard of the phone is a token or password that is not its own."),
            _("Give it its current token or password, or issue a new one on its page."),
        ),
        Trouble.LETTER_CASE: Words(
            "fault",
            _("Token in the wrong letter case"),
            _("The token in its address has letters of one case only; ours have both."),
            _("Enter the address again as it was issued: capital and small letters differ."),
        ),
        Trouble.CERTIFICATE: Words(
            "fault",
            _("Its certificate proves nothing"),
            _("It shows a certificate that is over, revoked, or of another phone or maker."),
            _("Put a new certificate on the phone, or give it a token on its page."),
        ),
        Trouble.OTHER_MAC: Words(
            "fault",
            _("Says another MAC"),
            _("It proves itself by its own secret and says the MAC of another phone."),
            _("Somebody entered this phone's address on another one: give that one its own."),
        ),
        Trouble.NO_CONFIGURATION: Words(
            "fault",
            _("Does not take its configuration"),
            _("It fetches the open bootstrap again and again and never proves itself."),
            _("Enter its token address or password on the phone; its page issues one."),
        ),
        Trouble.NOT_WRITTEN: Words(
            "fault",
            _("Its configuration cannot be made"),
            _("A value or a template cannot be written; the phone keeps its old file."),
            _("Open its configuration on its page: the error is named there."),
        ),
        Trouble.TAKES_IN_VAIN: Words(
            "fault",
            _("Downloads the same image again and again"),
            _("It takes whole images and still says the old version."),
            _("Hold it back, read its log, and check its hardware revision and free memory."),
        ),
        Trouble.SILENT: Words(
            "attention",
            _("Silent"),
            _("It used to ask and has not been heard of for days."),
            _("Check that it is powered and on the network; ask it over SNMP from its page."),
        ),
        Trouble.NEVER_SEEN: Words(
            "attention",
            _("Never seen"),
            _("It was added and has never proved itself."),
            _("Check the MAC against the label, and that the phone points at this server."),
        ),
        Trouble.OLD_FIRMWARE: Words(
            "attention",
            _("Old firmware"),
            _("It asks for its configuration, but a newer release has been out for two weeks."),
            _("Look whether a rollout leaves it out, and whether a path leads from its version."),
        ),
    }
