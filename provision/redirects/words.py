"""How people call the states of a claim, and how grave each is."""

from collections.abc import Mapping

from flask_babel import gettext as _

from provision.redirects.models import ClaimState


def states() -> Mapping[ClaimState, tuple[str, str]]:
    """The badge of each state: its hue, and its words."""
    return {
        ClaimState.WAITING: ("info", _("awaits a decision")),
        ClaimState.APPROVED: ("good", _("in force")),
        ClaimState.REFUSED: ("fault", _("refused")),
        ClaimState.WITHDRAWN: ("unknown", _("taken back by the partner")),
        ClaimState.REVOKED: ("attention", _("ended by the vendor")),
        ClaimState.EXPIRED: ("unknown", _("expired")),
    }
