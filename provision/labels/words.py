"""How people are told what is odd about a label, and what to do."""

from collections.abc import Mapping

from flask_babel import gettext as _

from provision.labels.sorting import Problem


def problems() -> Mapping[Problem, str]:
    """A sentence for each."""
    return {
        Problem.NO_MAC: _("No MAC was read: type it from the label."),
        Problem.NO_SERIAL: _("No serial number was read: type it from the label, or leave it."),
        Problem.TWO_SERIALS: _("Several codes may be the serial number: type the right one."),
        Problem.WRONG_CHECK: _("The serial number's check character is wrong: compare the label."),
        Problem.OTHER_PRODUCT: _("The label and the serial number name different products."),
        Problem.SERIAL_TWICE: _("Another label has the same serial number: photograph one box."),
        Problem.MAC_OR_SERIAL: _("Twelve digits may be the MAC or the serial number: decide."),
        Problem.UNCLEAR_WHOSE: _("A code lies between two labels: compare them."),
    }
