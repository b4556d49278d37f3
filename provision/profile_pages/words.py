"""How people call the levels and sections of profiles."""

from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import ngettext

from provision.models import Level


def levels() -> Mapping[Level, str]:
    """Each level's name."""
    return {
        Level.GLOBAL: _("everywhere"),
        Level.PRODUCT: _("product"),
        Level.ORGANISATION: _("organisation"),
        Level.SITE: _("site"),
        Level.GROUP: _("group"),
        Level.DEVICE: _("this phone"),
    }


def sections() -> Mapping[str, str]:
    """The names of the sections that every family shares; others go by their own."""
    return {
        "network": _("Network"),
        "provisioning": _("Provisioning"),
        "firmware": _("Firmware"),
        "read": _("Reading the phone"),
        "screen": _("Screen"),
        "audio": _("Sound"),
        "web": _("The phone's web page"),
    }


def changed(count: int) -> str:
    """What saving a form came to."""
    some = ngettext("%(num)s setting was changed.", "%(num)s settings were changed.", count)
    return str(some if count else _("Nothing was changed."))
