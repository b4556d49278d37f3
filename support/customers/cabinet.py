"""The pages of the cabinet, for the line above each; some are for partners alone."""

from collections.abc import Sequence

from flask import url_for
from flask_babel import gettext as _

from accounts.access import acting
from accounts.models import Role


def places() -> dict[str, Sequence[tuple[str, str]]]:
    """What templates see as `cabinet`."""
    own = [
        (_("Overview"), url_for("customers.home")),
        (_("My phones"), url_for("customers.devices")),
        (_("Requests"), url_for("customers.requests_list")),
        (_("Repairs"), url_for("customers.repairs_list")),
        (_("Certificates"), url_for("customers.certificates")),
        (_("Downloads"), url_for("customers.downloads")),
    ]
    if acting().role == Role.PARTNER:
        own.append((_("My server"), url_for("partner_claims.claims_page")))
    return {"cabinet": own}
